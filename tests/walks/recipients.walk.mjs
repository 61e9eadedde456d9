// Whom a letter goes to and whom it is from, by hand: a group, people of past mail, pasted lists with mistakes, Cc, and an address that is proven first.

import assert from 'node:assert/strict';

import { until } from '../blackbox/support/organisation.mjs';
import { arrives, closed, composer, editor, newLetter, preferences } from './support/composer.mjs';
import { walk } from './support/walk.mjs';

const ALIAS = 'sales@northlight.example', GROUP = 'יריד Fair 展会';
const prepare = async (world) => { await preferences(world, { undoSendSeconds: 0 }); return {}; };

const settings = async (w, section) => {
  await w.page.goto(`${w.world.postroom.url}/settings/${section}`);
  await w.page.locator('.settings-content h1').waitFor();
};
const back = async (w) => {
  await w.page.goto(w.world.postroom.url);
  await w.page.locator('.row').first().waitFor();
};
const to = (w) => w.field('compose.to', { within: composer(w) });
const chips = (w) => composer(w).locator('.chip');

async function group(w) {
  await settings(w, 'contacts');
  await w.tap(w.button('compose.groupNew'));
  await w.field('compose.groupName', { within: w.dialog() }).fill(GROUP);
  await w.dialog().locator('textarea').fill('James Okafor <james.okafor@northlight.example>\nnobody\nmaeve.oneill@northlight.example');
  await w.dialog().locator('.field-error').first().waitFor();
  await w.look('group-with-a-mistake');
  await w.dialog().locator('textarea').fill('James Okafor <james.okafor@northlight.example>\nmaeve.oneill@northlight.example');
  await w.tap(w.button('compose.groupSave', { within: w.dialog() }));
  await w.page.locator('.plain-list li', { hasText: GROUP }).waitFor();
  await w.look('groups');
}

async function people(w) {
  await back(w);
  await newLetter(w);
  await to(w).pressSequentially('priya');
  await composer(w).locator('.suggestion').first().waitFor();
  await w.look('people-of-past-mail');
  await w.tap(composer(w).locator('.suggestion').first());
  assert.equal(await chips(w).count(), 1);
  await to(w).pressSequentially('Fair');
  await w.tap(composer(w).locator('.suggestion', { hasText: GROUP }).first());
  await until('the group', async () => (await chips(w).count()) >= 2);
  await w.look('a-group');
  await to(w).fill('Ada <ada@example.org>, ben@example.org; no-address, clara@');
  await w.press('Enter');
  await composer(w).locator('.recipient-mistakes').waitFor();
  assert.equal(await composer(w).locator('.chip-bad').count(), 2);
  await w.look('mistakes-pointed-at');
  await w.tap(w.button('compose.showCc', { within: composer(w) }));
  await w.field('compose.cc', { within: composer(w) }).fill('maeve.oneill@northlight.example');
  await w.press('Enter');
  await w.look('copy-to');
  /* Nothing is written: it goes without a question. */
  await w.tap(w.button('compose.discard', { within: composer(w) }));
  await closed(w);
}

async function alias(w) {
  await settings(w, 'identities');
  await w.tap(w.button('writing.identityNew'));
  await w.field('writing.address', { within: w.dialog() }).fill(ALIAS);
  await w.field('writing.senderName', { within: w.dialog() }).fill('Northlight 销售 מכירות');
  await w.look('another-address');
  await w.tap(w.button('writing.identityAdd', { within: w.dialog() }));
  const card = w.page.locator('.card', { hasText: ALIAS });
  await card.waitFor();
  const { client, account } = w.world;
  await until('the proof', async () => (await client.call('Identity/get', { accountId: account, ids: null })).list.find((one) => one.email === ALIAS)?.['postroom:verification'] === null);
  await card.locator('.writing-proof').waitFor({ state: 'detached' });
  await w.look('proven');
  await back(w);
  await newLetter(w, { to: 'james.okafor@northlight.example', subject: 'From the other address', words: 'Some words.' });
  const from = w.field('compose.from', { within: composer(w), exact: false });
  await from.selectOption(await from.locator('option', { hasText: ALIAS }).getAttribute('value'));
  await w.look('from-the-other');
  await w.tap(w.button('compose.send', { within: composer(w) }));
  await editor(w).waitFor({ state: 'detached' });
  await arrives(w, 'james.okafor@northlight.example', 'From the other address');
  const { ids } = await client.call('Email/query', { accountId: account, filter: { subject: 'From the other address', inMailbox: (await client.mailboxes(account)).sent.id } });
  const { list: [sent] } = await client.call('Email/get', { accountId: account, ids, properties: ['from'] });
  assert.equal(sent.from[0].email, ALIAS);
}

walk('recipients', { prepare }, async (w) => {
  await group(w);
  await people(w);
  await alias(w);
});
