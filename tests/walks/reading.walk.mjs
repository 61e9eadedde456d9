// Reading by hand: the panes, a conversation with its quotations, why it is one, views and themes, the badge, the source, paper and files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { benchTalk, SUBJECT } from '../blackbox/support/bench-talk.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { atServer, deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

const HEBREW = 'דנה לוי <dana.levi@lights.example>';
const CHINESE = '王小明 <wang@lights.example>';

/* One order, answered from four programs: by marks, by a line that announces, by a block of headers, and in a table of HTML. */
const ORDER = 'Lamp order 4711';
const TALK = [
  { subject: ORDER, id: 'lamp-1', minutes: 95, body: 'Please confirm the twelve lamps.\n\nPriya' },
  { subject: `Re: ${ORDER}`, id: 'lamp-2', parent: 'lamp-1', minutes: 80, from: HEBREW, body: 'שלום Anna,\n\nאישרנו את ההזמנה, המספר הוא NL-3/4711.\n\nבתאריך יום ב׳, 23 בנוב׳ 2026 ב-10:15 מאת Priya Raman <priya@museum.example>:\n\n> Please confirm the twelve lamps.\n> Priya\n' },
  { subject: `回复: ${ORDER}`, id: 'lamp-3', parent: 'lamp-2', minutes: 60, from: CHINESE, body: '<p>您好 Anna，灯具周一发货。</p><p>王小明</p><hr><div><b>发件人:</b> דנה לוי &lt;dana.levi@lights.example&gt;<br><b>发送时间:</b> 2026年11月23日 10:30<br><b>收件人:</b> Anna Berg<br><b>主题:</b> Re: Lamp order 4711</div><p>אישרנו את ההזמנה.</p>' },
  { subject: `Re: ${ORDER}`, id: 'lamp-4', parent: 'lamp-3', minutes: 4, body: '<p>Splendid, thank you all.</p><blockquote type="cite"><div>Please confirm the twelve lamps.</div></blockquote>' },
];

async function prepare(world) {
  const { org, person, client, account } = world;
  await deliverAll(world, TALK.map((mail, at) => ({ ...mail, flags: at < 3 ? ['\\Seen'] : [] })));
  for (const raw of benchTalk('https://pictures.northlight.example')) await org.control('append', { person: person.mail, raw: raw.toString('base64') });
  await until('the photographs', async () => (await client.call('Email/query', { accountId: account, filter: { subject: 'NL-3 bench' } })).ids.length === 2);
}

const inMail = (w) => w.page.frameLocator('.message[data-open=true] .mail-frame iframe').last();

async function conversation(w) {
  await w.open(ORDER);
  await inMail(w).getByText('Splendid').waitFor();
  await w.look('conversation');
  await w.tap(w.page.locator('.message-line', { hasText: 'NL-3/4711' }));
  await w.tap(w.page.locator('.message-line', { hasText: '灯具周一发货' }));
  const [text, html] = [w.page.locator('.message', { hasText: 'NL-3/4711' }), w.page.frameLocator('.mail-frame iframe').first()];
  assert.equal(await text.getByText('> Please confirm').count(), 0, 'the quotation is folded');
  await html.getByText('您好').waitFor();
  assert.equal(await html.getByText('אישרנו').isVisible(), false, 'the quotation is folded, headers and all');
  await w.look('quotations-folded');
  await w.tap(text.locator('.fold'));
  await text.getByText('> Please confirm').waitFor();
  await w.tap(html.locator('summary'));
  await html.getByText('אישרנו').waitFor();
  await w.look('quotations-unfolded');
}

async function grouping(w) {
  await w.tap(w.button('why.button'));
  await w.dialog().locator('.tie').nth(3).waitFor();
  await w.look('why-grouped');
  await w.tap(w.button('why.splitThis', { within: w.dialog().locator('.tie').nth(3) }));
  await w.toast('why.split').waitFor();
  await w.backToList();
  await until('two conversations', async () => (await w.page.locator('.row', { hasText: ORDER }).count()) === 2);
  await w.look('split');
  for (const index of [0, 1]) await w.tap(w.page.locator('.row', { hasText: ORDER }).nth(index).locator('.row-face'));
  await w.look('two-ticked');
  await w.tap(w.button('why.mergeSelected'));
  await w.toast('why.merged', { count: 2 }).waitFor();
  await until('one conversation', async () => (await w.page.locator('.row', { hasText: ORDER }).count()) === 1);
  await w.open(ORDER);
  await until('all of it', async () => (await w.page.locator('.message').count()) === 4);
  await regrouping(w);
}

/* Taken apart from one mail on, and put together again by search. */
async function regrouping(w) {
  const rows = (count) => until(`${count} conversations`, async () => (await w.page.locator('.row', { hasText: ORDER }).count()) === count);
  await w.tap(w.button('why.button'));
  await w.dialog().locator('.tie').nth(3).waitFor();
  await w.tap(w.button('why.splitFrom', { within: w.dialog().locator('.tie').nth(2) }));
  await w.toast('why.split').waitFor();
  await w.backToList();
  await rows(2);
  await w.open(ORDER);
  await until('half of it', async () => (await w.page.locator('.message').count()) === 2);
  await w.tap(w.button('why.button'));
  await w.tap(w.button('why.merge', { within: w.dialog() }));
  const found = w.dialog().locator('.merge-list button', { hasText: ORDER });
  await w.dialog().getByLabel(w.t('why.mergeSearch')).fill('4711');
  await until('the other half', async () => (await found.count()) === 1 && (await w.dialog().locator('[aria-busy=true]').count()) === 0);
  await w.look('merge-with-which');
  await w.tap(found);
  await w.toast('why.merged', { count: 2 }).waitFor();
  await w.backToList();
  await rows(1);
  await w.open(ORDER);
  await until('all of it again', async () => (await w.page.locator('.message').count()) === 4);
}

