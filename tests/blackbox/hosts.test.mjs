// Hosts that hang beside hosts that do not, and a lost uplink, with many accounts: who is well goes on, nobody storms, and all come back by
// themselves. Small mailboxes at a Dovecot of their own, behind fault proxies: to Postroom each proxy is a host. ACCOUNTS=1000 for more.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { addressOf, startCrowd } from '../../bench/crowd.mjs';
import { link } from '../../bench/idle.mjs';
import { faults } from '../../dev/fault/faults.mjs';
import { startFaultProxy } from '../../dev/fault/proxy.mjs';
import { deliver } from './support/lmtp.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const ACCOUNTS = Number(process.env.ACCOUNTS ?? 200);
const EACH = 4; // accounts at a host that hangs
const DELIVERIES = 18;
const SIGN_INS = 6, PER_MINUTE = 3600;
const PATIENCE = 4;
const MICROSOFT = ['main', 'james.okafor@northlight.example', 'jonas.weber@northlight.example', 'sam.carter@outlook.example'];

let crowd, org, postroom, client, good, front;
const hung = []; // { name, proxy, fault, first }
const linked = {}; // address -> JMAP account id
let serial = 0;

/** Connections begun, when; and how many sign-ins were under way at most: from the first byte to the server's OK. */
class Door {
  begun = []; underWay = 0; most = 0;

  /** The maker for connections that are let through. */
  let = () => {
    let inside = true;
    const leave = () => { if (inside) this.underWay--; inside = false; };
    this.enter();
    const seen = faults.lines((line) => { if (/^\S+ OK .*Logged in/.test(line)) leave(); return null; })();
    return { ...seen, begin: (connection) => { connection.over.then(leave); } };
  };

  /** The same for those that are not: `fault` decides. */
  shut = (fault) => (connection) => { this.enter(); connection.over.then(() => { this.underWay--; }); return fault(connection); };

  enter() {
    this.begun.push(Date.now());
    this.most = Math.max(this.most, ++this.underWay);
  }

  forget() { [this.begun, this.most] = [[], this.underWay]; }

