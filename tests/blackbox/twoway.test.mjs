// Two editors of one mailbox, one here and one there, at random: afterwards both sides are the same to the byte, nothing is lost and
// nothing doubled. Against Dovecot (CONDSTORE, keywords) and the front that behaves like Exchange. Ids are the same after any round, also of what
// another client moved. ROUNDS, SEED: longer, other runs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addAccount } from './support/behind.mjs';
import { Editor } from './support/editor.mjs';
import { agrees } from './support/mirror.mjs';
import { sleep, startOrganisation } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SEED = Number(process.env.SEED ?? 20261121);
const STEPS = Number(process.env.STEPS ?? 12);

let org, postroom, client;

before(async () => {
  org = await startOrganisation(['--mails', '10']);
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  client = await postroom.signIn();
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

async function sameIds(editor, ids, when) {
  const later = await editor.ids();
  for (const [messageId, id] of ids) if (later.has(messageId)) assert.equal(later.get(messageId), id, `${when}: ${messageId} changed its id`);
}

/** Rounds of steps on both sides, some while the other side is still busy, each ending alike. */
async function edit(t, what, keywords) {
  const editor = new Editor(what, { seed: SEED, folders: ['INBOX', 'Archive', 'Deleted Items'], keywords, name: 'twoway', builds: true });
  t.after(() => editor.close());
  const mirror = { ...what, keywords };
  await postroom.settled(what.person.mail);
  for (let i = 0; i < 8; i++) await editor.deliver(editor.pick(editor.folders));
  await agrees(mirror);
  const ids = await editor.ids();
  for (const step of ['moveHere', 'flagThere', 'moveHere']) {
    const name = await editor.step([step]);
    await agrees(mirror);
    await sameIds(editor, ids, name);
  }
  for (let i = 0; i < 8; i++) {
    await editor.moveWithinThere();
    if (i % 2) await sleep(editor.random() * 200);
  }
  await agrees(mirror);
  await sameIds(editor, ids, 'moved within INBOX');
  let waited = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const names = [];
    for (let i = 0; i < STEPS; i++) {
      names.push(await editor.step());
      if (editor.random() < 0.3) await sleep(editor.random() * 400);
    }
    waited += await agrees(mirror, { ms: 60000 }).catch((error) => { throw new Error(`seed ${SEED}, round ${round} (${names}): ${error.message}`, { cause: error }); });
    await editor.nothingLostOrDoubled();
    editor.settled();
    await sameIds(editor, ids, `seed ${SEED}, round ${round} (${names})`);
  }
  t.diagnostic(`seed ${SEED}: ${ROUNDS} rounds of ${STEPS} steps; alike ${Math.round(waited / ROUNDS)} ms after the last step`);
}

test('at Dovecot', { timeout: 3600000 }, async (t) => {
  const person = org.person('workshop@lampworks.example');
  const account = await addAccount({ postroom, client, org, person });
  await edit(t, { postroom, client, account, org, person }, true);
});

test('at a server that behaves like Exchange', { timeout: 3600000 }, async (t) => {
  const person = org.person('james.okafor@northlight.example');
  const account = await client.linked(person);
  await edit(t, { postroom, client, account, org, person }, false);
});
