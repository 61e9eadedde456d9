// From delivery to push: mail is delivered to many live mailboxes by LMTP, and the time counts until an event stream (RFC 8620, 7.3) tells of
// it. Beside it, in the same run, the floor: a plain IDLE connection to some of the same mailboxes, which hears Dovecot's own notice.
//
// Connections to Dovecot are hibernated; NOTIFY=1 lets Postroom use NOTIFY, whose sessions are not, and hear of mail 500 ms later.
// By environment: ACCOUNTS (1000), RATE (20 deliveries a second), DELIVERIES (600), MAX_P50 (50) and MAX_P99 (200), ms over the floor.

import net from 'node:net';
import tls from 'node:tls';
import fs from 'node:fs';

import { Postroom } from '../tests/blackbox/support/postroom.mjs';
import { sleep } from '../tests/blackbox/support/organisation.mjs';
import { addressOf, PASSWORD, startCrowd } from './crowd.mjs';
import { allLive, link } from './idle.mjs';
import { finish, number, quantile } from './report.mjs';

const ACCOUNTS = number('ACCOUNTS', 1000), RATE = number('RATE', 20), DELIVERIES = number('DELIVERIES', 600);
const LIMITS = { p50: number('MAX_P50', 50), p99: number('MAX_P99', 200) };
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** A line-by-line talk with a server; next() is the next line. */
function talk(socket) {
  const lines = [], waiting = [];
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).replace(/\r$/, '');
      text = text.slice(end + 1);
      if (waiting.length) waiting.shift()(line);
      else lines.push(line);
    }
  });
  socket.on('error', () => {});
  const next = () => (lines.length ? Promise.resolve(lines.shift()) : new Promise((resolve) => waiting.push(resolve)));
  const until = async (pattern) => {
    for (;;) {
      const line = await next();
      if (pattern.test(line)) return line;
    }
  };
  return { say: (line) => socket.write(`${line}\r\n`), next, until, end: () => socket.destroy() };
}

/** Delivers one mail; resolves at the moment the server has taken it. */
async function deliver(lmtp, to, count) {
  lmtp.say('MAIL FROM:<sender@crowd.example>');
  await lmtp.until(/^\d{3} /);
  lmtp.say(`RCPT TO:<${to}>`);
  await lmtp.until(/^\d{3} /);
  lmtp.say('DATA');
  await lmtp.until(/^354/);
  lmtp.say(`From: Sender <sender@crowd.example>\r\nTo: <${to}>\r\nSubject: Delivery ${count}\r\nMessage-ID: <push-${count}@crowd.example>\r\nDate: ${new Date().toUTCString()}\r\n\r\nShort.\r\n.`);
  const answer = await lmtp.until(/^\d{3} /);
  if (!answer.startsWith('250')) throw new Error(`the delivery was refused: ${answer}`);
  return now();
}

/** An IDLE connection of our own; told(time) at each EXISTS. */
async function listenByIdle(crowd, n, told) {
  const socket = tls.connect({ port: crowd.ports.imaps, host: 'localhost', ca: fs.readFileSync(crowd.caFile) });
  const imap = talk(socket);
  await imap.next();
  imap.say(`a LOGIN ${addressOf(n)} ${PASSWORD}`);
  await imap.until(/^a OK/);
  imap.say('b SELECT INBOX');
  await imap.until(/^b OK/);
  imap.say('c IDLE');
  await imap.until(/^\+/);
  (async () => {
    for (;;) {
      await imap.until(/ EXISTS$/);
      told(now());
    }
  })();
  return imap;
}

/** Resolves once the stream is open; told(account id, time) at each change of an account's mail. */
async function listenByPush(client, told) {
  const abort = new AbortController();
  const response = await client.fetch('jmap/eventsource?types=Email&closeafter=no&ping=30', { signal: abort.signal, headers: { Accept: 'text/event-stream' } });
  (async () => {
    let text = '';
    try {
      for await (const piece of response.body) {
        text += Buffer.from(piece).toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const data = /^data: ?(\{.*)$/m.exec(text.slice(0, end))?.[1];
          text = text.slice(end + 2);
          for (const id of Object.keys(data ? JSON.parse(data).changed ?? {} : {})) told(id, now());
        }
      }
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    }
  })();
  return () => abort.abort();
}