  /** The most connections begun in any such span. */
  rate(ms) {
    let most = 0;
    for (let first = 0, last = 0; last < this.begun.length; last++) {
      while (this.begun[last] - this.begun[first] > ms) first++;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }
}

const door = new Door();

before(async () => {
  crowd = await startCrowd({ accounts: ACCOUNTS + 4 * EACH });
  org = await startOrganisation(['--mails', '3']);
  const file = (name) => readFileSync(path.join(path.dirname(crowd.caFile), name));
  const through = { port: crowd.ports.imaps };
  const ended = { to: { ...through, ca: file('ca.pem') }, tls: { key: file('server.key'), cert: file('server.pem') } };
  good = await startFaultProxy(ended);
  good.always(door.let);
  front = await startFaultProxy({ to: { port: org.imap.port } });
  for (const [name, fault, options] of [
    ['accepts and says nothing', faults.silence(), { to: through }],
    ['stops in the handshake', faults.stall({ at: 300 }), { to: through }],
    ['has no greeting', faults.stall({ at: 0 }), ended],
    ['stops in a literal', faults.truncatedLiteral({ how: 'stall' }), ended],
  ]) hung.push({ name, fault, proxy: await startFaultProxy(options), first: ACCOUNTS + 1 + hung.length * EACH });
  postroom = new Postroom({ config: { 'sync.patience': PATIENCE, 'sync.poll': 5, 'sync.calm': 10, 'plain.sign_ins': SIGN_INS, 'plain.per_minute': PER_MINUTE, 'server.log_level': 'warn' } });
  postroom.env.SSL_CERT_FILE = crowd.caFile;
  postroom.addUser();
  postroom.setProvider({ ...org, imap: { host: 'localhost', port: front.port } });
  await postroom.serve();
  client = await postroom.signIn();
  for (const name of MICROSOFT) await client.linked(org.person(name));
  await link(client, { ports: { imaps: good.port } }, 1, ACCOUNTS);
  for (const { proxy, first } of hung) await link(client, { ports: { imaps: proxy.port } }, first, first + EACH - 1);
  for (const [id, { name }] of Object.entries((await client.session()).accounts)) linked[name] = id;
  await allIdle();
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  for (const proxy of [good, front, ...hung.map((h) => h.proxy)]) await proxy?.close();
  await crowd?.close();
  await org?.close();
});

/** How many accounts are in each state. */
async function states() {
  const text = await (await fetch(`${postroom.url}/metrics`)).text();
  return Object.fromEntries([...text.matchAll(/^postroom_accounts\{state="([^"]+)"\} (\d+)/gm)].map(([, state, n]) => [state, Number(n)]));
}

const ALL = ACCOUNTS + 4 * EACH + MICROSOFT.length;

/** What it took. */
async function allIdle(ms = 180000) {
  const begun = Date.now();
  let now;
  await until('all accounts to be idle', async () => { now = await states(); return now.idle === ALL; }, { ms, every: 200 }).catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(now)}\n${postroom.log().slice(-3000)}`); });
  return Date.now() - begun;
}

/** Every account says that it is tried again later. */
async function allKnow() {
  let now;
  const others = () => postroom.json('account', 'list').filter(({ state }) => state !== 'retrying').map((a) => `${a.address ?? a.email} ${a.state}`);
  const what = () => `all accounts to say that they wait: ${JSON.stringify(now)}, not so: ${others()}\n${postroom.log().slice(-3000)}`;
  await until('it', async () => {
    now = await states();
    assert.equal(now['needs-relink'] ?? 0, 0);
    return now.retrying === ALL;
  }, { ms: 120000, every: 200 }).catch((error) => { throw new Error(`${error.message}: ${what()}`); });
}

const status = async (address) => JSON.parse((await postroom.run('account', 'status', address, '--json')).out);
const total = async (n) => (await client.call('Mailbox/get', { accountId: linked[addressOf(n)], ids: null, properties: ['role', 'totalEmails'] })).list.find((m) => m.role === 'inbox').totalEmails;

/** Delivers to an account; resolves with the time until JMAP shows it. */
async function arrival(n) {
  const before = await total(n);
  const begun = Date.now();
  await deliver(crowd.ports.lmtp, addressOf(n), `Arrival ${++serial}`);
  await until(`a mail for ${addressOf(n)}`, async () => (await total(n)) > before, { ms: 60000, every: 20 });
  return Date.now() - begun;
}

/** So many of them, over the accounts of the good host, a few at a time; sorted. */
async function arrivals(count) {
  const times = [];
  let next = 0;
  const lane = async () => { while (next < count) times.push(await arrival(1 + (next++ * 7) % ACCOUNTS)); };
  await Promise.all([lane(), lane(), lane()]);
  return times.sort((a, b) => a - b);
}

const median = (times) => times[Math.floor(times.length / 2)];

test('hosts that hang slow nobody else, and say so', { timeout: 300000 }, async (t) => {
  const quiet = await arrivals(DELIVERIES);
  for (const { proxy, fault, first } of hung) {
    proxy.always(fault);
    proxy.drop();
    for (let n = first; n < first + EACH; n++) await deliver(crowd.ports.lmtp, addressOf(n), `While it hangs ${n}`);
  }
  const beside = await arrivals(DELIVERIES);
  for (const { name, first } of hung) {
    for (const n of [first, first + EACH - 1]) {
      const seen = await until(`the state where the host ${name}`, async () => { const s = await status(addressOf(n)); return s.state === 'retrying' && s.error?.code === 'server-unreachable' ? s : null; }, { ms: 60000, every: 200 });
      assert.ok(Date.parse(seen.nextAttempt) > Date.now() - 60000, seen.nextAttempt);
    }
  }
  beside.push(...await arrivals(DELIVERIES));
  beside.sort((a, b) => a - b);
  for (const { proxy } of hung) { proxy.always(); proxy.drop(); }
  await Promise.all(hung.flatMap(({ first }) => Array.from({ length: EACH }, (_, i) => postroom.run('sync', addressOf(first + i)))));
  const back = await allIdle();
  for (const { first } of hung) for (let n = first; n < first + EACH; n++) assert.equal(await total(n), 1, addressOf(n));
  t.diagnostic(`a mail is shown after ${median(quiet)} ms (slowest ${quiet.at(-1)}); beside four hosts that hang after ${median(beside)} ms (slowest ${beside.at(-1)}); all back ${back} ms later`);
  assert.ok(median(beside) < 3 * median(quiet) + 500, `${median(beside)} ms instead of ${median(quiet)}`);
});

/** Both ways in which a line goes, and what it does to connections that are open and to those that are tried. */
const LOSSES = [
  ['all connections are reset', (proxy) => proxy.drop(true), faults.hangUp({ how: 'reset' })],
  ['packets vanish', (proxy) => proxy.hush(), faults.silence()],
];

for (const [how, cut, fault] of LOSSES) {
  test(`a lost uplink (${how}) and its return: no storm, all back, nobody has to sign in anew`, { timeout: 300000 }, async (t) => {
    const hosts = [front, ...hung.map((h) => h.proxy)];
    const asked = await org.control('idp/fault', { endpoint: 'token', drop: true });
    await org.control('idp/advance', 3600); // the tokens end meanwhile
    door.forget();
    good.always(door.shut(fault));
    for (const proxy of hosts) proxy.always(fault);
    for (const proxy of [good, ...hosts]) cut(proxy);
    await allKnow();
    const tried = door.begun.length;
    assert.ok(tried <= 3 * SIGN_INS + 6, `${tried} connections at a host that was away`);
    for (const address of [addressOf(1), addressOf(ACCOUNTS), org.person(MICROSOFT[1]).mail]) {
      const { state, error, nextAttempt } = await status(address);
      assert.equal(state, 'retrying', address);
      assert.ok(['server-unreachable', 'provider-unreachable'].includes(error.code), `${address}: ${error.code}`);
      assert.ok(nextAttempt, address);
    }
    door.forget();
    await org.control('idp/removeFault', asked);
    good.always(door.let);
    for (const proxy of hosts) proxy.always();
    const back = await allIdle();
    const fastest = door.rate(1000);
    t.diagnostic(`${tried} connections while it was away; all ${ALL} back after ${back} ms, at most ${fastest} connections in a second and ${door.most} sign-ins at once, ${door.begun.length} in all`);
    assert.ok(fastest <= 2 * PER_MINUTE / 60, `${fastest} connections in a second`);
    assert.ok(door.most <= SIGN_INS, `${door.most} sign-ins at once`);
    assert.ok(door.begun.length <= ACCOUNTS * 1.1, `${door.begun.length} connections for ${ACCOUNTS} accounts`);
    await arrival(1);
  });
}
