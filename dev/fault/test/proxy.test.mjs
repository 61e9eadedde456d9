// The fault proxy does what it promises: it is measured between a client and a server of our own that say known bytes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

import { makeCertificates } from '../../mail/certs.mjs';
import { ALERT_HANDSHAKE_FAILURE, faults } from '../faults.mjs';
import { startFaultProxy } from '../proxy.mjs';

const SPEECH = Buffer.from(Array.from({ length: 5000 }, (_, i) => 97 + (i % 26))); // what the server says to everybody
const BODY = 'twelve bytes';
const SESSION = `* OK hello\r\n* 1 FETCH (UID 7 BODY[] {${BODY.length}}\r\n${BODY})\r\nP1 OK done\r\n`;

let server, identity, dir;
const heard = []; // of the server: one Buffer a connection
let says = SPEECH;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fault-test-'));
  identity = makeCertificates(dir);
  server = net.createServer((socket) => {
    const mine = heard.push(Buffer.alloc(0)) - 1;
    socket.on('data', (piece) => { heard[mine] = Buffer.concat([heard[mine], piece]); });
    socket.on('error', () => {});
    socket.write(says);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => {
  server.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

/** A client of a proxy with that fault: { bytes, pieces: [{ at, length }], how: 'end' | 'reset' | 'open' } once it ended, or `enough` bytes came, or ms went. */
async function hear(fault, { enough = Infinity, ms = 1500, send = null, secure = false, speech = SPEECH, act = () => {} } = {}) {
  says = speech;
  const proxy = await startFaultProxy({ to: { port: server.address().port }, tls: secure ? { key: identity.key, cert: identity.cert } : null });
  proxy.always(fault);
  const begun = Date.now();
  const socket = secure ? tls.connect({ port: proxy.port, host: '127.0.0.1', servername: 'localhost', ca: fs.readFileSync(identity.caFile) }) : net.connect(proxy.port, '127.0.0.1');
  if (send) socket.write(send);
  const pieces = [], all = [];
  const how = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve('open'), ms);
    const done = (word) => { clearTimeout(timer); resolve(word); };
    socket.on('data', (piece) => {
      pieces.push({ at: Date.now() - begun, length: piece.length });
      all.push(piece);
      act(proxy, socket);
      if (all.reduce((sum, p) => sum + p.length, 0) >= enough) done('open');
    });
    socket.on('error', (error) => done(error.code === 'ECONNRESET' ? 'reset' : `error ${error.code}`));
    socket.on('end', () => done('end'));
    socket.on('close', () => done('end'));
  });
  socket.destroy();
  await proxy.close();
  return { bytes: Buffer.concat(all), pieces, how, proxy };
}

/** What the server heard of the last connection, once it is so much. */
async function heardLast(length) {
  for (let tries = 0; tries < 500 && heard.at(-1).length < length; tries++) await new Promise((go) => { setTimeout(go, 20); });
  return heard.at(-1).toString();
}

const upTo = (n) => SPEECH.subarray(0, n);

test('without a fault every byte goes through, in both directions, also inside TLS', async () => {
  for (const secure of [false, true]) {
    const { bytes, how } = await hear(faults.none(), { enough: SPEECH.length, send: 'hello', secure });
    assert.deepEqual(bytes, SPEECH);
    assert.equal(how, 'open');
    assert.equal(await heardLast(5), 'hello');
  }
});

test('delay: nothing is there before its time, and nothing is lost', async () => {
  const { bytes, pieces } = await hear(faults.delay({ ms: 150 }), { enough: SPEECH.length, ms: 10000 });
  assert.deepEqual(bytes, SPEECH);
  assert.ok(pieces[0].at >= 145, `after ${pieces[0].at} ms`);
});

test('segments: the first bytes go one by one, and all come', async () => {
  const { bytes } = await hear(faults.segments({ size: 1, most: 40 }), { enough: SPEECH.length, ms: 10000 });
  assert.deepEqual(bytes, SPEECH);
  const lengths = [];
  const way = { passed: 0, give: async (piece) => { lengths.push(piece.length); } };
  await faults.segments({ size: 1, most: 40 })().fromServer(Buffer.alloc(100), way);
  assert.deepEqual(lengths, [...Array(40).fill(1), 60]);
});

