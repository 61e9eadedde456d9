// The connection is cut after every so many bytes of a session that does all kinds of work, in either direction, by FIN or RST; and the same
// for sending. Here a spread of positions, close around the ends of lines; CUTS=all in the soak, in any order, for CUTS_SECONDS at most, with
// ACCOUNTS side by side.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { faults } from '../../dev/fault/faults.mjs';
import { startFaultProxy } from '../../dev/fault/proxy.mjs';
import { addAccount, proxiesFor } from './support/behind.mjs';
import { Editor, numbers } from './support/editor.mjs';
import { agrees } from './support/mirror.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const CUTS = process.env.CUTS === 'all' ? Infinity : Number(process.env.CUTS ?? 48);
const SEED = Number(process.env.SEED ?? 7);
const SECONDS = Number(process.env.CUTS_SECONDS ?? 86400);
const ACCOUNTS = Number(process.env.ACCOUNTS ?? (CUTS > 100 ? 4 : 2));
const COMPARED = CUTS > 100 ? 12 : 6; // positions between two comparisons
const MESSAGES = 80; // of an account, before it is emptied
const RECIPIENT = 'noa.peretz@harborline.example';

let org, postroom, client;
const sufferers = [];
const closing = [];

before(async () => {
  org = await startOrganisation(['--mails', '10']);
  postroom = new Postroom({ config: { 'sync.patience': 5 } });
  postroom.addUser();
  await postroom.serve();
  client = await postroom.signIn();
  const speaking = org.people.filter((p) => p.locale.startsWith('en') && !p.flags.main); // the names of folders
  for (const person of speaking.reverse().slice(0, ACCOUNTS)) {
    const proxies = await proxiesFor(org, { recording: true, lingering: true });
    closing.push(proxies);
    const account = await addAccount({ postroom, client, org, person, proxies });
    const what = { postroom, client, account, org, person };
    sufferers.push({ ...what, what, proxies, editor: new Editor(what, { seed: SEED + sufferers.length, folders: ['INBOX', 'Archive', 'Deleted Items'], name: 'cuts' }) });
    await postroom.settled(person.mail);
  }
}, { timeout: 300000 });

after(async () => {
  for (const { editor } of sufferers) editor.close();
  for (const proxies of closing) await proxies.close();
  await postroom?.close();
  await org?.close();
});

const WORK = ['deliver', 'flagThere', 'moveThere', 'expungeThere', 'flagHere', 'moveHere', 'copyHere', 'destroyHere', 'draftHere', 'importHere'];

/** Work for the next session: some steps of each side, done while there is no connection. */
async function work(editor) {
  await editor.deliver();
  for (let i = 0; i < 3; i++) await editor.step(WORK);
}

/** Positions of both directions: at, before and after the ends of lines, the rest spread evenly; `most` of them. */
function positions(marks, most, random) {
  const all = [];
  for (const side of ['server', 'client']) {
    const last = marks[side].at(-1) ?? 0;
    if (most === Infinity) {
      for (let at = 1; at < last; at++) all.push({ side, at });
      continue;
    }
    const ends = marks[side].flatMap((at) => [at - 2, at - 1, at, at + 1]).filter((at) => at > 0 && at < last);
    const boundary = Math.floor(most / 3), spread = Math.floor(most / 2) - boundary;
    for (let i = 0; i < boundary && ends.length; i++) all.push({ side, at: ends.splice(Math.floor(random() * ends.length), 1)[0] });
    for (let i = 0; i < spread; i++) all.push({ side, at: 1 + Math.floor((i + random()) * last / spread) });
  }
  return all;
}

