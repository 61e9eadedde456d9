// Organising by hand: labels, notes and to-dos beside one conversation and beside many, what is to be done, and searches that are kept.

import assert from 'node:assert/strict';

import { until } from '../blackbox/support/organisation.mjs';
import { deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

const LAMPS = 'Lamp order 4711', FAIR = 'Fair in Milan', HALL = 'אולם התצוגה';
const prepare = (world) => deliverAll(world, [
  { subject: 'Glass for the lamps', minutes: 4, flags: ['\\Seen'], body: 'The glass arrives on Monday.' },
  { subject: HALL, minutes: 3, from: 'דנה לוי <dana.levi@lights.example>', body: 'האולם פנוי ביום שני.' },
  { subject: FAIR, minutes: 2, body: 'Tickets are booked.' },
  { subject: LAMPS, minutes: 1, body: 'Please confirm the lamps.' },
]);

const day = (days) => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10);
const list = async (w, type) => (await w.world.client.call(`${type}/get`, { accountId: w.world.account, ids: null })).list;
const panel = (w) => w.page.locator('.notes-panel');
const face = (w, subject) => w.row(subject).locator('.row-face');
const ticked = async (w, ...subjects) => {
  await w.backToList();
  for (const subject of subjects) await w.tap(face(w, subject));
};

async function newLabel(w, name) {
  const field = w.field('label.filter', { within: w.dialog() });
  await field.fill(name);
  await w.tap(w.button('label.create', { within: w.dialog(), values: { name } }));
  await w.dialog().getByRole('checkbox', { name, checked: true }).waitFor();
}

async function labels(w) {
  await w.open(FAIR);
  await w.tap(w.button('label.button', { within: panel(w) }));
  await w.look('no-labels');
  await newLabel(w, 'תערוכות ויריד');
  await newLabel(w, '重要客户');
  await newLabel(w, 'Wird bei Gelegenheit geprüft, aber vielleicht erst später');
  await w.look('label-dialog');
  await w.tap(w.button('label.done', { within: w.dialog() }));
  await w.look('labelled');
  await w.backToList();
  await w.row(FAIR).locator('.label-chip').first().waitFor();
  await w.look('labels-in-the-list');
  assert.deepEqual(await w.page.locator('.row .label-chips').evaluateAll((nodes) => nodes.filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.textContent)), [], 'labels are shortened, not cut');
  const found = await list(w, 'Label');
  assert.deepEqual(found.map((one) => one.name).sort().slice(1), ['תערוכות ויריד', '重要客户']);
  await ticked(w, FAIR, HALL);
  await w.tap(w.button('label.button', { within: w.page.locator('.selection-bar') }));
  const box = w.dialog().getByRole('checkbox', { name: 'תערוכות' });
  assert.equal(await box.getAttribute('aria-checked'), 'mixed');
  await w.look('labels-of-two');
  await w.tap(box);
  await w.row(HALL).locator('.label-chip', { hasText: 'תערוכות' }).waitFor();
  await w.tap(w.button('label.done', { within: w.dialog() }));
  const keyword = found.find((one) => one.name.startsWith('תער')).keyword;
  await until('both have it', async () => (await w.world.client.call('Email/query', { accountId: w.world.account, filter: { hasKeyword: keyword } })).ids.length === 2);
  await w.tap(w.button('selection.clear', { within: w.page.locator('.selection-bar') }));
}

async function notes(w) {
  await w.open(LAMPS);
  await w.tap(w.button('note.add', { within: panel(w) }));
  await w.look('note-editor');
  await w.field('note.text', { within: panel(w) }).fill('להתקשר ל-Beatrice על השטיח.\nShe is in on Mondays.');
  await w.tap(w.button('note.save', { within: panel(w) }));
  await panel(w).locator('.note-text', { hasText: 'Mondays' }).waitFor();
  await w.tap(w.button('todo.add', { within: panel(w) }));
  await w.field('todo.text', { within: panel(w) }).fill('Confirm the lamps');
  await w.tap(w.button('todo.today', { within: panel(w) }));
  await w.look('todo-editor');
  await w.tap(w.button('note.save', { within: panel(w) }));
  await panel(w).locator('.todo-text', { hasText: 'Confirm' }).waitFor();
  await w.look('note-and-todo');
  await w.tap(panel(w).locator('.todo input[type=checkbox]'));
  await until('it is done', async () => (await list(w, 'Todo'))[0].isDone);
  await w.tap(panel(w).locator('.todo input[type=checkbox]'));
  await until('it is not', async () => !(await list(w, 'Todo'))[0].isDone);
  await w.tap(w.button('note.edit', { within: panel(w) }));
  await w.field('note.text', { within: panel(w) }).fill('The carpet is settled.');
  await w.tap(w.button('note.save', { within: panel(w) }));
  await panel(w).locator('.note-text', { hasText: 'is settled' }).waitFor();
  await w.tap(w.button('note.remove', { within: panel(w) }));
  await w.toast('note.removed').waitFor();
  await w.tap(w.button('common.undo', { within: w.toast('note.removed') }));
  await panel(w).locator('.note-text', { hasText: 'is settled' }).waitFor();
  await w.backToList();
  await w.row(LAMPS).locator('.todo-today').waitFor();
  await w.look('marks-in-the-list');
}

