// The desk around the mail in a browser: all accounts in one list, panes and density, folders, selection, moving by hand and by key.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { noBrowser, ROW } from './support/browser.mjs';
import { deliver, startDesk } from './support/desk.mjs';
import { sleep, until } from './support/organisation.mjs';

let desk, visitor, page, anna, james, unified;

const row = (subject) => page.locator(ROW, { hasText: subject });
const toast = (text) => page.locator('.toast', { hasText: text });
const section = (name) => page.locator(`.account[aria-label="${name}"]`);
const mailbox = (account, name) => section(account).locator('.mailbox', { hasText: name });
const subjectsAt = async (person, folder = 'INBOX') => (await desk.org.control('messages', { person: person.mail, folder })).map((m) => m.subject);
const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className || document.activeElement?.tagName);
const toInbox = async (account) => {
  await mailbox(account, 'Inbox').click();
  await page.locator(ROW).first().waitFor();
};

async function choose(label) {
  await page.getByRole('button', { name: 'View', exact: true }).click();
  await page.getByRole('menuitemradio', { name: label }).click();
}

async function folderMenu(account, name, item) {
  await mailbox(account, name).first().click({ button: 'right' });
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

describe('the desk', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    desk = await startDesk();
    [anna, james] = desk.people;
    unified = Object.keys((await desk.client.session()).accounts).find((id) => id.startsWith('u'));
    for (let n = 1; n <= 8; n++) await deliver(desk.org, anna, `Shipment ${n} of 8`, { flags: n > 4 ? [] : ['\\Seen'] });
    await deliver(desk.org, james, 'Bench is free at noon');
    visitor = await desk.arrive({ width: 1440, height: 900 });
    page = visitor.page;
    await row('Shipment 8 of 8').waitFor();
  }, { timeout: 240000 });

  after(async () => {
    if (visitor) await visitor.screen('desk-last').catch(() => {});
    await desk?.close();
  });

  test('all accounts are one list, whose rows tell their account and are archived there', async () => {
    await mailbox('All accounts', 'Inbox').click();
    await row('Bench is free at noon').locator('.row-account', { hasText: 'james.okafor' }).waitFor();
    await row('Shipment 8 of 8').locator('.row-account', { hasText: 'anna.berg' }).waitFor();
    assert.ok(new URL(page.url()).pathname.startsWith(`/mail/${unified}/`));
    await visitor.screen('desk-all-accounts');
    assert.deepEqual(await visitor.overflow(), []);
    await row('Bench is free at noon').click();
    await page.locator('.reader-subject', { hasText: 'Bench is free at noon' }).waitFor();
    await page.keyboard.press('e');
    await toast('archived').waitFor();
    await row('Bench is free at noon').waitFor({ state: 'detached' });
    await until('the mail in James\'s archive', async () => (await subjectsAt(james, 'Archive')).includes('Bench is free at noon'));
    await toast('archived').getByRole('button', { name: 'Undo' }).click();
    await row('Bench is free at noon').waitFor();
    await until('the mail back in James\'s inbox', async () => (await subjectsAt(james)).includes('Bench is free at noon'));
  });

  test('a note and a to-do stand beside all that is ticked, of whichever account, with Undo', async () => {
    const written = async (type) => (await desk.client.call(`${type}/get`, { accountId: unified, ids: null })).list;
    for (const subject of ['Bench is free at noon', 'Shipment 8 of 8', 'Shipment 7 of 8']) await row(subject).click({ modifiers: ['Control'] });
    await page.locator('.selection-bar').getByRole('button', { name: 'More', exact: true }).click();
    await visitor.screen('desk-selection-menu');
    await page.getByRole('menuitem', { name: 'Add to-do', exact: true }).click();
    const dialog = page.locator('dialog[open]', { hasText: 'To-do beside 3 conversations' });
    await dialog.getByRole('textbox', { name: 'What is to be done?' }).fill('Book the bench');
    await dialog.getByRole('button', { name: 'Tomorrow' }).click();
    await visitor.screen('desk-todo-for-several');
    assert.deepEqual(await visitor.overflow(), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await toast('To-do added to 3 conversations').waitFor();
    assert.deepEqual((await written('Todo')).map(({ accountId, text }) => [accountId, text]).sort(), [...desk.accounts, desk.accounts[0]].map((id) => [id, 'Book the bench']).sort());
    await row('Bench is free at noon').locator('.todo-mark').waitFor();
    await toast('To-do added').getByRole('button', { name: 'Undo' }).click();
    await until('no to-do', async () => (await written('Todo')).length === 0);
    await row('Bench is free at noon').locator('.todo-mark').waitFor({ state: 'detached' });
    await page.locator('.selection-bar').getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Add note', exact: true }).click();
    await page.locator('dialog[open]').getByRole('textbox', { name: 'Note' }).fill('All agreed.');
    await page.keyboard.press('Control+Enter');
    await toast('Note added to 3 conversations').waitFor();
    assert.equal((await written('Note')).length, 3);
    await toast('Note added').getByRole('button', { name: 'Undo' }).click();
    await until('no note', async () => (await written('Note')).length === 0);
    await page.keyboard.press('Escape');
  });

  test('what is ticked of several accounts is archived, labelled and moved in each, with one Undo', async () => {
    const both = ['Bench is free at noon', 'Shipment 8 of 8'];
    const tick = async () => {
      for (const subject of both) await row(subject).click({ modifiers: ['Control'] });
      await page.locator('.selection-count', { hasText: '2 selected' }).waitFor();
    };
    const where = async (folder) => [(await subjectsAt(james, folder)).includes(both[0]), (await subjectsAt(anna, folder)).includes(both[1])];
    await tick();
    await page.keyboard.press('e');
    await until('each in its archive', async () => (await where('Archive')).every(Boolean));
    await toast('2 conversations archived').getByRole('button', { name: 'Undo' }).click();
    await until('each in its inbox', async () => (await where('INBOX')).every(Boolean));
    for (const subject of both) await row(subject).waitFor();

    await tick();
    await page.keyboard.press('l');
    const dialog = page.locator('dialog[open]');
    await dialog.getByPlaceholder('Find or create a label').fill('Museum');
    await page.keyboard.press('Enter');
    await toast('2 conversations labelled').waitFor();
    await dialog.getByRole('checkbox', { name: 'Museum', checked: true }).waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    for (const accountId of desk.accounts) {
      const [label] = (await desk.client.call('Label/get', { accountId, ids: null })).list;
      assert.equal(label.name, 'Museum');
      assert.equal((await desk.client.call('Email/query', { accountId, filter: { hasKeyword: label.keyword } })).ids.length, 1, 'a label of its own in each account');
    }
    for (const subject of both) await row(subject).locator('.label-chip', { hasText: 'Museum' }).waitFor();

    await page.keyboard.press('v');
    await page.getByRole('combobox', { name: 'Type a folder’s name' }).fill('germany');
    await page.keyboard.press('Enter');
    await toast('Moved to Germany').waitFor();
    await until('both in Germany', async () => { const here = await subjectsAt(anna, 'Customers/Germany'); return both.every((subject) => here.includes(subject)); });
    await until('it gone from James\'s inbox', async () => !(await subjectsAt(james)).includes(both[0]));
    assert.equal(await toast('Moved to Germany').count(), 1);
    await toast('Moved to Germany').getByRole('button', { name: 'Undo' }).click();
    await until('each in its own inbox', async () => (await where('INBOX')).every(Boolean));
    for (const subject of both) await row(subject).waitFor();
  });

  test('all that match are moved out of both accounts, and back', async () => {
    const counts = async () => Promise.all(desk.accounts.map(async (id) => (await desk.client.mailboxes(id)).inbox.totalEmails));
    const notices = async () => (await desk.client.call('Mailbox/get', { accountId: desk.accounts[0], ids: null })).list.find((one) => one.name === 'Notices').totalEmails;
    const [before, there] = [await counts(), await notices()];
    assert.ok(before.every((count) => count > 0));
    await page.locator('#list').focus();
    await page.keyboard.press('*');
    await page.getByRole('button', { name: /Select all \d+ conversations in/ }).click();
    await page.keyboard.press('v');
    await page.getByRole('combobox', { name: 'Type a folder’s name' }).fill('notices');
    await page.keyboard.press('Enter');
    await until('both inboxes empty', async () => (await counts()).every((count) => count === 0), { ms: 40000 });
    assert.equal(await notices(), there + before[0] + before[1]);
    await toast('moved to Notices').getByRole('button', { name: 'Undo' }).click();
    await until('as it was', async () => JSON.stringify(await counts()) === JSON.stringify(before), { ms: 40000 });
    await until('none left behind', async () => (await notices()) === there);
    await row('Shipment 8 of 8').waitFor();
  });

  test('new mail of any account appears in the list of all, and is said aloud', async () => {
    await deliver(desk.org, james, 'Fresh from the lab');
    await row('Fresh from the lab').waitFor();
    await page.locator('[data-arrivals]', { hasText: 'Fresh from the lab' }).waitFor({ state: 'attached' });
  });

  test('the title and the tab count what is unread', async () => {
    await until('the badge', async () => /^\(\d+\) Postroom$/.test(await page.title()));
    assert.match(await page.locator('link[rel=icon]').getAttribute('href'), /circle/);
  });

  test('rows are compact or comfortable, and the panes go where one wants them, also after a reload', async () => {
    await toInbox(anna.mail);
    const tall = (await row('Shipment 8 of 8').boundingBox()).height;
    await choose('Compact rows');
    await until('lower rows', async () => (await row('Shipment 8 of 8').boundingBox()).height < tall);
    await choose('Reading pane below the list');
    await row('Shipment 8 of 8').click();
    const list = await page.locator('.list-pane').boundingBox();
    const reader = await page.locator('.reader-pane').boundingBox();
    assert.ok(reader.y >= list.y + list.height - 10 && Math.abs(reader.x - list.x) < 4, 'the reader stands below the list');
    await visitor.screen('desk-below');
    assert.deepEqual(await visitor.overflow(), []);
    await page.reload();
    await row('Shipment 8 of 8').waitFor();
    await until('the same after a reload', async () => (await page.locator('.mail').getAttribute('data-reading')) === 'below' && (await page.locator('#list').getAttribute('data-density')) === 'compact');
    await choose('No reading pane');
    await page.locator('.list-pane').waitFor({ state: 'hidden' });
    await page.locator('.reader-subject', { hasText: 'Shipment 8 of 8' }).waitFor();
    await page.keyboard.press('u');
    await row('Shipment 8 of 8').waitFor();
    await page.locator('.reader-pane').waitFor({ state: 'hidden' });
    await visitor.screen('desk-no-reading-pane');
    await choose('Reading pane beside the list');
    await choose('Comfortable rows');
  });

  test('panes are resized by keys and keep their size', async () => {
    const edge = page.getByRole('separator', { name: 'Size of the list' });
    const before = (await page.locator('.list-pane').boundingBox()).width;
    await edge.focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    await until('a wider list', async () => (await page.locator('.list-pane').boundingBox()).width > before + 60);
    const wide = (await page.locator('.list-pane').boundingBox()).width;
    await page.reload();
    await row('Shipment 8 of 8').waitFor();
    assert.equal((await page.locator('.list-pane').boundingBox()).width, wide);
    await edge.focus();
    await page.keyboard.press('Enter');
    await until('the first size', async () => (await page.locator('.list-pane').boundingBox()).width === before);
    const box = await edge.boundingBox();
    await page.mouse.move(box.x + 4, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 84, box.y + 200, { steps: 4 });
    await page.mouse.up();
    await until('the dragged size', async () => Math.abs((await page.locator('.list-pane').boundingBox()).width - before - 80) < 6);
    await page.keyboard.press('Enter');
  });

  test('mails are listed one by one when conversations are off, and one is read', async () => {
    await toInbox(anna.mail);
    const threads = page.locator('.row', { has: page.locator('.row-count') });
    await threads.first().waitFor();
    const total = Number((await page.locator('.title-count').innerText()).replace(/\D/g, ''));
    await choose('Show single mails');
    await page.locator('.title-count', { hasText: 'mails' }).waitFor();
    assert.equal(await threads.count(), 0);
    assert.ok(Number((await page.locator('.title-count').innerText()).replace(/\D/g, '')) > total);
    await row('Price list 2027').first().click();
    await page.locator('.message').first().waitFor();
    assert.equal(await page.locator('.message').count(), 1);
    await page.reload();
    await page.locator('.message').first().waitFor();
    assert.equal(await page.locator('.message').count(), 1, 'also after a reload');
    await choose('Show conversations');
    await threads.first().waitFor();
  });

  test('a range is selected with Shift, read together, and put back', async () => {
    await toInbox(anna.mail);
    await row('Shipment 8 of 8').click({ modifiers: ['Control'] });
    await row('Shipment 5 of 8').click({ modifiers: ['Shift'] });
    await page.locator('.selection-count', { hasText: '4 selected' }).waitFor();
    await page.keyboard.press('Shift+I');
    await toast('Marked as read').waitFor();
    const seen = async () => (await desk.org.control('messages', { person: anna.mail })).filter((m) => /^Shipment [5-8]/.test(m.subject) && m.flags.includes('\\Seen')).length;
    await until('four read at the server', async () => (await seen()) === 4);
    await page.keyboard.press('z');
    await until('three or more unread again', async () => (await seen()) <= 1);
  });

  test('Shift+j and Shift+k stretch the selection', async () => {
    await row('Shipment 8 of 8').click();
    await page.keyboard.press('u');
    await page.keyboard.press('Shift+J');
    await page.keyboard.press('Shift+J');
    await page.locator('.selection-count', { hasText: '3 selected' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.selection-bar').waitFor({ state: 'detached' });
  });

  test('v moves by name, to another account as well, and Undo brings it back', async () => {
    await row('Shipment 1 of 8').click();
    await page.keyboard.press('v');
    const field = page.getByRole('combobox', { name: 'Type a folder’s name' });
    await field.fill('germany');
    await page.keyboard.press('Enter');
    await toast('Moved to Germany').waitFor();
    await row('Shipment 1 of 8').waitFor({ state: 'detached' });
    await until('it in Germany', async () => (await subjectsAt(anna, 'Customers/Germany')).includes('Shipment 1 of 8'));
    await page.keyboard.press('z');
    await row('Shipment 1 of 8').waitFor();
    assert.match(await focused(), /list|row|BODY|reader/i);

    await row('Shipment 2 of 8').click();
    await page.keyboard.press('v');
    await field.fill('archive');
    await page.locator('.move-list button', { hasText: 'Archive' }).nth(1).click();
    await until('it in James\'s archive', async () => (await subjectsAt(james, 'Archive')).includes('Shipment 2 of 8'));
    await until('it gone from Anna\'s inbox', async () => !(await subjectsAt(anna)).includes('Shipment 2 of 8'));
    await toast('Moved to').getByRole('button', { name: 'Undo' }).click();
    await until('it back in Anna\'s inbox', async () => (await subjectsAt(anna)).includes('Shipment 2 of 8'));
    await row('Shipment 2 of 8').waitFor();
  });

  test('rows are dragged onto a folder, with their number as the picture', async () => {
    await row('Shipment 3 of 8').click({ modifiers: ['Control'] });
    await row('Shipment 4 of 8').click({ modifiers: ['Control'] });
    await row('Shipment 3 of 8').dragTo(mailbox(anna.mail, 'Newsletters'));
    await toast('Moved to Newsletters').waitFor();
    await until('both in Newsletters', async () => (await subjectsAt(anna, 'Newsletters')).filter((s) => /^Shipment [34]/.test(s)).length === 2);
    await page.keyboard.press('z');
    await row('Shipment 3 of 8').waitFor();
  });

  test('where a drag would go is said, and where it cannot; so is it by key', async () => {
    /* Here a drag goes on only as long as the pointer moves. */
    const over = (locator, said) => until(said, async () => {
      const box = await locator.boundingBox();
      await page.mouse.move(box.x + box.width / 2 + Math.random() * 9, box.y + box.height / 2, { steps: 2 });
      return (await page.locator('[data-drop]').textContent()) === said;
    });
    await row('Shipment 3 of 8').hover();
    await page.mouse.down();
    await over(mailbox(anna.mail, 'Archive'), `Move to Archive of ${anna.mail}`);
    await over(mailbox(anna.mail, 'Inbox'), `Cannot be moved to Inbox of ${anna.mail}`);
    await over(page.locator('.list-head'), '');
    await page.mouse.up();
    await row('Shipment 3 of 8').click();
    await page.keyboard.press('v');
    await page.getByRole('combobox', { name: 'Type a folder’s name' }).fill('germany');
    await page.locator('dialog[open] [role=status]', { hasText: /^Move to Germany$/ }).waitFor({ state: 'attached' });
    await visitor.screen('desk-move');
    await page.keyboard.press('Escape');
    await page.keyboard.press('u');
  });

  test('the context menu acts on the row it was opened on, and gives the focus back', async () => {
    await row('Shipment 7 of 8').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Flag', exact: true }).click();
    await row('Shipment 7 of 8').locator('.row-starred').waitFor();
    await row('Shipment 6 of 8').click();
    await page.keyboard.press('u');
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menu', { name: 'Actions for this conversation' }).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await focused(), 'list');
  });

  test('junk goes to Junk and comes back', async () => {
    await row('Shipment 6 of 8').click();
    await page.keyboard.press('!');
    await until('it in Junk', async () => (await subjectsAt(anna, 'Junk Email').catch(() => subjectsAt(anna, 'Junk'))).includes('Shipment 6 of 8'));
    await mailbox(anna.mail, 'Junk').click();
    await row('Shipment 6 of 8').click();
    await page.keyboard.press('!');
    await toast('moved to the inbox').waitFor();
    await until('it in the inbox', async () => (await subjectsAt(anna)).includes('Shipment 6 of 8'));
  });

  test('a folder is made, renamed, nested, ordered, kept as a favourite and deleted', async () => {
    await section(anna.mail).locator('.account-line').hover();
    await page.getByRole('button', { name: `New folder in ${anna.mail}` }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Fairs');
    await page.keyboard.press('Enter');
    await mailbox(anna.mail, 'Fairs').waitFor();
    const folders = () => desk.org.control('folders', { person: anna.mail });
    await until('it at the server', async () => (await folders()).includes('Fairs'));
    await folderMenu(anna.mail, 'Fairs', 'Rename…');
    await page.getByRole('textbox', { name: 'Name' }).fill('Trade fairs');
    await page.keyboard.press('Enter');
    await until('its new name at the server', async () => (await folders()).includes('Trade fairs'));
    await folderMenu(anna.mail, 'Trade fairs', 'Add to favourites');
    await mailbox('Favourites', 'Trade fairs').waitFor();
    await page.reload();
    await mailbox('Favourites', 'Trade fairs').waitFor();
    await folderMenu(anna.mail, 'Trade fairs', 'Move the folder…');
    await page.getByRole('combobox', { name: 'Below' }).selectOption({ label: 'Customers' });
    await page.getByRole('button', { name: 'Move', exact: true }).click();
    await until('it below Customers', async () => (await folders()).some((name) => /^Customers.Trade fairs$/.test(name)));
    await section(anna.mail).getByRole('button', { name: 'Hide what is below Customers' }).click();
    await mailbox(anna.mail, 'Trade fairs').waitFor({ state: 'detached' });
    await page.reload();
    await mailbox(anna.mail, 'Newsletters').waitFor();
    assert.equal(await mailbox(anna.mail, 'Trade fairs').count(), 0, 'the tree stays folded');
    await section(anna.mail).getByRole('button', { name: 'Show what is below Customers' }).click();
    await visitor.screen('desk-folders');
    await folderMenu(anna.mail, 'Trade fairs', 'Delete the folder');
    await page.getByText('It is empty, so no mail is lost.').waitFor();
    await page.locator('dialog').getByRole('button', { name: 'Delete the folder' }).click();
    await mailbox(anna.mail, 'Trade fairs').waitFor({ state: 'detached' });
    await until('it gone at the server', async () => !(await folders()).some((name) => name.includes('Trade fairs')));
  });

  test('deleting a folder with mail tells what becomes of it, and moves it to Trash', async () => {
    await desk.client.call('Mailbox/set', { accountId: desk.accounts[0], create: { f: { name: 'Doomed', sortOrder: 10 } } });
    await until('the folder', async () => (await desk.org.control('folders', { person: anna.mail })).includes('Doomed'));
    await deliver(desk.org, anna, 'In the doomed folder', { folder: 'Doomed' });
    await mailbox(anna.mail, 'Doomed').getByText('1 unread').waitFor({ state: 'attached' });
    await folderMenu(anna.mail, 'Doomed', 'Delete the folder');
    await page.getByText('The one mail in it goes to Trash.').waitFor();
    await visitor.screen('desk-delete-folder');
    await page.locator('dialog').getByRole('button', { name: 'Delete the folder' }).click();
    await mailbox(anna.mail, 'Doomed').waitFor({ state: 'detached' });
    const { trash } = await desk.client.mailboxes(desk.accounts[0]);
    const { ids } = await desk.client.call('Email/query', { accountId: desk.accounts[0], filter: { inMailbox: trash.id, subject: 'doomed' } });
    assert.equal(ids.length, 1);
  });

  test('all that match are marked read in batches, whatever is on screen, and put back', async () => {
    await mailbox(anna.mail, 'Inbox').click();
    await page.locator('#list').focus();
    const total = Number((await page.locator('.title-count').innerText()).replace(/\D/g, ''));
    assert.ok(total > 50, `${total} conversations are more than a page`);
    await page.keyboard.press('*');
    await page.getByRole('button', { name: new RegExp(`Select all ${total} conversations in Inbox`) }).click();
    await page.getByText(`All ${total} conversations in Inbox are selected.`).waitFor();
    await visitor.screen('desk-everything');
    const unread = async () => (await desk.client.mailboxes(desk.accounts[0])).inbox.unreadEmails;
    const before = await unread();
    assert.ok(before > 0);
    await page.keyboard.press('Shift+I');
    await until('nothing unread', async () => (await unread()) === 0);
    await toast('Marked as read').getByRole('button', { name: 'Undo' }).click();
    await until('as it was', async () => (await unread()) === before);
  });

  test('the palette goes to folders and runs actions', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Type a folder or an action' }).fill('lighting');
    await page.keyboard.press('Enter');
    await page.locator('.list-head h1', { hasText: 'Lighting' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Type a folder or an action' }).fill('compact');
    await page.keyboard.press('Enter');
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.locator('.list-head h1', { hasText: 'Inbox' }).waitFor();
    await page.locator('.rows[data-density=compact]').waitFor();
    await page.goBack();
    await page.locator('.list-head h1', { hasText: 'Lighting' }).waitFor();
    await page.goForward();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Type a folder or an action' }).fill('my to-dos');
    await page.keyboard.press('Enter');
    await page.locator('.todos h1', { hasText: 'My to-dos' }).waitFor();
    await page.keyboard.press('u');
    await page.locator('.list-head h1', { hasText: 'Inbox' }).waitFor();
  });

  test('notifications are asked for by a click only, come once for a mail, and open it', async () => {
    await visitor.keepNotifications();
    await page.goto(`${desk.postroom.url}/settings/general`);
    const wish = page.getByRole('checkbox', { name: 'Notify me of new mail on this computer' });
    await wish.waitFor();
    assert.equal(await page.evaluate(() => window.asks), 0);
    await wish.check();
    assert.equal(await page.evaluate(() => window.asks), 1);
    await visitor.screen('desk-notifications');
    await deliver(desk.org, anna, 'Junk that nobody announces', { folder: 'Junk Email' }).catch(() => deliver(desk.org, anna, 'Junk that nobody announces', { folder: 'Junk' }));
    await deliver(desk.org, anna, 'Knock knock');
    await until('the notification', () => page.evaluate(() => window.notes.length > 0), { ms: 20000 });
    await sleep(2500);
    assert.deepEqual(await page.evaluate(() => window.notes.map((note) => note.title)), ['Priya Raman']);
    await page.evaluate(() => window.notes[0].onclick());
    await page.locator('.reader-subject', { hasText: 'Knock knock' }).waitFor();
  });

  test('in Hebrew, in the dark and on small screens it keeps its shape', async () => {
    for (const [name, options] of Object.entries({ 'he-1440': { locale: 'he-IL', width: 1440 }, 'dark-1024': { dark: true, width: 1024 }, 'phone-390': { width: 390, height: 780 } })) {
      const other = await desk.arrive(options);
      await other.page.goto(`${desk.postroom.url}/mail/${unified}/m-1`);
      await other.page.locator(ROW).first().waitFor();
      await sleep(200);
      await other.screen(`desk-${name}`);
      assert.deepEqual(await other.overflow(), [], name);
      assert.deepEqual(await other.faintTexts(), [], name);
      for (const index of [0, 1]) await other.page.locator('.row .row-face').nth(index).click();
      await other.page.locator('.selection-bar .icon-button').last().click();
      await other.page.getByRole('menuitem').last().click();
      await other.page.locator('dialog[open] .note-editor').waitFor();
      await other.screen(`desk-todo-${name}`);
      assert.deepEqual(await other.overflow(), [], name);
      assert.deepEqual(await other.faintTexts(), [], name);
      assert.deepEqual(other.complaints(), [], name);
      await other.context.close();
    }
    assert.deepEqual(visitor.complaints(), []);
  });
});