test('coalesced: what comes soon after each other is one piece', async () => {
  const said = [];
  const way = { wait: (ms) => new Promise((go) => { setTimeout(go, ms); }), give: async (piece) => { said.push(piece.toString()); } };
  const { fromServer } = faults.coalesced({ ms: 50 })();
  for (const piece of ['one ', 'two ', 'three']) await fromServer(Buffer.from(piece), way);
  await way.wait(300);
  assert.deepEqual(said, ['one two three']);
});

for (const [how, end] of [['cut', 'end'], ['close', 'end'], ['reset', 'reset'], ['stall', 'open']]) {
  test(`cut after byte n, by ${how}: so many bytes come, not one more`, async () => {
    for (const at of [0, 1, 1000, SPEECH.length - 1]) {
      const heardOf = await hear(faults.cut({ at, how }), { ms: how === 'stall' ? 400 : 10000 });
      // A reset may overtake what the kernel still held.
      if (how === 'reset') assert.ok(heardOf.bytes.length <= at, `${heardOf.bytes.length} of ${at}`);
      else assert.deepEqual(heardOf.bytes, upTo(at), `at ${at}`);
      assert.equal(heardOf.how, end, `at ${at}`);
    }
  });
}

test('cut on the client\'s side: the server hears so many bytes', async () => {
  await hear(faults.cut({ at: 3, side: 'client' }), { send: 'hello', ms: 10000 });
  assert.equal(await heardLast(3), 'hel');
});

test('inside TLS the bytes of the stream count, not those of its records', async () => {
  for (const how of ['cut', 'close']) assert.deepEqual((await hear(faults.cut({ at: 100, how }), { secure: true, ms: 10000 })).bytes, upTo(100));
});

test('hush: what was open says nothing more and does not end', async () => {
  says = 'first';
  const proxy = await startFaultProxy({ to: { port: server.address().port } });
  const socket = net.connect(proxy.port, '127.0.0.1');
  let ended = false;
  socket.on('close', () => { ended = true; });
  await once(socket, 'data');
  proxy.hush();
  socket.write('into the void');
  await new Promise((go) => { setTimeout(go, 200); });
  assert.equal(heard.at(-1).length, 0);
  assert.equal(ended, false);
  assert.equal(proxy.open, 1);
  proxy.drop();
  await once(socket, 'close');
  await proxy.close();
});