/** So that any part of it is spread over the whole. */
function shuffled(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** A whole session of that work, and where its lines ended. */
async function recorded({ proxies, editor, what, person }) {
  await work(editor);
  proxies.imap.drop();
  await postroom.run('sync', person.mail);
  await agrees(what);
  return proxies.imap.connections.findLast((c) => c.marks?.server.length > 20).marks;
}

async function cutSessions(sufferer, list, random, tally) {
  const { proxies, editor, what, person } = sufferer;
  const late = () => Date.now() > tally.until;
  const story = []; // of the cuts since the last comparison
  for (let next = list.shift(), n = 1; next; next = late() ? null : list.shift(), n++) {
    const how = random() < 0.5 ? 'cut' : 'reset';
    let cut = null;
    proxies.imap.next(() => (cut = faults.cut({ ...next, how })()));
    await work(editor);
    proxies.imap.drop();
    await postroom.run('sync', person.mail);
    await proxies.imap.served(); // a loaded machine may need longer than [sync] doubt
    tally.done++;
    const through = proxies.imap.connections.find((c) => c.fault === cut);
    tally.cut += Number(through?.bytes[next.side] >= next.at);
    story.push(`${new Date().toISOString().slice(11, 23)} ${how} after ${next.at} of the ${next.side}`);
    if (n % COMPARED && list.length && !late()) continue;
    proxies.imap.always();
    proxies.imap.drop(); // a session that did not come to its cut would yet
    await proxies.imap.served();
    await postroom.run('sync', person.mail);
    await agrees(what, { ms: 60000 }).catch((error) => { throw new Error(`after ${next.at} bytes of the ${next.side} (${how}): ${error.message}`, { cause: error }); });
    await editor.nothingLostOrDoubled().catch((error) => { throw new Error(`${error.message}; ${story.join('; ')}`, { cause: error }); });
    story.length = 0;
    if (editor.lives.size < MESSAGES) continue;
    await editor.expungeAll();
    await postroom.run('sync', person.mail);
    await agrees(what, { ms: 60000 });
  }
}

async function sessionsCut(t) {
  const random = numbers(SEED);
  // Of the shortest: a position after the end of a session is none.
  const [marks] = (await Promise.all(sufferers.map(recorded))).sort((a, b) => a.server.at(-1) - b.server.at(-1));
  const list = shuffled(positions(marks, CUTS, random), random);
  const tally = { done: 0, cut: 0, all: list.length, until: Date.now() + SECONDS * 1000 };
  await Promise.all(sufferers.map((s) => cutSessions(s, list, random, tally)));
  assert.ok(Date.now() > tally.until || tally.done === tally.all);
  // Sessions are not of one length: some end before the position.
  assert.ok(tally.cut > tally.done / 2, `${tally.cut} of ${tally.done} were cut`);
  t.diagnostic(`${tally.cut} cuts at ${tally.done} of ${tally.all} positions in sessions of ${marks.server.at(-1)} bytes from the server and ${marks.client.at(-1)} to it`);
}

/** Sends as the page does; all of them in one request. */
async function send(sender, subjects) {
  const { account, person } = sender;
  const boxes = await client.mailboxes(account);
  const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
  const each = (make) => Object.fromEntries(subjects.map((subject, i) => make(subject, i)));
  const results = await client.calls([
    ['Email/set', { accountId: account, create: each((subject, i) => [`d${i}`, { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: person.mail }], to: [{ email: RECIPIENT }], subject,
      textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'word '.repeat(300) } } }]) }],
    ['EmailSubmission/set', { accountId: account, create: each((_, i) => [`s${i}`, { emailId: `#d${i}`, identityId: identity.id }]),
      onSuccessUpdateEmail: each((_, i) => [`#s${i}`, { [`mailboxIds/${boxes.drafts.id}`]: null, [`mailboxIds/${boxes.sent.id}`]: true, 'keywords/$draft': null }]) }],
  ]);
  assert.equal(Object.keys(results[1][1].created ?? {}).length, subjects.length, JSON.stringify(results));
}

/** A submission server that files its copy itself, behind a proxy that cuts below TLS. */
async function sendingCut(t) {
  const random = numbers(SEED + 100);
  const person = org.person('main');
  const proxy = await startFaultProxy({ to: { port: org.smtp.port }, recording: true });
  closing.push(proxy);
  postroom.setProvider({ ...org, smtp: { host: 'localhost', port: proxy.port } });
  const sender = { account: await client.linked(person, { since: '2026-11-20' }), person };
  await postroom.settled(person.mail);
  await send(sender, ['Recorded']);
  const there = async (who, folder) => (await org.control('messages', { person: who, folder })).map((m) => m.subject);
  await until('the first to arrive', async () => (await there(RECIPIENT, 'INBOX')).includes('Recorded'));
  const { marks } = proxy.connections.findLast((c) => c.marks?.client.length > 5);
  // An end in the data is looked into for a minute (tests/blackbox/outbox.test.mjs has a short one): here only what is tried again sooner.
  const before = 0.55 * marks.client.at(-1);
  const list = CUTS > 100 ? positions(marks, Math.min(CUTS, 400), random) : [0.1, 0.4, 0.7, 1].map((part) => ({ side: 'client', at: Math.round(before * part) }));
  const subjects = list.map((_, i) => `Sent through cuts ${i}`);
  proxy.next(...list.map((position) => faults.cut({ ...position, how: random() < 0.5 ? 'cut' : 'reset' })));
  for (let i = 0; i < subjects.length; i += 25) await send(sender, subjects.slice(i, i + 25));
  const ms = 120000 + list.length * 6000; // thirty a minute, each twice
  await until('all to arrive', async () => { const now = await there(RECIPIENT, 'INBOX'); return subjects.every((s) => now.includes(s)); }, { ms, every: 500 });
  await postroom.settled(person.mail);
  const [arrived, sent] = [await there(RECIPIENT, 'INBOX'), await there(person.mail, 'Sent Items')];
  for (const subject of subjects) {
    assert.equal(arrived.filter((s) => s === subject).length, 1, `arrived: ${subject}`);
    assert.equal(sent.filter((s) => s === subject).length, 1, `in Sent: ${subject}`);
  }
  assert.equal(proxy.waiting, 0);
  t.diagnostic(`${list.length} cuts in conversations of ${marks.client.at(-1)} bytes to the server`);
}

test('cuts', { timeout: 24 * 3600000, concurrency: true }, (t) => Promise.all([
  t.test('a session cut anywhere', sessionsCut),
  t.test('sending cut anywhere: all arrive, and once', sendingCut),
]));
