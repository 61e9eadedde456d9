// Drafts by hand: saved while one types, found again in Drafts, written on, one for each letter; found again after a reload, and offered to whoever begins anew.

import assert from 'node:assert/strict';

import { until } from '../blackbox/support/organisation.mjs';
import { close, composer, discard, editor, mailsThere, newLetter, saved, typeInto } from './support/composer.mjs';
import { deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

const PLAN = 'תוכנית הדוכן: draft 2 (12 m²)', QUESTION = 'May we see the 展台平面图?', LOST = 'Half a thought';
const prepare = (world) => deliverAll(world, [{ subject: QUESTION, minutes: 4, flags: ['\\Seen'], body: '<p>Dear Anna,</p><p>when can we have it?</p><p>Priya</p>' }]);

const text = async (w) => (await editor(w).innerText()).trim();
const holds = (w, words) => until(`"${words}" in the letter`, async () => (await text(w).catch(() => '')).includes(words));
const kept = async (w, subject) => (await w.world.client.call('Email/query', { accountId: w.world.account, filter: { hasKeyword: '$draft', subject } })).ids.length;

async function savedAndFound(w) {
  await newLetter(w, { to: 'james.okafor@northlight.example', subject: PLAN, words: 'Dear James, שלום, ' });
  await saved(w);
  await w.look('saved');
  await typeInto(w, 'here is the plan');
  await mailsThere(w, 'Drafts', PLAN);
  await close(w);
  await w.goTo(w.t('mailbox.drafts'));
  await w.row(PLAN).waitFor();
  await w.look('in-drafts');
  await w.tap(w.row(PLAN));
  await w.button('draft.edit').waitFor();
  await w.look('read');
  await w.tap(w.button('draft.edit'));
  await holds(w, 'here is the plan');
  await w.look('opened-again');
  await typeInto(w, ' of the stand.');
  await saved(w);
  assert.equal(await kept(w, 'draft 2'), 1);
  await close(w);
  await mailsThere(w, 'Drafts', PLAN);
  await until('all of it', async () => (await w.world.client.call('Email/query', { accountId: w.world.account, filter: { hasKeyword: '$draft', text: '"of the stand"' } })).ids.length === 1);
}

async function reloaded(w) {
  await newLetter(w, { subject: LOST, words: 'What I was going to say' });
  await until('the copy on this machine', () => w.page.evaluate(async () => {
    const database = await new Promise((resolve) => { const request = indexedDB.open('postroom-letters'); request.onsuccess = () => resolve(request.result); });
    const all = await new Promise((resolve) => { const request = database.transaction('letters').objectStore('letters').getAll(); request.onsuccess = () => resolve(request.result); });
    database.close();
    return all.some((copy) => copy.letter.html.includes('was going to say'));
  }));
  await w.page.reload();
  const offer = w.toast('compose.recovered', { subject: LOST });
  await offer.waitFor();
  await w.look('after-a-reload');
  assert.equal(await w.page.locator('.toast').count(), 1, 'what was saved is not offered');
  await w.tap(w.button('draft.edit', { within: offer }));
  await holds(w, 'What I was going to say');
  await saved(w);
  assert.equal(await kept(w, LOST), 1);
  await discard(w, 'discard');
  await w.toast('compose.discarded').waitFor();
  await mailsThere(w, 'Drafts', LOST, 0);
}

const reply = (w) => w.tap(w.button('action.reply', { within: w.page.locator('.message[data-open=true]').last() }).last());

async function useTheDraft(w) {
  await w.goTo(w.t('mailbox.inbox'));
  await w.open(QUESTION);
  await reply(w);
  await editor(w).waitFor();
  await typeInto(w, 'On Friday');
  await saved(w);
  await close(w);
  await w.page.locator('.message-draft', { hasText: 'On Friday' }).waitFor();
  await w.look('draft-in-its-conversation');
  await reply(w);
  await w.dialog().waitFor();
  await w.look('use-the-draft');
  await w.tap(w.button('compose.useDraft', { within: w.dialog() }));
  await holds(w, 'On Friday');
  await discard(w);
}

async function sameRecipients(w) {
  await newLetter(w, { to: 'james.okafor@northlight.example' });
  const use = w.button('compose.useDraft', { within: composer(w) });
  await use.waitFor();
  await w.look('same-recipients');
  await w.tap(use);
  await holds(w, 'here is the plan of the stand.');
  assert.equal(await w.page.locator('.composer').count(), 1);
  await close(w);
  assert.equal(await kept(w, 'draft 2'), 1);
}

walk('drafts', { prepare }, async (w) => {
  await savedAndFound(w);
  await reloaded(w);
  await useTheDraft(w);
  await sameRecipients(w);
});
