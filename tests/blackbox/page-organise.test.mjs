// Organising in a browser: labels, notes, to-dos, saved searches, and how conversations are put together.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';
import { inGoodShape } from './support/shape.mjs';
import { isBroken, step } from './support/steps.mjs';

let org, postroom, anna, account, client, close, browser, visitor, page;

/* Three conversations; two of them belong together, but nothing says so. */
const MAILS = [
  ['lamp-1@x.example', null, 'Lamp order 4711', 'Please confirm the lamps.', 50],
  ['lamp-2@x.example', 'lamp-1@x.example', 'Re: Lamp order 4711', 'They are confirmed.', 40],
  ['lamp-3@x.example', 'lamp-1@x.example', 'Re: Lamp order 4711', 'By the way: who comes to the fair?', 30],
  ['glass-1@x.example', null, 'Glass for the lamps', 'The glass arrives on Monday.', 20],
  ['fair-1@x.example', null, 'Fair in Milan', 'Tickets are booked.', 10],
];

function mail([id, parent, subject, text, minutes]) {
  const date = new Date(Date.now() - minutes * 60e3).toUTCString().replace('GMT', '+0000');
  return [`From: Beatrice Lund <bea@x.example>`, `Subject: ${subject}`, `Date: ${date}`, `Message-ID: <${id}>`, ...(parent ? [`In-Reply-To: <${parent}>`, `References: <${parent}>`] : []), '', text, ''].join('\n');
}

const row = (text) => page.locator('.row', { hasText: text });
const dialog = () => page.locator('dialog[open]');
const panel = () => page.locator('.notes-panel');
const toast = (text) => page.locator('.toast', { hasText: text });
const button = (name, within = page) => within.getByRole('button', { name });

async function openRow(text) {
  await row(text).click();
  await page.locator('.reader-subject').waitFor();
}

const call = (method, args) => client.call(method, { accountId: account, ...args });

