// Every screen of the page, once: the accessibility test, the tests of languages and the pictures of docs/screenshots walk through this list. A new
// settings section is found by itself; whatever else is new is an entry here.

import { ROW } from './browser.mjs';

/** How one gets to a screen. goto: a path, or how it follows from the world. open: what a person does then, once the list is there. ready: what is there at the end. */
export const SCREENS = [
  { name: 'sign-in', signedOut: true, goto: '', ready: 'form input[name=password]' },
  { name: 'list', goto: '', ready: '.row' },
  { name: 'conversation', goto: '', open: openNewest, ready: '.message[data-open=true]' },
  { name: 'selection', goto: '', open: select, ready: '.selection-bar' },
  { name: 'search', goto: '', open: (page) => search(page, 'lamp'), ready: '.row mark' },
  { name: 'nothing-found', goto: '', open: (page) => search(page, 'zyxwvut'), ready: '.empty' },
  { name: 'keys', goto: '', open: (page) => press(page, '?', 'dialog[open]'), ready: 'dialog[open]' },
  { name: 'user-menu', goto: '', open: (page) => page.locator('.sidebar-foot [aria-haspopup=menu]').first().click(), ready: '[role=menu]' },
  { name: 'move', goto: '', open: async (page) => { await select(page); await press(page, 'v', 'dialog[open]'); }, ready: 'dialog[open]' },
  { name: 'labels', goto: '', open: async (page) => { await select(page); await press(page, 'l', 'dialog[open]'); }, ready: 'dialog[open] .label-list' },
  { name: 'to-do-for-ticked', goto: '', open: async (page) => { await select(page); await page.locator('.selection-bar [aria-haspopup=menu]').click(); await page.getByRole('menuitem').last().click(); }, ready: 'dialog[open] .note-editor' },
  { name: 'to-dos', goto: 'todos', ready: '.todos .empty, .todos .todo' },
  { name: 'palette', goto: '', open: (page) => press(page, 'Control+k', 'dialog[open]'), ready: 'dialog[open] #palette-entries' },
  { name: 'row-menu', goto: '', open: async (page) => { await press(page, 'j', '.row-active'); await page.locator('.row-active').click({ button: 'right' }); }, ready: '[role=menu]' },
  { name: 'folder-menu', goto: '', open: (page) => page.locator('.mailbox', { hasText: 'Germany' }).click({ button: 'right' }), ready: '[role=menu]' },
  { name: 'composer', goto: '', open: (page) => press(page, 'c', '.composer-editor'), ready: '.composer-editor, .composer-plain' },
  { name: 'reply', goto: '', open: async (page) => { await openNewest(page); await press(page, 'r', '.composer-editor, .composer-plain'); }, ready: '.composer-editor, .composer-plain' },
  { name: 'accounts', goto: 'accounts', ready: '.card' },
  { name: 'account-health', goto: 'accounts', open: (page) => page.locator('.card a[href*="/accounts/"]').first().click(), ready: '.settings-content h1, .page-title h1' },
  { name: 'link', goto: 'accounts/link', ready: '[role=dialog] input, .page-body form input' },
  { name: 'link-failed', goto: 'link/failed?code=wrong-account&expected=a@northlight.example&got=b@northlight.example', ready: '.link-failure' },
  { name: 'not-found', goto: 'nowhere/at/all', ready: '.empty' },
];

/* Those that need what furnish() puts into the mailbox. */
const FURNISHED = [
  { name: 'invitation', goto: '', open: (page) => openMail(page, 'Stand plan'), ready: '.message[data-open=true] .invite' },
  { name: 'note-editor', goto: '', open: (page) => beside(page, 'Add note'), ready: '.note-editor' },
  { name: 'todo-editor', goto: '', open: (page) => beside(page, 'Add to-do'), ready: '.note-editor' },
  { name: 'why-grouped', goto: '', open: (page) => beside(page, 'Why grouped?'), ready: 'dialog[open] .tie' },
  { name: 'label-dialog', goto: '', open: async (page) => { await openMail(page, 'Stand plan'); await press(page, 'l', 'dialog[open]'); }, ready: 'dialog[open] .label-list' },
  { name: 'link-warning', goto: '', open: followLie, ready: '.link-warning-address' },
  { name: 'source', goto: '', open: viewSource, ready: 'dialog[open] .source-text' },
  { name: 'lightbox-picture', goto: '', open: (page) => openFile(page, 'chart.png'), ready: '.preview-picture' },
  { name: 'lightbox-pdf', goto: '', open: (page) => openFile(page, 'plan.pdf'), ready: '.preview-pages img' },
  { name: 'lightbox-text', goto: '', open: (page) => openFile(page, 'sizes.txt'), ready: '.preview-text' },
  { name: 'outbox', goto: '', open: (page) => page.locator('.outbox-link').click(), ready: 'dialog[open] .outgoing' },
  { name: 'folder-create', goto: '', open: (page) => askFolder(page, 'New folder below it…'), ready: 'dialog[open] .folder-form' },
  { name: 'folder-rename', goto: '', open: (page) => askFolder(page, 'Rename…'), ready: 'dialog[open] .folder-form' },
  { name: 'folder-delete', goto: '', open: (page) => askFolder(page, 'Delete the folder'), ready: 'dialog[open] .folder-form' },
  { name: 'share', goto: 'accounts', open: (page) => page.getByRole('button', { name: 'Share', exact: true }).first().click(), ready: 'dialog[open] select' },
  { name: 'link-found', goto: 'accounts/link', open: findServers, ready: '.link-form' },
  { name: 'link-checks', goto: 'accounts/link', open: failChecks, ready: '.check' },
  { name: 'link-set-up', goto: ({ unfinished }) => `link/done?account=${unfinished}`, open: (page) => page.locator('.start-estimate').getByText(/mails, about/).waitFor(), ready: '.check-bad, .check-warn' },
  { name: 'link-done', goto: ({ account }) => `link/done?account=${account}`, ready: '.check' },
  { name: 'signature-editor', goto: 'settings/signatures', open: (page) => page.getByRole('button', { name: 'New signature' }).click(), ready: 'dialog[open] .rich-editor' },
  { name: 'template-editor', goto: 'settings/templates', open: (page) => page.getByRole('button', { name: 'New template' }).click(), ready: 'dialog[open] .rich-editor' },
  { name: 'invite', goto: 'settings/users', open: (page) => page.getByRole('button', { name: 'Invite a person' }).click(), ready: 'dialog[open] input[name=email]' },
];

