// kill -9 at random moments: during a first sync, while both sides change and letters go out, nothing is lost and nothing comes twice.
// KILLS=200 in the soak; SEED for other moments.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addAccount } from './support/behind.mjs';
import { Editor, numbers } from './support/editor.mjs';
import { agrees, here } from './support/mirror.mjs';
import { sleep, startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const KILLS = Number(process.env.KILLS ?? 10); // of each kind
const SEED = Number(process.env.SEED ?? 20261121);
const COMPARED = 5; // kills between two comparisons while work goes on
const PLAIN = 'workshop@lampworks.example';
const NO_MAIL = ['Calendar', 'Contacts', 'Conversation History', 'Files', 'Journal', 'Notes', 'Outbox', 'Sync Issues', 'Tasks'];

let org, anna, james;

before(async () => {
  org = await startOrganisation();
  anna = org.person('main');
  james = org.person('james.okafor@northlight.example');
}, { timeout: 300000 });

after(() => org?.close());

async function fresh() {
  const postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  return postroom;
}

async function linkedAnew(t) {
  const postroom = await fresh();
  t.after(() => postroom.close());
  return { postroom, account: await (await postroom.signIn()).linked(anna) };
}

test(`first sync, killed ${KILLS} times`, { timeout: 900000 }, async (t) => {
  const random = numbers(SEED);
  let during = 0;
  let { postroom, account } = await linkedAnew(t);
  for (let i = 0; i < KILLS; i++) {
    await sleep(random() * 250);
    await postroom.kill();
    await postroom.serve();
    const status = postroom.status(anna.mail);
    if (status.state !== 'idle' || status.mailboxes.some((m) => m.pending > 0)) {
      during++;
    } else if (i + 1 < KILLS) { // it was over: the next ones strike another
      await postroom.close();
      ({ postroom, account } = await linkedAnew(t));
    }
  }
  t.diagnostic(`${during} of ${KILLS} kills came during the sync`);
  assert.ok(during > 0);
  const status = await postroom.settled(anna.mail);
  for (const { name, localCount, serverCount } of status.mailboxes) assert.equal(localCount, serverCount, name);
  const what = { postroom, client: await postroom.signIn(), account, org, person: anna, keywords: false, ignore: NO_MAIL };
  await agrees(what);
  const ids = (await here(what.client, account, { bytes: false })).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

/** Sends as the page does; the letter's subject. */
async function send(client, account, subject) {
  const boxes = await client.mailboxes(account);
  const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
  const results = await client.calls([
    ['Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: james.mail }], to: [{ email: anna.mail }], subject, textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'x'.repeat(20000) } } } } }],
    ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: identity.id } },
      onSuccessUpdateEmail: { '#s': { [`mailboxIds/${boxes.drafts.id}`]: null, [`mailboxIds/${boxes.sent.id}`]: true, 'keywords/$draft': null } } }],
  ]);
  assert.ok(results[1][1].created?.s, JSON.stringify(results));
  return subject;
}

/** The working day of two mailboxes: James's at the Exchange-like service, where letters go out too, and the workshop's at Dovecot. */
async function mailboxesAtWork(t) {
  const postroom = await fresh();
  t.after(() => postroom.close());
  const client = await postroom.signIn();
  const linked = await client.linked(james);
  const plain = await addAccount({ postroom, client, org, person: org.person(PLAIN) });
  const both = [[james, linked, false], [org.person(PLAIN), plain, true]].map(([person, account, keywords], i) => {
    const what = { postroom, client, account, org, person, keywords, ignore: keywords ? [] : NO_MAIL };
    return { what, editor: new Editor(what, { seed: SEED + i, folders: ['INBOX', 'Archive', 'Deleted Items'], keywords, name: 'kill' }) };
  });
  t.after(() => both.forEach(({ editor }) => editor.close()));
  for (const { what, editor } of both) {
    await postroom.settled(what.person.mail);
    for (let i = 0; i < 6; i++) await editor.deliver(editor.pick(editor.folders));
    await agrees(what);
  }
  return { postroom, both, linked };
}

test(`live mailboxes and sending, killed ${KILLS} times`, { timeout: 3600000 }, async (t) => {
  const random = numbers(SEED + 1);
  const { postroom, both, linked } = await mailboxesAtWork(t);
  const letters = [];
  for (let i = 0; i < KILLS; i++) {
    const client = await postroom.signIn();
    for (const { what } of both) what.client = client;
    if (i % 2) letters.push(await send(client, linked, `Kill ${i} of ${KILLS}`));
    for (const { editor } of both) for (let steps = 0; steps < 3; steps++) await editor.step();
    await sleep(random() * 250);
    await postroom.kill();
    await postroom.serve();
    if ((i + 1) % COMPARED && i + 1 < KILLS) continue;
    await bothAgree(postroom, both);
    const ids = await Promise.all(both.map(({ editor }) => editor.ids()));
    await postroom.kill();
    await postroom.serve();
    await bothAgree(postroom, both);
    for (const [k, { editor }] of both.entries()) assert.deepEqual(await editor.ids(), ids[k]);
  }
  await lettersArrivedOnce(letters);
  await agrees(both[0].what, { ms: 120000 });
});

async function bothAgree(postroom, both) {
  const client = await postroom.signIn();
  for (const { what, editor } of both) {
    what.client = client;
    await agrees(what, { ms: 120000 });
    await editor.nothingLostOrDoubled();
    editor.settled();
  }
}

async function lettersArrivedOnce(letters) {
  const count = (list, subject) => list.filter((m) => m.subject === subject).length;
  const arrived = () => org.control('messages', { person: anna.mail });
  await until('all letters to arrive', async () => { const list = await arrived(); return letters.every((s) => count(list, s) >= 1); }, { ms: 300000, every: 1000 });
  const [list, sent, drafts] = [await arrived(), await org.control('messages', { person: james.mail, folder: 'Sent Items' }), await org.control('messages', { person: james.mail, folder: 'Drafts' })];
  for (const subject of letters) {
    assert.equal(count(list, subject), 1, `arrived: ${subject}`);
    assert.equal(count(sent, subject), 1, `in Sent: ${subject}`);
  }
  assert.equal(drafts.filter((m) => m.subject?.startsWith('Kill ')).length, 0);
}
