// What a client asks all the time, by JMAP over HTTP: the newest 50 of a mailbox with what a list shows of them (one client, sixteen clients, and the
// same on a much larger account), Email/changes after 1,000 changes, and 1,000 listeners of the event source. In turn with each request of one client
// stands one that asks for nothing (Core/echo): the floor that the machine gives. The larger account, and one to compare it with, are filled without
// the mail server (bench/fill.mjs), served by two programs side by side and asked in turn.
// By environment: QUERY_MESSAGES (100000), QUERY_LARGE (1000000; 0: none), QUERY_AVG_SIZE (2000 bytes), ASKED (1000 requests of one client), SECONDS (10 of sixteen), LISTENERS (1000).

import { readFileSync } from 'node:fs';
import http from 'node:http';

import { until } from '../tests/blackbox/support/organisation.mjs';
import { askNothing, listCalls, startAccount, startFilled } from './account.mjs';
import { finish, ms, number, quantile, say, wanted } from './report.mjs';

const MESSAGES = number('QUERY_MESSAGES', 100000), LARGE = Number(process.env.QUERY_LARGE ?? 1000000), AVG_SIZE = number('QUERY_AVG_SIZE', 2000), ASKED = number('ASKED', 1000), SECONDS = number('SECONDS', 10), LISTENERS = number('LISTENERS', 1000);
/** One person may have 32 streams open. */
const OF_ONE = 30;
const LIMITS = { p99: 10, larger: 1.5, changes: 20 };

/** Asks each account ASKED times, in turn, and each time for nothing: {lists: times by account, floor}. */
async function askOften(accounts) {
  const askers = accounts.map((account) => account.asker()), lists = accounts.map(() => []), floor = [];
  for (let i = -50; i < ASKED; i++)
    for (const [n, { accountId, inbox }] of accounts.entries()) {
      const { ms: took, results } = await askers[n].ask(listCalls(accountId, { inMailbox: inbox }));
      if (results[1].list.length !== 50) throw new Error(`a list of ${results[1].list.length}`);
      const nothing = await askNothing(askers[n]);
      if (i < 0) continue;
      lists[n].push(took);
      floor.push(nothing);
    }
  for (const asker of askers) asker.close();
  return { lists, floor };
}

/** Sixteen connections of two people, since one person has at most ten requests under way. */
async function askTogether(account) {
  const colleague = await account.colleague(0);
  const askers = Array.from({ length: 16 }, (_, i) => account.asker(i % 2 ? colleague : account.client));
  const times = [], end = performance.now() + SECONDS * 1000;
  await Promise.all(askers.map(async (asker) => {
    while (performance.now() < end) times.push((await asker.ask(listCalls(account.accountId, { inMailbox: account.inbox }))).ms);
  }));
  for (const asker of askers) asker.close();
  return times;
}

async function changeMany(account, asker) {
  const { accountId } = account, times = [];
  const { results: [{ state }] } = await asker.ask([['Email/get', { accountId, ids: [] }]]);
  const { results: [{ ids }] } = await asker.ask([['Email/query', { accountId, filter: { inMailbox: account.inbox }, limit: 1000 }]]);
  for (let from = 0; from < ids.length; from += 500)
    await asker.ask([['Email/set', { accountId, update: Object.fromEntries(ids.slice(from, from + 500).map((id) => [id, { 'keywords/bench': true }])) }]]);
  for (let i = 0; i < 100; i++) {
    const { ms: took, results: [changes] } = await asker.ask([['Email/changes', { accountId, sinceState: state }]]);
    if (changes.updated.length !== ids.length) throw new Error(`${changes.updated.length} of ${ids.length} changes`);
    times.push(took);
  }
  return times;
}

const residentBytes = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;

function listen(account, headers, heard) {
  return new Promise((resolve, reject) => {
    const request = http.get(new URL('jmap/eventsource?types=Email&closeafter=no&ping=300', `${account.postroom.url}/`), { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`a listener got ${response.statusCode}`));
      response.setEncoding('utf8').on('data', (piece) => { if (piece.includes('"changed"')) heard(); });
      response.on('error', () => {});
      resolve(request);
    });
    request.on('error', reject);
  });
}