async function besideMany(w) {
  await ticked(w, FAIR, HALL, 'Glass for the lamps');
  await w.tap(w.button('action.more', { within: w.page.locator('.selection-bar') }));
  await w.tap(w.item('todo.add'));
  await w.field('todo.text', { within: w.dialog() }).fill('להזמין כרטיסים למילאנו');
  await w.tap(w.button('todo.tomorrow', { within: w.dialog() }));
  await w.look('todo-beside-three');
  await w.tap(w.button('note.save', { within: w.dialog() }));
  await w.toast('todo.added', { count: 3 }).waitFor();
  assert.equal((await list(w, 'Todo')).filter((one) => one.due === day(1)).length, 3);
  await w.tap(w.button('common.undo', { within: w.toast('todo.added', { count: 3 }) }));
  await until('one is left', async () => (await list(w, 'Todo')).length === 1);
  if (await w.button('selection.clear', { within: w.page.locator('.selection-bar') }).count()) await w.tap(w.button('selection.clear', { within: w.page.locator('.selection-bar') }));
}

async function toDo(w) {
  const { client, account } = w.world;
  const [self] = (await client.call('Person/get', { accountId: account, ids: null })).list.filter((one) => one.isSelf);
  const [emailId] = (await client.call('Email/query', { accountId: account, filter: { subject: 'Milan' } })).ids;
  await client.call('Todo/set', { accountId: account, create: { a: { emailId, text: 'להזמין את הרכבת ל-Milano', due: day(-3), personId: self.id }, b: { emailId, text: 'Somebody waters the plants, the tall ones beside the door as well as the small ones that stand on the sill', due: day(9) } } });
  await w.tap((await w.folders()).getByRole('link', { name: w.t('todo.mine') }));
  const entry = (text) => w.page.locator('.todos .todo', { hasText: text });
  const filter = (id) => w.button(id, { within: w.page.locator('.todos-filters') });
  await entry('הרכבת').waitFor();
  await w.look('my-to-dos');
  await w.tap(filter('todo.filter.everybody'));
  await entry('waters the plants').waitFor();
  await w.look('everybodys-to-dos');
  await w.tap(filter('todo.overdue'));
  await until('one', async () => (await w.page.locator('.todos .todo').count()) === 1);
  await w.tap(entry('הרכבת').locator('input'));
  await until('it is done', async () => (await list(w, 'Todo')).find((one) => one.text.includes('הרכבת')).isDone);
  await w.tap(filter('todo.filter.done'));
  await w.tap(filter('todo.filter.any'));
  await entry('הרכבת').waitFor();
  await w.look('done');
  await w.tap(filter('todo.filter.open'));
  await w.tap(filter('todo.later'));
  await w.tap(entry('waters the plants').locator('.todo-link'));
  await w.page.locator('.reader-subject', { hasText: FAIR }).waitFor();
}

async function kept(w) {
  await w.backToList();
  await w.page.locator('#search').fill('from:priya@museum.example ');
  await w.page.locator('.search-chip').waitFor();
  await w.tap(w.button('saved.save'));
  await w.field('saved.name', { within: w.dialog() }).fill('Priya, 博物馆');
  await w.look('save-a-search');
  await w.tap(w.button('note.save', { within: w.dialog() }));
  await w.toast('saved.done', { name: 'Priya, 博物馆' }).waitFor();
  const sidebar = await w.folders();
  const entry = sidebar.locator('.saved-search', { hasText: '博物馆' });
  await until('a count', async () => Number((await entry.locator('.mailbox-badge').innerText().catch(() => '')).replace(/\D/g, '')) >= 2);
  await w.look('kept-search');
  if (!w.narrow) await entry.hover();
  await w.tap(w.button('saved.more', { within: entry, values: { name: 'Priya, 博物馆' } }));
  await w.look('menu-of-a-search');
  await w.tap(w.item('saved.edit'));
  await w.field('saved.name', { within: w.dialog() }).fill('Museum');
  await w.tap(w.button('note.save', { within: w.dialog() }));
  await w.tap(sidebar.locator('.saved-search', { hasText: 'Museum' }).locator('.mailbox'));
  await w.row('Glass for the lamps').waitFor();
  await w.look('what-it-finds');
}

walk('organising', { prepare }, async (w) => {
  await labels(w);
  await notes(w);
  await besideMany(w);
  await toDo(w);
  await kept(w);
});