test('faults of IMAP change what they name and nothing else', async () => {
  const session = async (fault, more = {}) => (await hear(fault, { speech: SESSION, ms: 1500, enough: SESSION.length, ...more })).bytes.toString('latin1');
  assert.equal(await session(faults.literal({ by: -7 })), SESSION.replace(`{${BODY.length}}`, `{${BODY.length - 7}}`));
  const whole = { enough: Infinity, ms: 400 };
  assert.equal(await session(faults.truncatedLiteral(), whole), `${SESSION.slice(0, SESSION.indexOf(BODY))}half of it`);
  assert.equal(await session(faults.truncatedLiteral({ how: 'stall' }), whole), `${SESSION.slice(0, SESSION.indexOf(BODY))}half of it`);
  const spoiled = await session(faults.garbage({ bytes: 64 }), { enough: SESSION.length + 64 });
  assert.equal(spoiled.length, SESSION.length + 64);
  assert.ok(spoiled.startsWith('* OK hello\r\n') && spoiled.endsWith(SESSION.slice(12)));
  assert.equal(await session(faults.earlyReplies(), whole), SESSION.replace('P1 OK done\r\n', 'P1 OK done\r\nP1 OK done\r\n'));
  assert.match(await session(faults.strayReplies(), whole), /^\* OK hello\r\n\+ go on\r\n[\s\S]*\* VANISHED 4294967295\r\n\* 1 FETCH /);
  const long = await session(faults.longLine({ bytes: 300000, start: '* OK ' }), { enough: 300000 + SESSION.length, ms: 10000 });
  assert.ok(Math.max(...long.split('\r\n').map((line) => line.length)) >= 300000 - 65536);
  const absurd = await session(faults.absurdLiteral({ size: '99999', bytes: 70000 }), { enough: 60000, ms: 10000 });
  assert.match(absurd, /\* 1 FETCH \(UID 1 BODY\[\] \{99999\}\r\nall work/);
  assert.match(await session(faults.endless({ unit: '* # EXISTS', when: /FETCH/, bytes: 1000 }), { enough: 60000, ms: 10000 }), /\* 1 EXISTS\r\n\* 2 EXISTS\r\n\* 3 EXISTS/);
});

test('literals are no lines: what looks like a response inside one is left alone', async () => {
  const body = '* 1 FETCH (FLAGS ())\r\nP1 OK done\r\n';
  const speech = `* 1 FETCH (BODY[] {${body.length}}\r\n${body})\r\nP1 OK done\r\n`;
  const seen = [];
  const { bytes } = await hear(faults.lines((line) => { seen.push(line); return null; }), { speech, enough: speech.length });
  assert.equal(bytes.toString(), speech);
  assert.deepEqual(seen, [`* 1 FETCH (BODY[] {${body.length}}`, ')', 'P1 OK done']);
});

test('in place of a handshake: HTTP, an alert, noise, silence, the end', async () => {
  const secure = true;
  assert.match((await hear(faults.handshake(), { secure })).how, /^error /);
  assert.match((await hear(faults.handshake({ bytes: ALERT_HANDSHAKE_FAILURE }), { secure })).how, /^error /);
  assert.match((await hear(faults.noise({ bytes: 100000 }), { secure, ms: 5000 })).how, /^error|reset/);
  assert.equal((await hear(faults.silence(), { secure, ms: 300 })).how, 'open');
  assert.match((await hear(faults.hangUp(), { secure })).how, /^(end|reset|error )/);
  assert.match((await hear(faults.hangUp({ how: 'reset' }), { secure })).how, /^(reset|error )/);
  const strangers = fs.mkdtempSync(path.join(os.tmpdir(), 'fault-test-'));
  const { key, cert } = makeCertificates(strangers);
  fs.rmSync(strangers, { recursive: true });
  assert.match((await hear(faults.certificate({ key, cert }), { secure })).how, /^error /);
});

test('next() serves one connection each, always() all others; what is recorded are the ends of lines', async () => {
  says = SESSION;
  const proxy = await startFaultProxy({ to: { port: server.address().port }, tls: { key: identity.key, cert: identity.cert }, recording: true });
  const connect = async () => {
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', servername: 'localhost', ca: fs.readFileSync(identity.caFile) });
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (piece) => { text += piece.toString('latin1'); if (text.length >= SESSION.length) socket.destroy(); });
    await once(socket, 'close');
    return text;
  };
  proxy.next(faults.cut({ at: 5 }), faults.cut({ at: 9 }));
  assert.equal(proxy.waiting, 2);
  assert.deepEqual([await connect(), await connect(), await connect()], [SESSION.slice(0, 5), SESSION.slice(0, 9), SESSION]);
  const ends = [...SESSION.matchAll(/\n/g)].map((m) => m.index + 1);
  assert.deepEqual(proxy.connections.at(-1).marks.server, ends);
  await proxy.close();
});

test('a lingering proxy hears the server out, and tells when it has done', async (t) => {
  let done = false;
  const slow = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.once('end', () => setTimeout(() => { done = true; socket.end('done'); }, 300));
    socket.resume();
    socket.write('welcome');
  });
  slow.unref();
  await new Promise((go) => { slow.listen(0, '127.0.0.1', go); });
  const proxy = await startFaultProxy({ to: { port: slow.address().port }, lingering: true });
  t.after(() => Promise.all([proxy.close(), slow.close()]));
  proxy.next(faults.cut({ at: 3 }));
  const client = net.connect(proxy.port, '127.0.0.1');
  client.write('do it');
  client.resume();
  await once(client, 'close');
  assert.equal(done, false);
  await proxy.served();
  assert.equal(done, true);
});
