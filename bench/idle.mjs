// What an idle linked mailbox costs: a server with many accounts, each with a live session over TLS that waits in IDLE at a real Dovecot.
//
// Prints the memory of the server without any account, with all of them at rest, the difference for one, the processor time while nothing
// happens, and how long it takes until all are live: when they are linked, after a start, and after the mail server was away for AWAY seconds
// (every connection cut, new ones accepted and dropped) and came back. By environment: ACCOUNTS (10000; less where the machine's limits say
// so), SECONDS (120, of rest), AWAY (30), MAX_KIB (40), MAX_BASE_MB (80), MAX_CPU (2, percent of one core).
//
// The mailboxes are quiet, so folders are asked hourly, and any window has its share of that. IDLE is renewed 25 to 28 minutes after a start:
// a short window has none of it. RENEWAL=60 (seconds) shows what that costs.

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { Postroom } from '../tests/blackbox/support/postroom.mjs';
import { sleep } from '../tests/blackbox/support/organisation.mjs';
import { addressOf, PASSWORD, startCrowd } from './crowd.mjs';
import { finish, megabytes, number } from './report.mjs';

const SECONDS = number('SECONDS', 120), AWAY = number('AWAY', 30);
const LIMITS = { kib: number('MAX_KIB', 40), base: number('MAX_BASE_MB', 80), cpu: number('MAX_CPU', 2) };
const TICKS = 100; // of /proc/PID/stat in a second

/** One process may have so many descriptors, the server needs one for an account and some for itself. */
function room() {
  const line = fs.readFileSync('/proc/self/limits', 'utf8').split('\n').find((l) => l.startsWith('Max open files'));
  const files = line.trim().split(/\s+/)[4];
  return (files === 'unlimited' ? Infinity : Number(files)) - 2000;
}

/** Resident bytes without what is only a page of a file (mapped programs count: they are the base's). */
const resident = (pid) => Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

/** [parent, seconds of its own, seconds of its children that ended] */
function timesOf(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').map(Number);
  return [fields[1], (fields[11] + fields[12]) / TICKS, (fields[13] + fields[14]) / TICKS];
}

const cpuSeconds = (pid) => timesOf(pid)[1];

/** Of a process and all that it started. */
function cpuOfTree(pid) {
  const [, own, ended] = timesOf(pid);
  let sum = own + ended;
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [parent, seconds] = timesOf(entry);
      if (parent === pid) sum += seconds;
    } catch { /* it ended */ }
  }
  return sum;
}

async function metrics(postroom) {
  const text = await (await fetch(`${postroom.url}/metrics`)).text();
  const value = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
  return { live: value('postroom_mailboxes_live'), runs: value('postroom_task_runs_total') };
}