describe('organising', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    ([{ org, postroom, person: anna, account, client, close }, browser] = await Promise.all([startLinked('main', { mails: 6 }), launchBrowser()]));
    for (const one of MAILS) await org.control('append', { person: anna.mail, message: mail(one) });
    await until('the mail', async () => (await call('Email/query', { filter: { from: 'bea@x.example' } })).ids.length === MAILS.length);
    visitor = await Visitor.arrive(browser, [postroom.url], { width: 1440, height: 900 });
    page = visitor.page;
    await visitor.signIn(postroom.url, ADMIN, ROW);
  }, { timeout: 200000 });

  after(async () => {
    if (isBroken() && visitor) await visitor.screen('organise-failed').catch(() => {});
    await browser?.close();
    await close?.();
  });

  step('a label is made with the l key, and is on the row, in the reader and in the search', async () => {
    await openRow('Fair in Milan');
    await page.keyboard.press('l');
    await dialog().getByPlaceholder('Find or create a label').fill('Große Messe');
    await page.keyboard.press('Enter');
    await toast('Große Messe').waitFor();
    await dialog().getByRole('checkbox', { name: 'Große Messe', checked: true }).waitFor();
    await inGoodShape(visitor, 'organise-01-labels');
    await button('Done', dialog()).click();
    await row('Fair in Milan').locator('.label-chip', { hasText: 'Große Messe' }).waitFor();
    await panel().locator('.label-chip', { hasText: 'Große Messe' }).waitFor();
    const [label] = (await call('Label/get', { ids: null })).list;
    assert.equal(label.keyword, 'gro-e-messe');
    assert.equal((await call('Email/query', { filter: { hasKeyword: label.keyword } })).ids.length, 1);
    await page.locator('#search').fill('label:gro');
    await page.getByRole('option', { name: 'label:"Große Messe"' }).waitFor();
    await page.locator('#search').fill('label:"große messe"');
    await until('the search', async () => (await page.locator('.row').count()) === 1, { ms: 10000 });
    await page.locator('#search').press('Escape');
    await row('Lamp order').waitFor();
  });

  step('the label stays though the server keeps no keywords, and many conversations get it at once, with Undo', async () => {
    await page.keyboard.press('u');
    for (const subject of ['Fair in Milan', 'Glass for the lamps']) await row(subject).locator('.row-face').click();
    await button('Labels').first().click();
    const box = dialog().getByRole('checkbox', { name: 'Große Messe' });
    assert.equal(await box.getAttribute('aria-checked'), 'mixed');
    await box.click();
    await row('Glass for the lamps').locator('.label-chip').waitFor();
    await button('Done', dialog()).click();
    await button('Undo', toast('Große Messe').last()).click();
    await row('Glass for the lamps').locator('.label-chip').waitFor({ state: 'detached' });
    await row('Fair in Milan').locator('.label-chip').waitFor();
    await page.keyboard.press('u');
    /* Flags that change elsewhere make the server say all of its flags again. */
    const [id] = (await call('Email/query', { filter: { subject: 'Milan' } })).ids;
    const { uid } = (await org.control('messages', { person: anna.mail })).find((one) => one.subject === 'Fair in Milan');
    await org.control('flag', { person: anna.mail, uid, add: ['\\Flagged'] });
    const keywords = async () => (await call('Email/get', { ids: [id], properties: ['keywords'] })).list[0].keywords;
    await until('the flag', async () => (await keywords()).$flagged);
    assert.ok((await keywords())['gro-e-messe']);
  });

  step('notes and to-dos stand under the subject, in the row and in the sidebar', async () => {
    await openRow('Lamp order 4711');
    await button('Add note', panel()).click();
    await panel().getByRole('textbox', { name: 'Note' }).fill('Call Beatrice about the carpet.\nShe is in on Mondays.');
    await page.keyboard.press('Control+Enter');
    await panel().locator('.note-text', { hasText: 'about the carpet' }).waitFor();
    await button('Add to-do', panel()).click();
    await panel().getByRole('textbox', { name: 'What is to be done?' }).fill('Confirm the lamps');
    await button('Today', panel()).click();
    await inGoodShape(visitor, 'organise-02-todo-editor');
    await button('Save', panel()).click();
    await panel().locator('.todo-text', { hasText: 'Confirm the lamps' }).waitFor();
    await row('Lamp order 4711').locator('.todo-today').waitFor();
    await page.locator('.sidebar .todo-today').waitFor();
    await inGoodShape(visitor, 'organise-03-notes');
    await page.locator('.sidebar .todo-today').click();
    await page.locator('.todos .todo-text', { hasText: 'Confirm the lamps' }).waitFor();
    assert.equal(new URL(page.url()).search, '?due=today');
    await inGoodShape(visitor, 'organise-04-my-todos');
    await page.goBack();
    await row('Lamp order').waitFor();
    for (const [text, hits] of [['carpet', 1], ['note:mondays', 1], ['has:note', 1], ['is:todo for:me due:today', 1], ['due:overdue', 0]]) {
      await page.locator('#search').fill(text);
      await until(text, async () => (await page.locator(ROW).count()) === hits, { ms: 10000 });
    }
    await page.locator('#search').press('Escape');
    await row('Lamp order').waitFor();
  });

  step('a to-do is done, and back again; a note is changed and deleted with Undo', async () => {
    await openRow('Lamp order 4711');
    await panel().locator('.todo input[type=checkbox]').check();
    await page.locator('.sidebar .todo-today').waitFor({ state: 'detached' });
    await panel().locator('.todo input[type=checkbox]').uncheck();
    await page.locator('.sidebar .todo-today').waitFor();
    await button('Edit note', panel()).click();
    await panel().getByRole('textbox', { name: 'Note' }).fill('The carpet is settled.');
    await button('Save', panel()).click();
    await panel().locator('.note-text', { hasText: 'is settled' }).waitFor();
    await button('Delete note', panel()).click();
    await button('Undo', toast('Note deleted')).click();
    await panel().locator('.note-text', { hasText: 'is settled' }).waitFor();
  });

  step('the to-dos have a view of their own, with filters and order, ticked and opened by key', async () => {
    const day = (days) => new Date(Date.now() + days * 86400e3 - new Date().getTimezoneOffset() * 60e3).toISOString().slice(0, 10);
    const self = (await client.call('Person/get', { accountId: account, ids: null })).list.find((one) => one.isSelf).id;
    const [fair] = (await call('Email/query', { filter: { subject: 'Milan' } })).ids;
    const { created } = await call('Todo/set', { create: { a: { emailId: fair, text: 'Book the train', due: day(-3), personId: self }, b: { emailId: fair, text: 'Somebody waters the plants', due: day(9) } } });
    const entry = (text) => page.locator('.todos .todo', { hasText: text });
    const filter = (name) => page.locator('.todos-filters').getByRole('button', { name, exact: true });
    await page.locator('.sidebar').getByRole('link', { name: 'My to-dos' }).click();
    await entry('Book the train').waitFor();
    assert.deepEqual(await page.locator('.todos h2').allInnerTexts(), ['Overdue', 'Today']);
    await inGoodShape(visitor, 'organise-10-todos');
    await filter('Everybody’s').click();
    await entry('Somebody waters the plants').waitFor();
    await filter('Overdue').click();
    await until('one', async () => (await page.locator('.todos .todo').count()) === 1);
    assert.equal(new URL(page.url()).search, '?who=all&due=overdue');
    await filter('Any day').click();
    await page.locator('.todos-sort select').selectOption({ label: 'Conversation' });
    await until('the order', async () => /train[^]*plants[^]*lamps/.test((await page.locator('.todos .todo-text').allInnerTexts()).join(' ')));
    await page.locator('.todos').focus();
    for (const key of ['j', 'x']) await page.keyboard.press(key);
    await page.locator('.todos .todo[data-done=true]', { hasText: 'Book the train' }).waitFor();
    await until('it done', async () => (await call('Todo/query', { filter: { isDone: true } })).ids.length === 1);
    await filter('Done').click();
    await entry('Book the train').waitFor();
    await entry('Somebody waters').waitFor({ state: 'detached' });
    await page.reload();
    await entry('Book the train').waitFor();
    await entry('Book the train').locator('input').focus();
    await page.keyboard.press('Enter');
    await page.locator('.reader-subject', { hasText: 'Fair in Milan' }).waitFor();
    await call('Todo/set', { destroy: Object.values(created).map((one) => one.id) });
    await page.locator('.sidebar').getByRole('link', { name: /^Inbox/ }).first().click();
    await openRow('Lamp order 4711');
  });

  step('the dialog says why mail is grouped; a mail is taken out, its conversation keeps the note', async () => {
    await button('Why grouped?', panel()).click();
    await dialog().locator('.tie').nth(2).waitFor();
    assert.match(await dialog().locator('.tie').nth(0).innerText(), /begins with this mail/);
    assert.match(await dialog().locator('.tie').nth(2).innerText(), /reply to the mail from Beatrice Lund/);
    await inGoodShape(visitor, 'organise-05-why');
    await button('Take out this mail alone', dialog().locator('.tie').nth(2)).click();
    await toast('conversation of its own').waitFor();
    await until('two conversations', async () => (await row('Lamp order 4711').count()) === 2, { ms: 10000 });
    const threads = (await call('Email/query', { filter: { subject: 'Lamp order', 'postroom:hasNote': true } })).ids;
    assert.equal(threads.length, 2);
    /* A reply that names both follows the one that it answers. */
    await org.control('append', { person: anna.mail, message: mail(['lamp-4@x.example', 'lamp-3@x.example', 'Re: Lamp order 4711', 'I do.', 1]).replace('References: ', 'References: <lamp-1@x.example> ') });
    await until('the reply', async () => (await call('Email/query', { filter: { from: 'bea@x.example' } })).ids.length === MAILS.length + 1);
    assert.equal((await call('Email/query', { filter: { subject: 'Lamp order', 'postroom:hasNote': true } })).ids.length, 2);
  });

  step('conversations are merged by selecting them, and by search; Undo takes them apart', async () => {
    await page.keyboard.press('Escape');
    await until('two rows', async () => (await row('Lamp order 4711').count()) === 2, { ms: 10000 });
    for (const index of [0, 1]) await row('Lamp order 4711').nth(index).locator('.row-face').click();
    await button('Merge into one conversation').click();
    await toast('2 conversations merged').waitFor();
    await until('one row', async () => (await row('Lamp order 4711').count()) === 1, { ms: 10000 });
    await openRow('Lamp order 4711');
    await panel().locator('.note-text', { hasText: 'is settled' }).waitFor();
    await button('Why grouped?', panel()).click();
    await dialog().locator('.tie', { hasText: 'put it here' }).first().waitFor();
    await button('Merge with another', dialog()).click();
    await dialog().getByPlaceholder('Search conversations').fill('glass');
    await button(/Glass for the lamps/, dialog()).click();
    await row('Glass for the lamps').waitFor({ state: 'detached' });
    await button('Undo', toast('2 conversations merged').last()).click();
    await row('Glass for the lamps').waitFor();
  });

  step('a search is kept in the sidebar with its count, renamed, and deleted with Undo', async () => {
    await page.locator('#search').fill('from:bea@x.example lamp');
    await page.locator('#search').press('Enter');
    await button('Save this search').click();
    await dialog().getByLabel('Name').fill('Lamps');
    assert.equal(await dialog().getByLabel('Search for').inputValue(), 'in:inbox from:bea@x.example lamp');
    await inGoodShape(visitor, 'organise-06-save-search');
    await button('Save', dialog()).click();
    const entry = page.locator('.saved-search', { hasText: 'Lamps' });
    await until('the count', async () => (await entry.locator('.mailbox-badge').innerText().catch(() => '')) === '2', { ms: 15000 });
    await page.locator('#search').press('Escape');
    await row('Fair in Milan').waitFor();
    await entry.locator('.mailbox').click();
    await until('what it finds', async () => (await page.locator(ROW).count()) === 2, { ms: 10000 });
    await entry.hover();
    await button('Actions for Lamps').click();
    await page.getByRole('menuitem', { name: 'Edit saved search' }).click();
    await dialog().getByLabel('Name').fill('All lamps');
    await button('Save', dialog()).click();
    await page.locator('.saved-search', { hasText: 'All lamps' }).waitFor();
  });

  step('labels are managed in the settings: every colour legible, renamed, deleted from all mail', async () => {
    for (const color of ['red', 'orange', 'yellow', 'olive', 'green', 'teal', 'blue', 'indigo', 'purple', 'pink', 'brown', 'gray'])
      await call('Label/set', { create: { k: { name: `In ${color}`, color } } });
    await page.goto(`${postroom.url}/settings/labels`);
    await page.getByRole('heading', { name: 'Labels', exact: true }).waitFor();
    await page.locator('.label-chip', { hasText: 'In brown' }).waitFor();
    await inGoodShape(visitor, 'organise-07-settings');
    await page.getByLabel('Name of Große Messe').fill('Messen');
    await page.keyboard.press('Enter');
    await page.locator('.label-chip', { hasText: 'Messen' }).waitFor();
    await until('the name', async () => (await call('Label/get', { ids: null })).list.some((label) => label.name === 'Messen' && label.keyword === 'gro-e-messe'));
    await button('Delete Messen').click();
    await button('Delete label', dialog()).click();
    await toast('deleted').waitFor();
    assert.equal((await call('Email/query', { filter: { hasKeyword: 'gro-e-messe' } })).ids.length, 0);
  });

  step('narrow, in Hebrew and in the dark it is as it should be', async () => {
    const [first] = (await call('Email/query', { filter: { subject: 'Lamp order' } })).ids;
    const [{ threadId }] = (await call('Email/get', { ids: [first], properties: ['threadId'] })).list;
    const label = (await call('Label/get', { ids: null })).list.find((one) => one.name === 'In teal');
    await call('Email/set', { update: { [first]: { [`keywords/${label.keyword}`]: true } } });
    for (const [name, options] of [['narrow', { width: 390, height: 844 }], ['hebrew', { locale: 'he-IL', width: 1440, height: 900 }], ['dark', { dark: true, width: 1024, height: 768 }]]) {
      const other = await Visitor.arrive(browser, [postroom.url], options);
      await other.signIn(postroom.url, ADMIN, ROW);
      await other.page.goto(`${postroom.url}/mail/${account}/all/${threadId}`);
      await other.page.locator('.notes .note').first().waitFor();
      await other.screen(`organise-08-${name}`);
      assert.deepEqual(await other.overflow(), [], name);
      assert.deepEqual(await other.faintTexts(), [], name);
      await other.page.goto(`${postroom.url}/todos?who=all&state=all`);
      await other.page.locator('.todos .todo').first().waitFor();
      await inGoodShape(other, `organise-11-todos-${name}`);
      await other.page.goto(`${postroom.url}/settings/labels`);
      await other.page.locator('.label-row').first().waitFor();
      await other.screen(`organise-09-settings-${name}`);
      assert.deepEqual(await other.overflow(), [], name);
      assert.deepEqual(await other.faintTexts(), [], name);
      assert.deepEqual(other.complaints(), []);
      await other.context.close();
    }
    assert.deepEqual(visitor.complaints(), []);
  });
});
