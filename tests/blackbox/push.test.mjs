// Push subscriptions with a real receiver: it verifies, decrypts and hears of mail; retries, ends, and what is refused.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { sleep, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { makeKeys, startReceiver } from './support/receiver.mjs';

let linked, receiver, postroom, client, account;

before(async () => {
  receiver = await startReceiver();
  linked = await startLinked('james.okafor@northlight.example', { mails: 3, config: { 'push.ca_file': receiver.caFile } });
  ({ postroom, client, account } = linked);
}, { timeout: 300000 });

after(async () => {
  await linked?.close();
  await receiver?.close();
});

const set = (args, who = client) => who.call('PushSubscription/set', args);
const list = async (who = client) => (await who.call('PushSubscription/get', { ids: null })).list;

/** A subscription whose code has come: { id, path, code }. */
async function subscribe(where, { who = client, ...more } = {}) {
  const { created, notCreated } = await set({ create: { k: { deviceClientId: 'test', url: receiver.url(where), ...more } } }, who);
  assert.ok(created?.k, JSON.stringify(notCreated));
  const { json } = await receiver.wait(where, 'PushVerification');
  assert.equal(json.pushSubscriptionId, created.k.id);
  return { id: created.k.id, path: where, code: json.verificationCode, created: created.k };
}

async function subscribed(where, more) {
  const push = await subscribe(where, more);
  const { updated } = await set({ update: { [push.id]: { verificationCode: push.code } } }, more?.who);
  assert.deepEqual(updated, { [push.id]: null });
  return push;
}

let mails = 0;
const arrive = () => linked.org.control('append', { person: linked.person.mail, folder: 'INBOX', message: `Message-ID: <push${++mails}@test>\nSubject: Push ${mails}\n\nText\n` });
const state = async (type) => (await client.call(`${type}/get`, { accountId: account, ids: [] })).state;

test('RFC 8620, 7.2: a client verifies, and hears of mail in encrypted messages', { timeout: 180000 }, async () => {
  const keys = makeKeys();
  receiver.keys.set('/phone?device=1', keys);
  const before = Date.now();
  const push = await subscribe('/phone?device=1', { keys: keys.keys, types: ['Email', 'EmailDelivery', 'Todo'] });
  const [asked] = receiver.of(push.path, 'PushVerification');
  assert.equal(asked.method, 'POST');
  assert.equal(asked.headers['content-type'], 'application/json');
  assert.equal(asked.headers['content-encoding'], 'aes128gcm');
  assert.match(asked.headers.ttl, /^\d+$/);
  assert.ok(Number(asked.headers.ttl) > 0);
  assert.ok(asked.at - before < 30000);
  assert.ok(push.code.length >= 22);
  assert.ok(!asked.raw.includes(push.code));
  assert.equal((await list()).find((p) => p.id === push.id).verificationCode, null);
  // Nothing more goes out before the code came back, and a guess does not count.
  await arrive();
  await until('the mail', async () => (await client.call('Email/query', { accountId: account, filter: { subject: `Push ${mails}` } })).ids.length === 1);
  const { notUpdated } = await set({ update: { [push.id]: { verificationCode: `${push.code.slice(1)}A` } } });
  assert.deepEqual([notUpdated[push.id].type, notUpdated[push.id].properties], ['invalidProperties', ['verificationCode']]);
  await sleep(1500);
  assert.equal(receiver.seen.filter((m) => m.path === push.path).length, 1);
  await set({ update: { [push.id]: { verificationCode: push.code } } });
  assert.equal((await list()).find((p) => p.id === push.id).verificationCode, push.code);
  // What changed while the code was on its way is told first; then mail that arrives.
  const first = await receiver.wait(push.path, 'StateChange');
  assert.deepEqual(Object.keys(first.json.changed).filter((id) => id.startsWith('a')), [account]);
  const known = receiver.of(push.path, 'StateChange').length;
  await arrive();
  const told = await receiver.wait(push.path, 'StateChange', known + 1);
  assert.equal(told.headers.urgency, 'normal');
  assert.equal(told.headers['content-encoding'], 'aes128gcm');
  assert.deepEqual(Object.keys(told.json.changed[account]).sort(), ['Email', 'EmailDelivery']);
  await until('the newest state', async () => receiver.of(push.path, 'StateChange').at(-1).json.changed[account].Email === await state('Email'), { ms: 30000 });
  await set({ destroy: [push.id] });
});

test('RFC 8620, 7.2: only the types asked for are pushed, and without keys in the clear', { timeout: 120000 }, async () => {
  const push = await subscribed('/mailboxes', { types: ['Mailbox'] });
  const known = receiver.of(push.path, 'StateChange').length;
  const { created } = await client.call('Mailbox/set', { accountId: account, create: { k: { name: 'Pushed' } } });
  const told = await receiver.wait(push.path, 'StateChange', known + 1);
  assert.equal(told.headers['content-encoding'], undefined);
  assert.equal(told.headers.urgency, 'low');
  assert.deepEqual(Object.keys(told.json), ['@type', 'changed']);
  assert.deepEqual(Object.keys(told.json.changed[account]), ['Mailbox']);
  await client.call('Mailbox/set', { accountId: account, destroy: [created.k.id] });
  await set({ destroy: [push.id] });
  const so = receiver.seen.filter((m) => m.path === push.path).length;
  await arrive();
  await sleep(3000);
  assert.equal(receiver.seen.filter((m) => m.path === push.path).length, so);
});

