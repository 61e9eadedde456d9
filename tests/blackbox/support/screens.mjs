// Every screen of the page, once: the accessibility test, the tests of languages and the pictures of docs/screenshots walk through this list. A new
// settings section is found by itself; whatever else is new is an entry here.

import { ROW } from './browser.mjs';

/** How one gets to a screen. goto: a path. open: what a person does then, once the list is there. ready: what is there at the end. */
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
  { name: 'link-failed', goto: 'link/failed?code=wrong-account&expected=a@northlight.example&got=b@northlight.example', ready: '.result' },
  { name: 'not-found', goto: 'nowhere/at/all', ready: '.empty' },
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

async function select(page) {
  await press(page, 'j', '.row-active');
  await press(page, 'x', '.selection-bar');
}

async function search(page, words) {
  await page.locator('#search').fill(words);
  await page.keyboard.press('Enter');
}

/** The screens, with one for each section of the settings that this person sees. */
export async function allScreens(page, url) {
  await page.goto(`${url}/settings/general`);
  await page.locator('.settings-nav a[aria-current]').waitFor();
  const links = await page.locator('.settings-nav a').evaluateAll((nodes) => nodes.map((node) => new URL(node.href).pathname));
  const sections = links.filter((path) => path.includes('/settings/')).map((path) => ({ name: `settings-${path.split('/').at(-1)}`, goto: `settings/${path.split('/').at(-1)}`, ready: '.settings-content h1' }));
  return [...SCREENS, ...sections];
}

/** Goes there and waits until it is at rest. */
export async function visit(page, url, screen) {
  await page.goto(`${url}/${screen.goto}`);
  if (screen.open && screen.goto === '') await page.locator(ROW).first().waitFor();
  await screen.open?.(page);
  await page.locator(screen.ready).first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => {});
  await page.evaluate(() => document.fonts.ready);
}