async function oneMail(w) {
  const newest = w.page.locator('.message[data-open=true]').last();
  await w.open(SUBJECT);
  await inMail(w).getByText('straight from the bench').waitFor();
  await w.look('photographs');
  await w.tap(newest.locator('.message-to'));
  await w.look('all-addresses');
  assert.ok((await w.page.locator('.address-list').boundingBox()).width > 280, 'addresses have room');
  await w.tap(newest.locator('.message-to'));
  await w.tap(w.button('reader.menu', { within: newest }));
  await w.look('menu-of-a-mail');
  await w.tap(w.item('reader.source'));
  await w.dialog().getByText('Message-ID: <bench-2@northlight.example>').waitFor();
  await w.look('source');
  const arriving = w.page.waitForEvent('download');
  await w.tap(w.button('reader.downloadMail', { within: w.dialog(), role: 'link', exact: false }));
  const file = await arriving;
  assert.match(readFileSync(await file.path(), 'utf8'), /^From: James Okafor/m);
  await w.tap(w.button('common.close', { within: w.dialog() }).first());
  await w.tap(w.button('reader.menu', { within: newest }));
  const all = w.page.waitForEvent('download');
  await w.tap(w.item('reader.downloadAll'));
  assert.match((await all).suggestedFilename(), /^Re NL-3 bench test.*\.zip$/);
  await paper(w, newest);
}

/* An answer that comes while one reads something else is there, open, when one comes back. */
async function answered(w) {
  await w.open(SUBJECT);
  await deliverAll(w.world, [{ subject: `Re: ${ORDER}`, id: 'lamp-5', parent: 'lamp-4', minutes: 0, body: 'One more lamp, please.' }]);
  await w.backToList();
  await w.page.locator('.row-unread', { hasText: ORDER }).waitFor();
  await w.open('Sales figures');
  await w.open(ORDER);
  await w.page.locator('.message[data-open=true]', { hasText: 'One more lamp' }).waitFor();
  await until('it is read at the server', async () => (await atServer(w.world)).filter((mail) => mail.subject.includes(ORDER)).every((mail) => mail.flags.includes('\\Seen')));
  await w.look('answered-meanwhile');
}

/* What comes out of the printer is a document of its own. */
async function paper(w, newest) {
  await w.page.evaluate(() => { window.printed = []; new MutationObserver((changes) => { for (const { addedNodes } of changes) for (const node of addedNodes) if (node.tagName === 'IFRAME') node.addEventListener('load', () => { node.contentWindow.print = () => window.printed.push(`<html dir="${document.dir}">${node.contentDocument.documentElement.innerHTML}`); }, true); }).observe(document.body, { childList: true }); });
  await w.tap(w.button('reader.menu', { within: newest }));
  await w.tap(w.item('reader.printAll'));
  await until('it is printed', () => w.page.evaluate(() => window.printed.length === 1));
  const text = await w.page.evaluate(() => window.printed[0]);
  for (const part of ['Maeve', 'James Okafor', 'NL-3 bench protocol.pdf']) assert.ok(text.includes(part), part);
}

async function views(w) {
  const choose = async (id) => {
    await w.backToList();
    await w.tap(w.button('view.label'));
    await w.tap(w.button(id, { role: 'menuitemradio' }));
  };
  await w.backToList();
  await w.tap(w.button('view.label'));
  await w.look('view-menu');
  await w.tap(w.button('view.compact', { role: 'menuitemradio' }));
  await w.look('compact');
  if (!w.narrow) {
    await choose('view.below');
    await w.open(ORDER);
    await until('the whole conversation', async () => (await w.page.locator('.message').count()) === 5);
    await w.look('reading-pane-below');
    await choose('view.off');
    await w.tap(w.button('reader.back'));
    await w.row(ORDER).waitFor();
    await w.look('no-reading-pane');
  }
  await choose('view.mails');
  await w.row(`Re: ${ORDER}`).waitFor();
  await w.look('single-mails');
  for (const id of ['view.conversations', ...(w.narrow ? [] : ['view.right']), 'view.comfortable']) await choose(id);
}

async function byKey(w) {
  await w.page.locator('#list').focus();
  await w.press('?');
  await w.dialog().waitFor();
  await w.look('keys');
  await w.press('Escape', 'j', 'j', 'Enter');
  await w.page.locator('.message[data-open=true]').first().waitFor();
  await w.press('k');
  await until('it is read', async () => !(await w.page.locator('.row-open.row-unread').count()));
  await w.press('Shift+U');
  await w.toast('action.markedUnread').waitFor();
}

walk('reading', { prepare }, async (w) => {
  await w.look('list');
  const unread = async () => (await atServer(w.world)).filter((mail) => !mail.flags.includes('\\Seen')).length;
  const count = async () => Number(/^\((\d+)\) Postroom$/.exec(await w.page.title())?.[1]);
  await until('the badge', async () => (await count()) > 0);
  const before = await count();
  await conversation(w);
  await until('it is read at the server', async () => (await atServer(w.world)).filter((mail) => mail.subject.includes(ORDER)).every((mail) => mail.flags.includes('\\Seen')));
  await until('the badge to count less', async () => (await count()) === before - 1);
  assert.ok((await unread()) > 0);
  await grouping(w);
  await oneMail(w);
  await answered(w);
  await views(w);
  if (!w.narrow) await byKey(w);
});