/** Links accounts first to last, some at a time; again where the mail server had too much to do to answer. */
export async function link(client, crowd, first, last) {
  const LANES = 4, EACH = 25, TRIES = 10;
  const todo = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  let failures = 0;
  const lane = async () => {
    while (todo.length) {
      const create = {};
      for (const n of todo.splice(0, EACH)) create[`n${n}`] = { address: addressOf(n), password: PASSWORD, imapUrl: `imaps://localhost:${crowd.ports.imaps}`, smtpUrl: 'smtps://localhost:1' };
      const { notCreated } = await client.call('LinkedAccount/set', { accountId: client.user.id, create });
      for (const [name, refusal] of Object.entries(notCreated ?? {})) {
        if (refusal.type !== 'serverFail' || ++failures > TRIES) throw new Error(`an account was refused: ${JSON.stringify(refusal)}`);
        todo.push(Number(name.slice(1)));
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Until `count` mailboxes are live; what it took. */
export async function allLive(postroom, count) {
  const started = Date.now();
  for (let best = 0, movedAt = started; ;) {
    const { live } = await metrics(postroom);
    if (live >= count) return (Date.now() - started) / 1000;
    if (live > best) [best, movedAt] = [live, Date.now()];
    if (Date.now() - movedAt > 300000) throw new Error(`${live} of ${count} mailboxes are live`);
    await sleep(500);
  }
}

/** The mail server goes away and comes back: connections that were tried meanwhile, what the return took, and the most sign-ins in a second. */
async function loseUplink(postroom, crowd, count) {
  await crowd.leave();
  let tried = 0;
  const closed = net.createServer((socket) => { tried++; socket.destroy(); });
  await new Promise((resolve) => closed.listen(crowd.ports.imaps, '127.0.0.1', resolve));
  await sleep(AWAY * 1000);
  let { live } = await metrics(postroom);
  for (let tries = 0; live > 0 && tries < 120; tries++, { live } = await metrics(postroom)) await sleep(500); // on a busy machine its processes end late
  await new Promise((resolve) => closed.close(resolve));
  if (live > 0) throw new Error(`${live} mailboxes are live without a mail server`);
  await crowd.enter();
  const seconds = await allLive(postroom, count), inSecond = {};
  for (const [, second] of crowd.log().matchAll(/^(.{15}) imap-login: Info: Login/gm)) inSecond[second] = (inSecond[second] ?? 0) + 1;
  return { tried, seconds, most: Math.max(...Object.values(inSecond)) };
}

/** Rests until its memory does not fall any more, then measures. */
async function atRest(postroom) {
  const { pid } = postroom.child;
  for (let last = Infinity, now = resident(pid); now < last - 65536; last = now, now = resident(pid)) await sleep(5000);
  const [cpu, before] = [cpuSeconds(pid), await metrics(postroom)];
  const started = process.hrtime.bigint();
  await sleep(SECONDS * 1000);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const spent = cpuSeconds(pid) - cpu, runs = (await metrics(postroom)).runs - before.runs;
  return { memory: resident(pid), cpu: (100 * spent) / seconds, runs: runs / seconds };
}

/** Rows of name, value, whether that is good, and its limit; true when all are. */
function print(rows) {
  for (const [name, value, good, limit] of rows) process.stdout.write(`${name.padEnd(34)} ${value.padStart(12)}${limit ? `   at most ${limit}: ${good ? 'met' : 'MISSED'}` : ''}\n`);
  return rows.every(([, , good]) => good);
}

/** What its mail server had trouble with may be why something took long. */
function tell(crowd) {
  for (const complaint of crowd.complaints()) process.stdout.write(`   Dovecot: ${complaint}\n`);
}

async function main() {
  const wanted = number('ACCOUNTS', 10000), accounts = Math.min(wanted, room());
  if (accounts < wanted) process.stdout.write(`   one process may open ${room() + 2000} files here: ${accounts} accounts\n`);
  const crowd = await startCrowd({ accounts });
  const postroom = new Postroom({ config: { 'server.log_level': 'warn' } });
  for (const key of ['POSTROOM_SYNC_POLL', 'POSTROOM_SYNC_CALM', 'POSTROOM_SYNC_COMPARE']) delete postroom.env[key]; // the stated cadence
  postroom.env.SSL_CERT_FILE = crowd.caFile;
  if (process.env.RENEWAL) postroom.env.POSTROOM_SYNC_IDLE = process.env.RENEWAL;
  try {
    postroom.addUser();
    await postroom.serve();
    await sleep(3000);
    const base = resident(postroom.child.pid);
    const client = await postroom.signIn();
    const began = Date.now(), before = cpuOfTree(crowd.pid());
    await link(client, crowd, 1, accounts);
    await allLive(postroom, accounts);
    const spent = [cpuSeconds(postroom.child.pid), cpuOfTree(crowd.pid()) - before].map((n) => n.toFixed(0));
    process.stdout.write(`-- idle: ${accounts} mailboxes linked and live in ${((Date.now() - began) / 1000).toFixed(0)} s (processor: Postroom ${spent[0]} s, Dovecot ${spent[1]} s)\n`);
    const linked = resident(postroom.child.pid);
    await postroom.stop();
    await postroom.serve();
    const start = await allLive(postroom, accounts), startCpu = cpuSeconds(postroom.child.pid);
    const rest = await atRest(postroom);
    const each = (rest.memory - base) / accounts / 1024;
    const good = print([
      ['memory without accounts', megabytes(base), base / 1e6 <= LIMITS.base, `${LIMITS.base} MB`],
      ['memory when all were linked', megabytes(linked), true, ''],
      ['memory with all at rest', megabytes(rest.memory), true, ''],
      ['for each mailbox', `${each.toFixed(1)} KiB`, each <= LIMITS.kib, `${LIMITS.kib} KiB`],
      ['processor at rest', `${rest.cpu.toFixed(2)} %`, rest.cpu <= LIMITS.cpu, `${LIMITS.cpu} %`],
      ['sessions woken', `${rest.runs.toFixed(1)} /s`, true, ''],
      ['start until all were live', `${start.toFixed(0)} s`, true, ''],
      ['  processor time of it', `${startCpu.toFixed(1)} s`, true, ''],
    ]);
    const uplink = await loseUplink(postroom, crowd, accounts);
    print([
      [`tried in ${AWAY} s without a server`, `${uplink.tried}`, true, ''],
      ['its return until all were live', `${uplink.seconds.toFixed(0)} s`, true, ''],
      ['  most sign-ins in a second', `${uplink.most}`, true, ''],
    ]);
    tell(crowd);
    if (process.env.PAUSE) await sleep(Number(process.env.PAUSE) * 1000);
    return good;
  } catch (error) {
    tell(crowd);
    throw error;
  } finally {
    await postroom.close();
    await crowd.close();
  }
}

if (process.argv[1] === path.resolve(new URL(import.meta.url).pathname)) await finish(main);
