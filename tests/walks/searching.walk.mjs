// Searching by hand: completion, chips, hits that are marked, the best first, recent searches, mistakes, and searches that find nothing.

import assert from 'node:assert/strict';

import { ROW } from '../blackbox/support/browser.mjs';
import { deliver } from '../blackbox/support/desk.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

async function prepare(world) {
  const { org, client, postroom } = world;
  await deliverAll(world, [
    { subject: 'Zeppelin invoice', minutes: 9, body: 'The invoice for the zeppelin.' },
    { subject: 'Minutes of Monday', minutes: 8, body: 'We also spoke of the zeppelin, at the very end, after everything else that had to be said.' },
    { subject: 'הצעת מחיר למנורות', minutes: 7, from: 'דנה לוי <dana.levi@lights.example>', body: 'מצורפת הצעת מחיר לשתים עשרה מנורות zeppelin.' },
    { subject: '灯具报价', minutes: 6, from: '王小明 <wang@lights.example>', body: '附件是十二盏灯的报价。' },
    { subject: 'Kept apart', minutes: 5, body: 'A walrus sleeps.', folder: 'Newsletters', flags: ['\\Seen'] },
  ]);
  const james = org.person('james.okafor@northlight.example');
  await client.linked(james);
  await deliver(org, james, 'Only with James', { text: 'The okapi is awake.' });
  await postroom.settled(james.mail);
}

const box = (w) => w.page.locator('#search');
const offer = (w, text) => w.page.locator('#search-offers [role=option]', { hasText: text });
const asked = (w) => new URL(w.page.url()).searchParams.get('q') ?? '';
const enough = (w, text) => until(text, () => asked(w) === text);

async function clear(w) {
  if (await w.button('search.clear').count()) await w.tap(w.button('search.clear'));
  await w.tap(box(w));
}

async function type(w, text) {
  await clear(w);
  await box(w).pressSequentially(text);
}

async function completion(w) {
  await w.tap(box(w));
  await box(w).pressSequentially('fr');
  await offer(w, 'from:').first().waitFor();
  await w.look('fields');
  await w.tap(offer(w, 'from:').first());
  await box(w).pressSequentially('דנ');
  await offer(w, 'דנה').first().waitFor();
  await w.look('people');
  await w.tap(offer(w, 'דנה').first());
  await w.page.locator('.search-chip', { hasText: 'dana.levi' }).waitFor();
  await box(w).pressSequentially('is:');
  await offer(w, 'is:unread').waitFor();
  await w.look('states');
  await w.tap(offer(w, 'is:unread'));
  await enough(w, 'from:dana.levi@lights.example is:unread');
  await w.row('הצעת מחיר').waitFor();
  await box(w).press('Enter');
  await w.look('chips');
  await w.tap(w.button('search.removeTerm', { values: { text: 'is:unread' } }));
  await enough(w, 'from:dana.levi@lights.example');
}

async function hits(w) {
  await type(w, 'zeppelin');
  await w.row('Zeppelin invoice').locator('mark').first().waitFor();
  await box(w).press('Enter');
  await w.page.locator('.search-popup').waitFor({ state: 'detached' });
  const subjects = () => w.page.locator(`${ROW} .row-subject`).allInnerTexts();
  assert.equal((await subjects()).length, 3);
  await w.look('hits');
  await w.tap(w.button('search.bestFirst'));
  await until('the subject before the text', async () => (await subjects())[0] === 'Zeppelin invoice');
  await w.tap(w.row('הצעת מחיר'));
  await w.page.locator('.reader-subject', { hasText: 'הצעת' }).waitFor();
  await w.look('hit-opened');
  await w.backToList();
  await type(w, '报价');
  await w.row('灯具报价').waitFor();
  assert.equal((await subjects()).length, 1);
}

async function nothing(w) {
  await type(w, 'okapi');
  await box(w).press('Enter');
  const wider = w.page.locator('.widen button');
  await wider.first().waitFor();
  await w.look('nothing-here');
  await w.tap(wider.filter({ hasText: w.t('search.allAccounts') }));
  await w.row('Only with James').waitFor();
  await w.look('in-all-accounts');
  await type(w, 'zeppelin submarine');
  await wider.filter({ hasText: 'submarine' }).waitFor();
  await box(w).press('Enter');
  await w.look('without-a-word');
  await w.tap(wider.filter({ hasText: w.t('widen.without', { term: 'submarine' }) }));
  await w.row('Zeppelin invoice').waitFor();
  await type(w, 'submarine');
  await w.text('widen.nothing').waitFor();
  await type(w, 'form:anna zeppelin');
  await w.text('mistake.title').waitFor();
  await box(w).press('Enter');
  await w.look('mistake');
  assert.equal(await w.page.locator('.mistake em').innerText(), 'form:');
}

async function recent(w) {
  await type(w, 'has:attachment after:30d ');
  await w.page.locator('.search-chip').nth(1).waitFor();
  await box(w).press('Enter');
  await clear(w);
  await offer(w, 'zeppelin').first().waitFor();
  await w.look('recent');
  await w.tap(offer(w, 'has:attachment after:30d').locator('bdi'));
  await enough(w, 'has:attachment after:30d');
  await w.page.locator(ROW).first().waitFor();
  await w.look('again');
  await clear(w);
  await w.tap(offer(w, 'okapi').first().locator('.search-forget'));
  await offer(w, 'okapi').first().waitFor({ state: 'detached' });
}

walk('searching', { prepare }, async (w) => {
  await completion(w);
  await hits(w);
  await nothing(w);
  await recent(w);
});