/** Memory that each takes at the server, and how long after a change all were told. */
async function listeners(account, asker) {
  const people = [];
  for (let n = 1; n <= Math.ceil(LISTENERS / OF_ONE); n++) people.push(account.asker(await account.colleague(n)).headers.cookie);
  const pid = account.postroom.child.pid, before = residentBytes(pid), requests = [], delays = [];
  let told = [], count = 0;
  for (let i = 0; i < LISTENERS; i++)
    requests.push(await listen(account, { cookie: people[i % people.length], Accept: 'text/event-stream' }, () => { count++; told.push(performance.now()); }));
  const each = (residentBytes(pid) - before) / LISTENERS;
  const { results: [{ ids }] } = await asker.ask([['Email/query', { accountId: account.accountId, filter: { inMailbox: account.inbox }, limit: 10 }]]);
  for (const id of ids) {
    told = [];
    count = 0;
    const started = performance.now();
    await asker.ask([['Email/set', { accountId: account.accountId, update: { [id]: { 'keywords/heard': true } } }]]);
    await until('all listeners to hear', () => count >= LISTENERS, { ms: 30000, every: 20 });
    delays.push(...told.map((at) => at - started));
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
  for (const request of requests) request.destroy();
  return { each, delays };
}

function report(name, times) {
  say(`${name.padEnd(44)} ${[ms(quantile(times, 0.5)), ms(quantile(times, 0.99))].map((c) => c.padStart(11)).join('')}`);
}

async function synced() {
  const account = await startAccount({ messages: MESSAGES, average: AVG_SIZE });
  try {
    const { lists: [list], floor } = await askOften([account]), asker = account.asker();
    report(`the newest 50 of ${MESSAGES} messages, one client`, list);
    report('  (asking for nothing, in turn)', floor);
    const together = await askTogether(account);
    report('the same, sixteen clients', together);
    say(`sixteen clients: ${(together.length / SECONDS).toFixed(0)} requests a second`);
    const changes = await changeMany(account, asker);
    report('Email/changes after 1,000 changes', changes);
    const { each, delays } = await listeners(account, asker);
    report(`${LISTENERS} listeners: told after a change`, delays);
    say(`${LISTENERS} listeners: ${(each / 1024).toFixed(1)} KB each`);
    asker.close();
    return [wanted('the newest 50, p99', quantile(list, 0.99), LIMITS.p99, ms), wanted('Email/changes, p99', quantile(changes, 0.99), LIMITS.changes, ms)];
  } finally {
    await account.close();
  }
}

async function larger() {
  const sizes = [MESSAGES, LARGE], accounts = [];
  try {
    for (const messages of sizes) accounts.push(await startFilled({ messages, average: AVG_SIZE }));
    const { lists, floor } = await askOften(accounts);
    for (const [n, list] of lists.entries()) report(`the newest 50 of ${sizes[n]} messages, in turn`, list);
    report('  (asking for nothing, in turn)', floor);
    const ratio = (q) => quantile(lists[1], q) / quantile(lists[0], q);
    say(`${LARGE} messages, of ${MESSAGES}: p50 ${ratio(0.5).toFixed(2)}`);
    return [wanted(`${LARGE} messages, of ${MESSAGES}: p99`, ratio(0.99), LIMITS.larger, (n) => n.toFixed(2))];
  } finally {
    for (const account of accounts) await account.close();
  }
}

async function main() {
  say(`-- query: messages of ${AVG_SIZE} bytes, 70 % of them in the mailbox`);
  say(`${''.padEnd(44)} ${['p50', 'p99'].map((h) => h.padStart(11)).join('')}`);
  const kept = await synced();
  if (LARGE > 0) kept.push(...await larger());
  return kept.every(Boolean);
}

await finish(main);