async function run(crowd, client) {
  const { accounts } = await client.session();
  const idOf = Object.fromEntries(Object.entries(accounts).map(([id, a]) => [a.name, id]));
  const push = [], floor = [], waitPush = new Map(), waitFloor = new Map(), heard = new Map();
  const stop = await listenByPush(client, (id, at) => {
    heard.set(id, at);
    if (waitPush.get(id) === undefined) return;
    push.push(at - waitPush.get(id));
    waitPush.delete(id);
  });
  const WATCHED = Math.min(ACCOUNTS, 50), idlers = [];
  for (let n = 1; n <= WATCHED; n++) {
    idlers.push(await listenByIdle(crowd, n, (at) => {
      if (waitFloor.get(n) === undefined) return;
      floor.push(at - waitFloor.get(n));
      waitFloor.delete(n);
    }));
  }
  await sleep(5000);
  const lmtp = talk(net.connect(crowd.ports.lmtp, '127.0.0.1'));
  await lmtp.next();
  lmtp.say('LHLO bench');
  await lmtp.until(/^250 /);
  for (let count = 0, due = now(); count < DELIVERIES; count++, due += 1000 / RATE) {
    await sleep(Math.max(0, due - now()));
    const n = 1 + ((count * 7919) % ACCOUNTS), id = idOf[addressOf(n)];
    const begun = now(), at = await deliver(lmtp, addressOf(n), count);
    if (heard.get(id) > begun) push.push(0); // told before the delivery was answered
    else waitPush.set(id, at);
    if (n <= WATCHED) waitFloor.set(n, at);
  }
  for (let i = 0; i < 100 && (waitPush.size > 0 || waitFloor.size > 0); i++) await sleep(100);
  stop();
  for (const idler of [...idlers, lmtp]) idler.end();
  return { push, floor, missing: waitPush.size };
}

async function main() {
  const crowd = await startCrowd({ accounts: ACCOUNTS * 2, notify: Boolean(process.env.NOTIFY) });
  const postroom = new Postroom({ config: { 'server.log_level': 'warn' } });
  for (const key of ['POSTROOM_SYNC_POLL', 'POSTROOM_SYNC_CALM', 'POSTROOM_SYNC_COMPARE']) delete postroom.env[key]; // the stated cadence
  postroom.env.SSL_CERT_FILE = crowd.caFile;
  try {
    postroom.addUser();
    await postroom.serve();
    const client = await postroom.signIn();
    await link(client, crowd, 1, ACCOUNTS);
    await allLive(postroom, ACCOUNTS);
    const { push, floor, missing } = await run(crowd, client);
    const over = (q) => quantile(push, q) - quantile(floor, q);
    const [p50, p99] = [over(0.5), over(0.99)];
    process.stdout.write(`-- push: ${ACCOUNTS} live mailboxes, ${RATE} deliveries a second, ${push.length} of ${push.length + missing} told\n`);
    process.stdout.write(`${'ms from delivery'.padEnd(34)} ${'p50'.padStart(8)} ${'p99'.padStart(8)}\n`);
    for (const [name, list] of [['Dovecot tells IDLE', floor], ['Postroom tells the event stream', push]]) process.stdout.write(`${name.padEnd(34)} ${quantile(list, 0.5).toFixed(0).padStart(8)} ${quantile(list, 0.99).toFixed(0).padStart(8)}\n`);
    const good = missing === 0 && p50 <= LIMITS.p50 && p99 <= LIMITS.p99;
    process.stdout.write(`over the floor: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; at most ${LIMITS.p50} and ${LIMITS.p99} are wanted: ${good ? 'met' : 'MISSED'}\n`);
    return good;
  } finally {
    await postroom.close();
    await crowd.close();
  }
}

await finish(main);