test('RFC 8620, 7.2: a failed push is tried again, with what is new by then, and not before Retry-After', { timeout: 180000 }, async () => {
  const push = await subscribed('/weak', { types: ['Email'] });
  let refusals = 0;
  receiver.answer = (m) => (m.path === push.path && refusals++ === 0 ? { status: 429, headers: { 'Retry-After': '5' } } : null);
  const known = receiver.of(push.path, 'StateChange').length;
  await arrive();
  const refused = await receiver.wait(push.path, 'StateChange', known + 1);
  await arrive();
  const again = await receiver.wait(push.path, 'StateChange', known + 2);
  receiver.answer = () => null;
  assert.ok(again.at - refused.at >= 5000, `${again.at - refused.at} ms`);
  assert.ok(Number(again.json.changed[account].Email) > Number(refused.json.changed[account].Email));
  await set({ destroy: [push.id] });
});

test('RFC 8620, 7.2: a receiver that is gone ends its subscription', { timeout: 120000 }, async () => {
  for (const status of [404, 410]) {
    const push = await subscribed(`/gone${status}`, { types: ['Email'] });
    receiver.answer = (m) => (m.path === push.path ? { status } : null);
    await arrive();
    await until('the subscription to end', async () => !(await list()).some((p) => p.id === push.id), { ms: 60000 });
    receiver.answer = () => null;
  }
});

test('RFC 8620, 7.2: what was not pushed before the server died is pushed when it is back', { timeout: 180000 }, async () => {
  const push = await subscribed('/later', { types: ['Email'] });
  receiver.answer = (m) => (m.path === push.path ? { status: 503 } : null);
  const known = receiver.of(push.path, 'StateChange').length;
  await arrive();
  await receiver.wait(push.path, 'StateChange', known + 1);
  await postroom.kill();
  receiver.answer = () => null;
  const failed = receiver.of(push.path, 'StateChange').length;
  await postroom.serve();
  await receiver.wait(push.path, 'StateChange', failed + 1);
  assert.equal(receiver.of(push.path, 'PushVerification').length, 1);
  await set({ destroy: [push.id] });
});

test('RFC 8620, 7.2: a subscription is seen and kept by its own credentials only', { timeout: 120000 }, async () => {
  const other = await postroom.signIn();
  const token = postroom.must('token', 'create', ADMIN.email, '--name', 'push').trim().split(/\s+/).at(-1);
  const bearer = async (methodCalls) => (await (await fetch(`${postroom.url}/jmap`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ using: ['urn:ietf:params:jmap:core'], methodCalls }) })).json()).methodResponses[0][1];
  const push = await subscribed('/other', { who: other, types: ['Email'] });
  assert.equal(push.created.expires, null); // it goes with its session
  assert.equal((await list()).some((p) => p.id === push.id), false);
  assert.equal((await bearer([['PushSubscription/get', { ids: [push.id] }, '0']])).notFound.length, 1);
  assert.equal((await set({ destroy: [push.id] })).notDestroyed[push.id].type, 'notFound');
  const made = await bearer([['PushSubscription/set', { create: { k: { deviceClientId: 'd', url: receiver.url('/bearer'), types: ['Email'], expires: '2999-01-01T00:00:00Z' } } }, '0']]);
  const days = (new Date(made.created.k.expires) - Date.now()) / 86400000;
  assert.ok(days > 7 && days < 31, `${days} days`);
  await other.fetch('auth/logout', { method: 'POST', headers: other.headers() });
  const so = receiver.of('/other', 'StateChange').length;
  await arrive();
  await sleep(3000);
  assert.equal(receiver.of('/other', 'StateChange').length, so);
});

test('RFC 8620, 8.6: addresses inside the network are never asked, and none without TLS', { timeout: 120000 }, async () => {
  const guarded = new Postroom({ config: { 'push.ca_file': receiver.caFile, 'network.allowed': '192.0.2.0/24' } });
  try {
    guarded.addUser();
    await guarded.serve();
    const who = await guarded.signIn();
    const create = { k: { deviceClientId: 'd', url: receiver.url('/inside') }, literal: { deviceClientId: 'd', url: receiver.url('/inside').replace('localhost', '127.0.0.1') }, mapped: { deviceClientId: 'd', url: receiver.url('/inside').replace('localhost', '[::ffff:127.0.0.1]') }, plain: { deviceClientId: 'd', url: 'http://push.example/x' } };
    const { created, notCreated } = await set({ create }, who);
    assert.deepEqual(Object.keys(created).sort(), ['k', 'literal', 'mapped']);
    assert.deepEqual(notCreated.plain.properties, ['url']);
    await until('three refusals', () => guarded.log().match(/push\.failed/g)?.length >= 3, { ms: 30000 });
    assert.equal(receiver.seen.some((m) => m.path === '/inside'), false);
    assert.ok(!guarded.log().includes('/inside'));
  } finally {
    await guarded.close();
  }
});
