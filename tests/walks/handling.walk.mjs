// What one does with mail by hand: flag, archive, delete, junk, move, one or many, all that match, each with Undo; and with the folders.

import assert from 'node:assert/strict';

import { until } from '../blackbox/support/organisation.mjs';
import { atServer, deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

const SHIPMENTS = [1, 2, 3, 4, 5, 6].map((n) => ({ subject: `Shipment ${n} of 6`, minutes: 20 - n, flags: n % 2 ? [] : ['\\Seen'] }));
const prepare = (world) => deliverAll(world, SHIPMENTS);

const has = async (w, subject, folder) => (await atServer(w.world, folder)).some((one) => one.subject === subject);
const flagsOf = async (w, subject) => (await atServer(w.world)).find((one) => one.subject === subject)?.flags ?? [];
const bar = (w) => w.page.locator('.reader-bar');
const gone = (w, subject) => w.row(subject).waitFor({ state: 'detached' });
/* On a telephone the bar of the list has some of its actions behind "More", as one finds them there. */
const undo = (w, toast) => w.tap(w.button('common.undo', { within: toast }));

async function act(w, id, within = bar(w)) {
  const control = w.button(id, { within });
  if (await control.isVisible()) return w.tap(control);
  await w.tap(w.button('action.more', { within }));
  return w.tap(w.item(id));
}

async function withOne(w) {
  await w.open('Shipment 1 of 6');
  await act(w, 'action.flag');
  await until('the flag at the server', async () => (await flagsOf(w, 'Shipment 1 of 6')).includes('\\Flagged'));
  await w.tap(w.button('action.more', { within: bar(w) }));
  await w.look('more-of-a-conversation');
  await w.tap(w.item('action.junk'));
  const junked = w.toast('action.junked', { count: 1 });
  await junked.waitFor();
  await w.look('junked');
  await until('it in Junk', () => has(w, 'Shipment 1 of 6', 'Junk Email'));
  await w.goTo(w.t('mailbox.junk'));
  await w.open('Shipment 1 of 6');
  await act(w, 'action.notJunk');
  await until('it in the inbox', () => has(w, 'Shipment 1 of 6'));
  await w.goTo(w.t('mailbox.inbox'));
  await w.row('Shipment 1 of 6').locator('.row-starred').waitFor();

  await w.open('Shipment 2 of 6');
  await act(w, 'action.archive');
  await gone(w, 'Shipment 2 of 6');
  await until('it in the archive', () => has(w, 'Shipment 2 of 6', 'Archive'));
  await undo(w, w.toast('action.archived', { count: 1 }));
  await w.backToList();
  await w.row('Shipment 2 of 6').waitFor();
  await until('it in the inbox', () => has(w, 'Shipment 2 of 6'));

  await w.open('Shipment 3 of 6');
  await act(w, 'action.delete');
  await until('it in the trash', () => has(w, 'Shipment 3 of 6', 'Deleted Items'));
  await undo(w, w.toast('action.trashed', { count: 1 }));
  await w.backToList();
  await w.row('Shipment 3 of 6').waitFor();
  await w.open('Shipment 3 of 6');
  await act(w, 'action.markUnread');
  await until('it unread at the server', async () => !(await flagsOf(w, 'Shipment 3 of 6')).includes('\\Seen'));
}

async function moving(w) {
  await w.open('Shipment 4 of 6');
  await act(w, 'action.move');
  await w.look('move-dialog');
  await w.button('move.filter', { role: 'combobox', within: w.dialog() }).fill('germ');
  await w.tap(w.dialog().locator('#move-choices button').first());
  await w.toast('action.moved', { mailbox: 'Germany' }).waitFor();
  await until('it in Germany', () => has(w, 'Shipment 4 of 6', 'Customers/Germany'));
  await undo(w, w.toast('action.moved', { mailbox: 'Germany' }));
  await w.backToList();
  await w.row('Shipment 4 of 6').waitFor();
  if (w.narrow) return;
  /* By the pointer; on a telephone the dialog is the way. */
  const target = w.page.locator('.mailbox', { hasText: 'Newsletters' });
  if (w.width < 1100) return;
  await w.row('Shipment 4 of 6').dragTo(target);
  await until('it in Newsletters', () => has(w, 'Shipment 4 of 6', 'Newsletters'));
  await undo(w, w.toast('action.moved', { mailbox: 'Newsletters' }));
  await w.row('Shipment 4 of 6').waitFor();
}

const tools = (w) => w.page.locator('.selection-bar');
const face = (w, subject) => w.row(subject).locator('.row-face');

async function withMany(w) {
  for (const n of [4, 5, 6]) await w.tap(face(w, `Shipment ${n} of 6`));
  await w.look('three-ticked');
  await w.tap(w.button('action.more', { within: tools(w) }));
  await w.look('more-of-three');
  await w.tap(w.item('action.flag'));
  await until('three flags', async () => (await atServer(w.world)).filter((one) => /^Shipment [456]/.test(one.subject) && one.flags.includes('\\Flagged')).length === 3);
  await undo(w, w.toast('action.flagged'));
  await until('no flags', async () => !(await atServer(w.world)).some((one) => /^Shipment [456]/.test(one.subject) && one.flags.includes('\\Flagged')));
  await act(w, 'action.copyTo', tools(w));
  await w.button('move.filter', { role: 'combobox', within: w.dialog() }).fill('figures');
  await w.look('copy-dialog');
  await w.tap(w.dialog().locator('#move-choices button').first());
  await until('copies', async () => (await atServer(w.world, 'Projects/Figures')).filter((one) => /^Shipment/.test(one.subject)).length === 3);
  for (const n of [5, 6]) await w.tap(face(w, `Shipment ${n} of 6`));
  await act(w, 'action.archive', tools(w));
  const archived = w.toast('action.archived', { count: 2 });
  await archived.waitFor();
  await gone(w, 'Shipment 6 of 6');
  await undo(w, archived);
  await w.row('Shipment 6 of 6').waitFor();
}

async function withAll(w) {
  const unread = async () => (await w.world.client.mailboxes(w.world.account)).inbox.unreadEmails;
  const before = await unread();
  assert.ok(before > 3);
  await w.tap(w.button('selection.all', { within: w.page.locator('.title-bar') }));
  await w.look('all-here');
  await w.tap(w.page.locator('.everything button'));
  await w.look('all-that-match');
  await act(w, 'action.markRead', tools(w));
  await until('nothing unread', async () => (await unread()) === 0);
  await undo(w, w.toast('action.markedRead'));
  await until('as it was', async () => (await unread()) === before);
}

async function folders(w) {
  const sidebar = await w.folders();
  const entry = (name) => sidebar.locator('.mailbox-item', { hasText: name }).last();
  const names = () => w.world.org.control('folders', { person: w.world.person.mail });
  const menu = async (name) => {
    if (!(await sidebar.isVisible())) await w.folders();
    if (w.narrow) return w.tap(entry(name).locator('.mailbox-more'));
    return entry(name).locator('.mailbox').click({ button: 'right' });
  };
  await w.look('folders');
  if (!w.narrow) await sidebar.locator('.account-line').last().hover();
  await w.tap(w.button('folder.createIn', { values: { account: w.world.person.mail }, within: sidebar }));
  await w.field('folder.name', { within: w.dialog() }).fill('תערוכות 2027');
  await w.look('new-folder');
  await w.tap(w.button('folder.create', { within: w.dialog() }));
  await entry('תערוכות').waitFor();
  await until('it at the server', async () => (await names()).includes('תערוכות 2027'));
  await menu('תערוכות');
  await w.look('menu-of-a-folder');
  await w.tap(w.item('folder.move'));
  await w.dialog().getByRole('combobox').selectOption({ label: 'Customers' });
  await w.look('move-a-folder');
  await w.tap(w.button('folder.moveNow', { within: w.dialog() }));
  await until('it below Customers', async () => (await names()).includes('Customers/תערוכות 2027'));
  await menu('תערוכות');
  await w.tap(w.item('folder.favourite'));
  await sidebar.locator(`.account[aria-label="${w.t('favourites.name')}"] .mailbox`, { hasText: 'תערוכות' }).waitFor();
  await w.look('favourite');
  await menu('תערוכות');
  await w.tap(w.item('folder.delete'));
  await w.look('delete-a-folder');
  await w.tap(w.button('folder.delete', { within: w.dialog() }));
  await until('it gone at the server', async () => !(await names()).some((name) => name.includes('תערוכות')));
}

walk('handling', { prepare }, async (w) => {
  await withOne(w);
  await moving(w);
  await withMany(w);
  await withAll(w);
  await folders(w);
});
