// kill -9 at random moments of a first sync and of sending: nothing is lost, nothing comes twice. KILLS=200 in the soak.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const KILLS = Number(process.env.KILLS ?? 20);
let seed = Number(process.env.SEED ?? 20261121);

/** mulberry32: the same moments in every run. */
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

let org, anna, james;

before(async () => {
  org = await startOrganisation();
  anna = org.person('main');
  james = org.person('james.okafor@northlight.example');
}, { timeout: 60000 });

after(() => org?.close());

async function fresh() {
  const postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  return postroom;
}

const messageIds = async (person, folder) => (await org.control('messages', { person, folder })).map((m) => m.messageId).sort();

test(`first sync, killed ${KILLS} times`, { timeout: 900000 }, async (t) => {
  const postroom = await fresh();
  t.after(() => postroom.close());
  const account = await (await postroom.signIn()).linked(anna);
  let finished = 0;
  for (let i = 0; i < KILLS; i++) {
    await sleep(random() * 700);
    await postroom.kill();
    await postroom.serve();
    const status = postroom.status(anna.mail);
    if (status.state === 'idle' && status.mailboxes.every((m) => m.pending === 0)) finished++;
  }
  t.diagnostic(`${finished} of ${KILLS} kills came after the end of the sync`);
  const status = await postroom.settled(anna.mail);
  const client = await postroom.signIn();
  for (const { name, localCount, serverCount } of status.mailboxes) assert.equal(localCount, serverCount, name);
  const folders = status.mailboxes.filter((m) => m.localCount > 0);
  const boxes = (await client.call('Mailbox/get', { accountId: account, ids: null })).list;
  for (const { name } of folders) {
    const box = boxes.find((b) => b.name === name.split('/').pop());
    const { ids } = await client.call('Email/query', { accountId: account, filter: { inMailbox: box.id }, limit: 5000 });
    assert.equal(new Set(ids).size, ids.length);
    const { list } = await client.call('Email/get', { accountId: account, ids, properties: ['messageId', 'postroom:state'] });
    const here = list.map((e) => e.messageId?.[0] ?? null).sort();
    const there = (await messageIds(anna.mail, name)).map((id) => id?.trim().replace(/^<|>$/g, '') ?? null).sort();
    assert.deepEqual(here, there, name);
  }
});

test(`sending, killed ${KILLS} times`, { timeout: 900000 }, async (t) => {
  const postroom = await fresh();
  t.after(() => postroom.close());
  const account = await (await postroom.signIn()).linked(anna, { since: '2026-11-20' });
  await postroom.settled(anna.mail);
  const acknowledged = [];
  for (let i = 0; i < KILLS; i++) {
    const client = await postroom.signIn();
    const boxes = await client.mailboxes(account);
    const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
    const subject = `Kill ${i} of ${KILLS}`;
    const results = await client.calls([
      ['Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: anna.mail }], to: [{ email: james.mail }], subject, textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'x'.repeat(20000) } } } } }],
      ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: identity.id } },
        onSuccessUpdateEmail: { '#s': { [`mailboxIds/${boxes.drafts.id}`]: null, [`mailboxIds/${boxes.sent.id}`]: true, 'keywords/$draft': null } } }],
    ]);
    assert.ok(results[1][1].created?.s, JSON.stringify(results));
    acknowledged.push(subject);
    await sleep(random() * 250);
    await postroom.kill();
    await postroom.serve();
  }
  const count = (list, subject) => list.filter((m) => m.subject === subject).length;
  let arrived = [];
  await until('all of them to arrive', async () => {
    arrived = await org.control('messages', { person: james.mail });
    return acknowledged.every((s) => count(arrived, s) >= 1);
  }, { ms: 300000, every: 1000 });
  await sleep(5000);
  arrived = await org.control('messages', { person: james.mail });
  const sent = await org.control('messages', { person: anna.mail, folder: 'Sent Items' });
  for (const subject of acknowledged) {
    assert.equal(count(arrived, subject), 1, `arrived: ${subject}`);
    assert.equal(count(sent, subject), 1, `in Sent: ${subject}`);
  }
  await postroom.settled(anna.mail, { ms: 120000 });
  const drafts = await org.control('messages', { person: anna.mail, folder: 'Drafts' });
  assert.equal(drafts.filter((m) => m.subject?.startsWith('Kill ')).length, 0);
});
