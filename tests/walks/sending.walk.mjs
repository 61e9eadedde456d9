// Sending by hand: taken back, sent later at a time of one's own, called off in the outbox, refused with its reason, and sent again.

import assert from 'node:assert/strict';

import { until } from '../blackbox/support/organisation.mjs';
import { arrives, close, composer, discard, editor, foldersOpen, mailsThere, newLetter, preferences } from './support/composer.mjs';
import { walk } from './support/walk.mjs';

const JAMES = 'james.okafor@northlight.example';
const HASTY = 'Too hasty', LATER = 'יום שני: 展台 14B', REFUSED = 'Refused once';

/* Time enough to look at what can still be taken back. */
const prepare = async (world) => { await preferences(world, { undoSendSeconds: 30 }); };

const outgoing = (w, subject) => w.dialog().locator('.outgoing', { hasText: subject });
const send = (w) => w.tap(w.button('compose.send', { within: composer(w) }));

async function outbox(w) {
  await w.tap((await foldersOpen(w)).locator('.outbox-link'));
  await w.dialog().getByRole('heading', { name: w.t('compose.outbox') }).waitFor();
}

async function later(w, item) {
  await w.tap(w.button('compose.sendLater', { within: composer(w) }));
  await w.page.getByRole('menu').waitFor();
  if (item === 'compose.laterOther') await w.look('times');
  await w.tap(w.button(item, { role: 'menuitem', exact: false }));
}

async function takenBack(w) {
  await newLetter(w, { to: JAMES, subject: HASTY, words: 'I should not say this.' });
  await send(w);
  const sending = w.toast('compose.sending');
  await sending.waitFor();
  await w.look('sending');
  await w.tap(w.button('common.undo', { within: sending }));
  await until('the letter again', async () => /should not say/.test(await editor(w).innerText().catch(() => '')));
  await w.toast('compose.sendUndone').waitFor();
  await w.look('taken-back');
  await mailsThere(w, 'Drafts', HASTY);
  await discard(w);
  await mailsThere(w, 'Drafts', HASTY, 0);
}

async function forLater(w) {
  await newLetter(w, { to: JAMES, subject: LATER, words: 'See you there.' });
  await later(w, 'compose.laterOther');
  await w.field('compose.day', { within: w.dialog() }).fill('2020-01-01');
  await w.tap(w.button('compose.schedule', { within: w.dialog() }));
  /* The browser itself says what is wrong with the day. */
  const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  await w.field('compose.day', { within: w.dialog() }).fill(day);
  await w.field('compose.time', { within: w.dialog() }).fill('09:15');
  await w.look('a-time-of-ones-own');
  await w.tap(w.button('compose.schedule', { within: w.dialog() }));
  await w.page.locator('.composer').waitFor({ state: 'detached' });
  await w.look('scheduled');
  await mailsThere(w, 'Drafts', LATER);
  await (await foldersOpen(w)).locator('.outbox-link').waitFor();
  await w.look('way-to-the-outbox');
  await w.tap(w.page.locator('.sidebar .outbox-link'));
  await outgoing(w, LATER).waitFor();
  await w.look('outbox');
  await w.tap(w.button('compose.cancelAndEdit', { within: outgoing(w, LATER) }));
  await until('the letter', async () => (await w.field('compose.subject', { within: composer(w) }).inputValue().catch(() => '')) === LATER);
  await close(w);
  await until('nothing on its way', async () => (await w.page.locator('.outbox-link').count()) === 0);
  await mailsThere(w, 'Drafts', LATER);
}

async function refused(w) {
  const { org, person } = w.world;
  await org.control('addFault', { service: 'smtp', kind: 'reply', person: person.mail, command: 'DATA', reply: '554 5.2.252 SendAsDenied; not allowed to send as this sender', times: 1 });
  await newLetter(w, { to: JAMES, subject: REFUSED, words: 'Some words.' });
  await later(w, 'compose.laterMorning');
  await w.page.locator('.composer').waitFor({ state: 'detached' });
  await outbox(w);
  await w.tap(w.button('compose.sendNow', { within: outgoing(w, REFUSED) }));
  await outgoing(w, REFUSED).and(w.page.locator('[data-state=failed]')).waitFor({ timeout: 40000 });
  await w.tap(outgoing(w, REFUSED).locator('summary'));
  await outgoing(w, REFUSED).getByText('SendAsDenied').waitFor();
  await w.look('refused');
  await w.tap(w.button('common.close', { within: w.dialog() }).first());
  await w.page.locator('dialog[open]').waitFor({ state: 'detached' });
  await foldersOpen(w);
  await w.look('refused-seen-from-the-folders');
  await w.tap(w.page.locator('.sidebar .outbox-link'));
  await w.tap(w.button('compose.retry', { within: outgoing(w, REFUSED) }));
  await arrives(w, JAMES, REFUSED);
  await outgoing(w, REFUSED).waitFor({ state: 'detached' });
  await w.look('outbox-empty');
  assert.equal(await w.page.locator('.outgoing').count(), 0);
  await mailsThere(w, 'Sent Items', REFUSED);
}

walk('sending', { prepare }, async (w) => {
  await takenBack(w);
  await forLater(w);
  await refused(w);
});
