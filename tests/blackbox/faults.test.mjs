// What a network or a server can do to a connection, through the fault proxy in front of Dovecot: bounded memory, the right state and cause
// while it lasts, both sides alike afterwards, and nobody else disturbed. Three accounts suffer at the same time, a fourth is the bystander.
// FAULTS=all adds those that take their time; FAULT=words runs those with these words in their names.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { makeCertificates } from '../../dev/mail/certs.mjs';
import { ALERT_HANDSHAKE_FAILURE, faults } from '../../dev/fault/faults.mjs';
import { addAccount, proxiesFor } from './support/behind.mjs';
import { Editor } from './support/editor.mjs';
import { agrees, differences } from './support/mirror.mjs';
import { sleep, startOrganisation, temporary, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const MEMORY_MB = 64; // what all of it together may add to the server's peak
const MEGABYTE = 1024 * 1024;

let org, postroom, client, stranger, bystander;
const sufferers = [];
const closing = [];
const figures = { slowest: 0, arrived: 0 };

before(async () => {
  org = await startOrganisation(['--mails', '10']);
  postroom = new Postroom({ config: { 'sync.patience': 2 } });
  postroom.addUser();
  await postroom.serve();
  client = await postroom.signIn();
  const dir = temporary('stranger');
  stranger = makeCertificates(dir.dir);
  dir.remove();
  bystander = org.person('empty');
  bystander.account = await addAccount({ postroom, client, org, person: bystander });
  for (const address of ['workshop@lampworks.example', 'james.okafor@northlight.example', 'noa.peretz@harborline.example']) {
    const person = org.person(address);
    const proxies = await proxiesFor(org);
    closing.push(proxies);
    const account = await addAccount({ postroom, client, org, person, proxies });
    const what = { postroom, client, account, org, person };
    sufferers.push({ ...what, what, proxies, editor: new Editor(what, { seed: sufferers.length + 1, folders: ['INBOX', 'Archive', 'Deleted Items'], name: 'faults' }) });
  }
  for (const { what, person, editor } of sufferers) {
    await postroom.settled(person.mail);
    for (let i = 0; i < 4; i++) await editor.deliver();
    await agrees(what);
  }
}, { timeout: 300000 });

after(async () => {
  for (const { editor } of sufferers) editor.close();
  for (const proxies of closing) await proxies.close();
  await postroom?.close();
  await org?.close();
});

const memory = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${postroom.child.pid}/status`, 'utf8'))[1]) / 1024;
/** The peak begins anew: before, it is that of hashing a password. */
const forgetPeak = () => writeFileSync(`/proc/${postroom.child.pid}/clear_refs`, '5');
const descriptors = () => readdirSync(`/proc/${postroom.child.pid}/fd`).length;
const status = async (address) => JSON.parse((await postroom.run('account', 'status', address, '--json')).out);

const GONE = 'server-unreachable', GARBAGE = 'server-garbage', TLS = 'tls-untrusted';
const ODD = [GARBAGE, GONE, TLS, 'works']; // which of them depends on what the bytes happen to mean

// name, the fault for every connection while it lasts, the codes it may show; no codes: it must go on working.
const TABLE = [
  ['every piece comes 20 ms late', faults.delay({ ms: 20 })],
  ['one byte a segment', faults.segments({ size: 1, most: 60000 })],
  ['many pieces in one', faults.coalesced({ ms: 30 })],
  ['replies to commands that were never sent', faults.strayReplies()],
  ['cut in the greeting', faults.cut({ at: 10 }), [GONE]],
  ['cut after the login', faults.cut({ at: 700 }), [GONE]],
  ['reset after the login', faults.cut({ at: 900, how: 'reset' }), [GONE]],
  ['closed in order after the login', faults.cut({ at: 800, how: 'close' }), [GONE]],
  ['cut in a command of ours', faults.cut({ at: 60, side: 'client' }), [GONE]],
  ['silence after the login', faults.stall({ at: 600 }), [GONE]],
  ['silence in the middle of the data', faults.stall({ at: 2500 }), [GONE]],
  ['our commands go nowhere', faults.stall({ at: 120, side: 'client' }), [GONE]],
  ['garbage before the data', faults.garbage(), ODD],
  ['a literal with fewer bytes than announced', faults.truncatedLiteral(), [GONE]],
  ['a literal announced too short', faults.literal({ by: -7 }), ODD],
  ['a literal announced too long', faults.literal({ by: 100000 }), ODD],
  ['a literal of 4 GB', faults.absurdLiteral({ size: '4294967295', bytes: 16 * MEGABYTE }), ODD],
  ['a literal of no number of bytes', faults.absurdLiteral({ bytes: MEGABYTE }), ODD],
  ['a literal of 4 GB where none belongs', faults.absurdLiteral({ size: '4294967295', item: 'X', bytes: MEGABYTE }), ODD],
  ['a line of 100 MB', faults.longLine(), ODD],
  ['a list of 100 MB in one line', faults.longLine({ start: '* LIST (' }), ODD],
  ['endless chatter', faults.endless({ bytes: Infinity }), ODD, 'long'],
  ['endless EXISTS', faults.endless({ unit: '* # EXISTS', bytes: Infinity }), ODD, 'long'],
  ['endless FETCH', faults.endless({ unit: '* # FETCH (UID # FLAGS ())', when: /^\* \d+ FETCH/, bytes: Infinity }), ODD],
  ['endless FETCH that was not asked for', faults.endless({ unit: '* # FETCH (UID # FLAGS ())', when: /^\* \d+ EXISTS/, bytes: Infinity }), ODD, 'long'],
  ['endless numbers of a SEARCH', faults.endless({ unit: '* SEARCH # 1#', when: /^\* \d+ EXISTS/, bytes: Infinity }), ODD, 'long'],
  ['endless folders', faults.endless({ unit: '* LIST () "/" folder#', when: /^\* LIST/, bytes: Infinity }), ODD],
  ['no handshake but HTTP', faults.handshake(), [TLS, GONE, GARBAGE]],
  ['an alert in place of a handshake', faults.handshake({ bytes: ALERT_HANDSHAKE_FAILURE }), [TLS, GONE]],
  ['megabytes of noise in place of a handshake', faults.noise(), [TLS, GONE]],
  ['silence in place of a handshake', faults.silence(), [GONE]],
  ['hung up before the handshake', faults.hangUp(), [GONE, TLS]],
  ['reset before the handshake', faults.hangUp({ how: 'reset' }), [GONE, TLS]],
  ['the certificate of a stranger', () => faults.certificate({ key: stranger.key, cert: stranger.cert })(), [TLS]],
  ['broken records in the session', faults.record(), [TLS, GONE]],
  ['the handshake anew in the session', faults.renegotiation(), null],
];

/** What talks without end is heard for sixty times the patience, or four million responses. */
async function untilStated(sufferer, codes, name) {
  const seen = new Set();
  return until(`${name}: the state`, async () => {
    const { state, error } = await status(sufferer.person.mail);
    seen.add(`${state} ${error?.code}`);
    if (state === 'retrying' && codes.includes(error?.code)) return error.code;
    return codes.includes('works') && state === 'idle' && !(await differences(sufferer.what)).length ? 'works' : null;
  }, { ms: 180000, every: 100 }).catch((error) => { throw new Error(`${error.message}: ${[...seen].join(', ')}`); });
}

async function suffer(sufferer, [name, fault, codes]) {
  const { proxies, editor, what, person } = sufferer;
  const begun = Date.now();
  proxies.imap.always(fault);
  let code = 'works';
  try {
    proxies.imap.drop();
    await editor.deliver();
    await editor.flagHere();
    await editor.moveHere();
    if (codes) code = await untilStated(sufferer, codes, name);
    else if (codes === undefined) await agrees(what, { ms: 60000 });
    else await sleep(1500);
  } finally {
    proxies.imap.always();
    proxies.imap.drop();
  }
  await postroom.run('sync', person.mail);
  await agrees(what, { ms: 60000 });
  const { state, error } = await postroom.settled(person.mail);
  assert.deepEqual([state, error], ['idle', null]);
  await editor.nothingLostOrDoubled();
  return `${name}: ${code}, ${Date.now() - begun} ms, peak ${memory().toFixed(0)} MB`;
}

/** The bystander gets mail all the while. */
async function watchBystander(stop) {
  while (!stop.now) {
    const begun = Date.now();
    const subject = `Bystander ${++figures.arrived}`;
    await org.control('append', { person: bystander.mail, message: `From: x@elsewhere.example\r\nSubject: ${subject}\r\nMessage-ID: <b${begun}@elsewhere.example>\r\n\r\nhello` });
    await until(subject, async () => (await client.call('Email/query', { accountId: bystander.account, filter: { subject: `"${subject}"` } })).ids.length > 0, { ms: 30000, every: 50 });
    figures.slowest = Math.max(figures.slowest, Date.now() - begun);
    await sleep(300);
  }
}

test('every fault leaves the account right, the server small and the others alone', { timeout: 600000, concurrency: true }, async (t) => {
  forgetPeak();
  const [base, open] = [memory(), descriptors()];
  const queue = TABLE.filter(([name, , , long]) => (process.env.FAULT ? name.includes(process.env.FAULT) : !long || process.env.FAULTS === 'all'));
  const stop = { now: false };
  const watching = watchBystander(stop);
  await Promise.all(sufferers.map(async (sufferer) => {
    for (let next = queue.shift(); next; next = queue.shift()) await t.test(next[0], async (u) => u.diagnostic(await suffer(sufferer, next)));
  }));
  stop.now = true;
  await watching;
  t.diagnostic(`peak ${base.toFixed(0)} -> ${memory().toFixed(0)} MB; bystander: ${figures.arrived} mails, the slowest after ${figures.slowest} ms`);
  assert.ok(memory() - base < MEMORY_MB, `the peak grew from ${base} to ${memory()} MB`);
  assert.ok(figures.slowest < 15000, `a bystander waited ${figures.slowest} ms`);
  await until('descriptors to be given back', () => descriptors() <= open + 6);
});