/* Presses a key until its effect is there: the page listens to keys a moment after the first rows are drawn. */
async function press(page, key, effect) {
  for (let attempt = 0; attempt < 20 && !(await page.locator(effect).count()); attempt++) {
    await page.keyboard.press(key);
    await page.locator(effect).first().waitFor({ timeout: 1000 }).catch(() => {});
  }
}

async function openNewest(page) {
  await page.locator(ROW).first().click();
  await page.locator('.message[data-open=true]').first().waitFor();
}

async function openMail(page, subject) {
  await page.locator('.row', { hasText: subject }).first().click();
  await page.locator('.reader-subject', { hasText: subject }).waitFor();
  await page.locator('.message[data-open=true]').first().waitFor();
}

async function beside(page, button) {
  await openMail(page, 'Stand plan');
  await page.locator('.notes-panel').getByRole('button', { name: button }).click();
}

async function openFile(page, name) {
  await openMail(page, 'Everything for the stand');
  await page.getByRole('button', { name: `Open ${name}` }).click();
}

async function followLie(page) {
  await openMail(page, 'Spring fair');
  await page.frameLocator('.message[data-open=true] .mail-frame iframe').getByRole('link', { name: 'www.fairs.example' }).click();
}

async function viewSource(page) {
  await openMail(page, 'Spring fair');
  await page.locator('.message[data-open=true]').getByRole('button', { name: 'More for this mail' }).click();
  await page.getByRole('menuitem', { name: 'View source' }).click();
}

async function askFolder(page, question) {
  await page.locator('.mailbox', { hasText: 'Germany' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: question }).click();
}

async function findServers(page) {
  await page.getByLabel('E-mail address of the mailbox').fill('somebody@yahoo.com');
  await page.getByText('Found: imap.mail.yahoo.com').waitFor();
}

/* Nobody answers at these ports. */
async function failChecks(page) {
  await page.getByLabel('E-mail address of the mailbox').fill('somebody@lampworks.example');
  await page.getByLabel('Another mailbox (IMAP)').check();
  for (const server of ['IMAP server (incoming)', 'SMTP server (outgoing)']) {
    await page.getByLabel(`${server}, Host name`).fill('localhost');
    await page.getByLabel(`${server}, Port`).fill('1');
  }
  await page.getByLabel('Password', { exact: true }).fill('none');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('The mail server cannot be reached').first().waitFor();
}

async function select(page) {
  await press(page, 'j', '.row-active');
  await press(page, 'x', '.selection-bar');
}

async function search(page, words) {
  await page.locator('#search').fill(words);
  await page.keyboard.press('Enter');
}

/** The screens, with one for each section of the settings that this person sees; furnished: needs what furnish() brings. */
export async function allScreens(page, url) {
  await page.goto(`${url}/settings/general`);
  await page.locator('.settings-nav a[aria-current]').waitFor();
  const links = await page.locator('.settings-nav a').evaluateAll((nodes) => nodes.map((node) => new URL(node.href).pathname));
  const sections = links.filter((path) => path.includes('/settings/')).map((path) => ({ name: `settings-${path.split('/').at(-1)}`, goto: `settings/${path.split('/').at(-1)}`, ready: '.settings-content h1' }));
  return [...SCREENS, ...sections, ...FURNISHED.map((screen) => ({ ...screen, furnished: true }))];
}

/** Goes there and waits until it is at rest. world: what startLinked answered, and furnish() where the screen needs it. */
export async function visit(page, world, screen) {
  await page.goto(`${world.postroom.url}/${typeof screen.goto === 'string' ? screen.goto : screen.goto(world)}`);
  if (screen.open && screen.goto === '') await page.locator(ROW).first().waitFor();
  await screen.open?.(page);
  await page.locator(screen.ready).first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => {});
  await page.evaluate(() => document.fonts.ready);
}
