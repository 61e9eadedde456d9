// JMAP over WebSocket with Node's own client, and with bytes that no client sends.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';

let linked, postroom, client, account, token, address;

before(async () => {
  linked = await startLinked('james.okafor@northlight.example', { mails: 3 });
  ({ postroom, client, account } = linked);
  token = newToken('ws');
  address = (await client.session()).capabilities['urn:ietf:params:jmap:websocket'].url;
}, { timeout: 300000 });

after(() => linked?.close());

const newToken = (name) => postroom.must('token', 'create', ADMIN.email, '--name', name).trim().split(/\s+/).at(-1);
const bearer = (is = token) => ({ Authorization: `Bearer ${is}` });
const cookie = () => ({ Cookie: [...client.cookies.get(new URL(postroom.url).host)].map(([k, v]) => `${k}=${v}`).join('; ') });

/** An open connection: { socket, got, say(), hear(), ended }. */
async function open(headers = bearer(), protocols = ['jmap']) {
  const socket = new WebSocket(address, { protocols, headers });
  const got = [];
  socket.addEventListener('message', ({ data }) => got.push(JSON.parse(data)));
  const ended = new Promise((resolve) => socket.addEventListener('close', resolve));
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', (e) => reject(e.error ?? new Error('no connection')));
  });
  const say = (what) => socket.send(typeof what === 'string' ? what : JSON.stringify(what));
  /** The first message that fits, come or to come. */
  const hear = (what, fits) => new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${what} did not come`)), 60000);
    const look = () => {
      const found = got.find(fits);
      if (!found) return;
      clearTimeout(late);
      socket.removeEventListener('message', look);
      resolve(found);
    };
    socket.addEventListener('message', look);
    look();
  });
  return { socket, got, say, hear, ended };
}

/** A mail comes, and is here. No other has a word like its subject. */
async function arrive(subject) {
  await linked.org.control('append', { person: linked.person.mail, folder: 'INBOX', message: `Message-ID: <${subject}@sockets>\nSubject: ${subject}\n\nText\n` });
  await until(`the mail ${subject}`, async () => (await client.call('Email/query', { accountId: account, filter: { subject } })).ids.length === 1);
}

const echo = (id, args) => ({ '@type': 'Request', id, using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:websocket'], methodCalls: [['Core/echo', args, '0']] });
const answerTo = (id) => (m) => m.requestId === id;

test('RFC 8887, 4.3.2: requests are answered by their ids', { timeout: 120000 }, async () => {
  const ws = await open();
  assert.equal(ws.socket.protocol, 'jmap');
  for (let i = 0; i < 50; i++) ws.say(echo(`R${i}`, { i }));
  const large = 'x'.repeat(3_000_000);
  ws.say(echo('large', { large }));
  for (let i = 0; i < 50; i++) assert.equal((await ws.hear(`answer ${i}`, answerTo(`R${i}`))).methodResponses[0][1].i, i);
  const answer = await ws.hear('the large answer', answerTo('large'));
  assert.equal(answer['@type'], 'Response');
  assert.equal(answer.methodResponses[0][1].large, large);
  ws.say('The quick brown fox jumps over the lazy dog.');
  const error = await ws.hear('an error', (m) => m['@type'] === 'RequestError');
  assert.equal(error.type, 'urn:ietf:params:jmap:error:notJSON');
  assert.equal(error.requestId, null);
  ws.socket.close();
  const { code } = await ws.ended;
  assert.equal(code, 1005);
});

test('RFC 8887, 4.3.5.2: changes are told from the last state on', { timeout: 120000 }, async () => {
  const ws = await open();
  let mails = 0;
  const arrive = () => linked.org.control('append', { person: linked.person.mail, folder: 'INBOX', message: `Message-ID: <ws${++mails}@test>\nSubject: Socket ${mails}\n\nText\n` });
  ws.say({ '@type': 'WebSocketPushEnable', dataTypes: ['Email'] });
  ws.say(echo('enabled', {}));
  await ws.hear('the answer after it', answerTo('enabled'));
  await arrive();
  const change = await ws.hear('a change', (m) => m['@type'] === 'StateChange' && m.pushState);
  /* Of the mailbox, and of the unified account, which has its mail too. */
  const unified = Object.keys((await client.session()).accounts).find((id) => id.startsWith('u'));
  assert.deepEqual(Object.keys(change.changed).toSorted(), [account, unified]);
  for (const types of Object.values(change.changed)) assert.deepEqual(Object.keys(types), ['Email']);
  ws.say({ '@type': 'WebSocketPushDisable' });
  ws.say(echo('disabled', {}));
  await ws.hear('the answer after it', answerTo('disabled'));
  const heard = ws.got.length;
  await arrive();
  await until('the mail', async () => (await client.call('Email/query', { accountId: account, filter: { subject: 'Socket 2' } })).ids.length === 1);
  assert.equal(ws.got.length, heard);
  ws.socket.close();
  const again = await open();
  again.say({ '@type': 'WebSocketPushEnable', dataTypes: null, pushState: change.pushState });
  const missed = await again.hear('what was missed', (m) => m['@type'] === 'StateChange');
  assert.ok(missed.changed[account].Email);
  assert.ok(missed.changed[unified].Email);
  assert.ok(missed.pushState);
  again.socket.close();
});

/** A handshake by hand: { status, header(name), socket }. */
function handshake(headers, { key = randomBytes(16).toString('base64'), protocol = 'jmap', version = '13' } = {}) {
  const { host } = new URL(postroom.url);
  const lines = ['GET /jmap/ws HTTP/1.1', `Host: ${host}`, 'Upgrade: websocket', 'Connection: keep-alive, Upgrade', `Sec-WebSocket-Key: ${key}`, `Sec-WebSocket-Version: ${version}`, ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []), ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`), '', ''];
  const socket = net.connect(postroom.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(lines.join('\r\n'));
  return new Promise((resolve) => {
    let text = Buffer.alloc(0);
    const end = () => {
      const [first, ...lines] = text.toString('latin1').split('\r\n\r\n')[0].split('\r\n');
      const header = (name) => lines.filter((l) => l.toLowerCase().startsWith(`${name.toLowerCase()}:`)).map((l) => l.slice(name.length + 1).trim()).join(', ');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0), header, socket });
    };
    socket.on('data', (d) => {
      text = Buffer.concat([text, d]);
      if (text.includes('\r\n\r\n')) end();
    });
    socket.on('close', end);
  });
}

test('RFC 8887, 4.1: who may open one', { timeout: 120000 }, async () => {
  const basic = { Authorization: `Basic ${Buffer.from(`${ADMIN.email}:${ADMIN.password}`).toString('base64')}` };
  const cases = [
    [{}, {}, 403], // neither cookie nor Origin
    [{ Authorization: 'Bearer wrong' }, {}, 401],
    [bearer(), {}, 101],
    [basic, {}, 101],
    [{ ...cookie(), Origin: postroom.url }, {}, 101],
    [cookie(), {}, 403],
    [{ ...cookie(), Origin: 'https://evil.example' }, {}, 403],
    [{ ...cookie(), Origin: 'null' }, {}, 403],
    [{ ...cookie(), Origin: postroom.url, 'Sec-Fetch-Site': 'cross-site' }, {}, 403],
    [{ ...basic, Origin: 'https://evil.example' }, {}, 403],
    [bearer(), { protocol: '' }, 400],
    [bearer(), { protocol: 'chat, other' }, 400],
    [bearer(), { protocol: 'chat, jmap' }, 101],
    [bearer(), { version: '8' }, 426],
    [bearer(), { key: 'short' }, 400],
  ];
  for (const [headers, how, wanted] of cases) {
    const { status, socket } = await handshake(headers, how);
    socket.destroy();
    assert.equal(status, wanted, JSON.stringify([Object.keys(headers), how]));
  }
  const plain = await fetch(`${postroom.url}/jmap/ws`, { headers: bearer() });
  assert.equal(plain.status, 426);
});

/** A frame of a client; header alone when length is a number. */
function frame(opcode, payload, { fin = true, mask = true } = {}) {
  const length = typeof payload === 'number' ? payload : payload.length;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = (mask ? 0x80 : 0) | (length < 126 ? length : length < 65536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  if (typeof payload === 'number') return Buffer.concat([head, mask ? Buffer.alloc(4) : Buffer.alloc(0)]);
  return Buffer.concat([head, mask ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

/** The code that such bytes are answered with when the connection is closed; 0: none. */
async function closedWith(bytes) {
  const { status, socket } = await handshake(bearer());
  assert.equal(status, 101);
  let data = Buffer.alloc(0);
  socket.on('data', (d) => { data = Buffer.concat([data, d]); });
  const over = new Promise((resolve) => socket.on('close', resolve));
  socket.write(bytes);
  await over;
  const at = data.indexOf(0x88);
  return at < 0 || data.length < at + 4 ? 0 : data.readUInt16BE(at + 2);
}

test('RFC 8887, 4.3.1: what is no message closes the connection', { timeout: 120000 }, async () => {
  assert.equal(await closedWith(frame(2, Buffer.from('binary'))), 1003);
  assert.equal(await closedWith(frame(1, Buffer.from([0xff, 0xfe]))), 1007);
  assert.equal(await closedWith(Buffer.concat([frame(1, 20_000_000), Buffer.from(' ')])), 1009);
  assert.equal(await closedWith(frame(1, Buffer.from('x'), { mask: false })), 1002);
  assert.equal(await closedWith(frame(3, Buffer.from('x'))), 1002);
  assert.equal(await closedWith(frame(8, Buffer.from([0x03, 0xe8]))), 1000);
  assert.equal(await closedWith(Buffer.concat(Array.from({ length: 300 }, (_, i) => frame(i ? 0 : 1, Buffer.alloc(50_000, 0x20), { fin: false })))), 1009);
});

/** What a server sent, frame by frame. */
function frames(data) {
  const found = [];
  for (let at = 0; data.length >= at + 2;) {
    const short = data[at + 1] & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < at + head) break;
    const length = head === 2 ? short : head === 4 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
    if (data.length < at + head + length) break;
    found.push({ fin: data[at] >> 7, opcode: data[at] & 0x7f, masked: data[at + 1] >> 7, payload: data.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return found;
}

test('RFC 8887, 4.2: the handshake answers with the subprotocol alone', { timeout: 120000 }, async () => {
  const key = randomBytes(16).toString('base64');
  const accepted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  for (const protocol of ['jmap', 'chat, jmap, other', 'chat\r\nSec-WebSocket-Protocol: jmap']) {
    const { status, header, socket } = await handshake({ ...bearer(), 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }, { key, protocol });
    socket.destroy();
    assert.equal(status, 101, protocol);
    assert.equal(header('Sec-WebSocket-Protocol'), 'jmap', protocol);
    assert.equal(header('Sec-WebSocket-Accept'), accepted);
    assert.equal(header('Upgrade').toLowerCase(), 'websocket');
    assert.equal(header('Sec-WebSocket-Extensions'), '');
  }
});

test('RFC 8887, 4.2: the credentials of the handshake hold until they end', { timeout: 120000 }, async () => {
  const own = await postroom.signIn();
  const cookies = [...own.cookies.get(new URL(postroom.url).host)].map(([k, v]) => `${k}=${v}`).join('; ');
  const ws = await open({ Cookie: cookies, Origin: postroom.url });
  ws.say({ ...echo('mine', {}), using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'], methodCalls: [['Mailbox/get', { accountId: account, ids: null }, '0']] });
  const answer = await ws.hear('the mailboxes', answerTo('mine'));
  assert.ok(answer.methodResponses[0][1].list.length > 0);
  assert.ok((await own.fetch('auth/logout', { method: 'POST', headers: own.headers() })).ok);
  ws.say(echo('late', {}));
  const { code } = await ws.ended;
  assert.equal(code, 1008);
  assert.equal(ws.got.length, 1);
});

test('RFC 8887, 4.3: fragments are one message, and every answer is one text', { timeout: 120000 }, async () => {
  const { status, socket } = await handshake(bearer());
  assert.equal(status, 101);
  let data = Buffer.alloc(0);
  socket.on('data', (d) => { data = Buffer.concat([data, d]); });
  const whole = Buffer.from(JSON.stringify(echo('parts', { text: 'Größe, גודל, 尺寸' })));
  const cut = whole.indexOf(Buffer.from('ö')) + 1; // within a character
  socket.write(frame(1, whole.subarray(0, 10), { fin: false }));
  socket.write(frame(0, whole.subarray(10, cut), { fin: false }));
  socket.write(frame(9, Buffer.from('still there?')));
  socket.write(frame(0, Buffer.alloc(0), { fin: false }));
  socket.write(frame(0, whole.subarray(cut)));
  socket.write(frame(1, Buffer.from('{}')));
  await until('two answers', () => frames(data).filter(({ opcode }) => opcode === 1).length === 2);
  socket.destroy();
  const got = frames(data);
  assert.deepEqual(got.map(({ fin, masked }) => [fin, masked]), got.map(() => [1, 0]));
  assert.equal(got.find(({ opcode }) => opcode === 10).payload.toString(), 'still there?');
  const [answer, error] = got.filter(({ opcode }) => opcode === 1).map(({ payload }) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
  assert.equal(answer.requestId, 'parts');
  assert.equal(answer.methodResponses[0][1].text, 'Größe, גודל, 尺寸');
  assert.equal(error['@type'], 'RequestError');
});

test('RFC 8887, 4.3.5: nothing is told unless it was asked for', { timeout: 120000 }, async () => {
  const { supportsPush } = (await client.session()).capabilities['urn:ietf:params:jmap:websocket'];
  assert.equal(supportsPush, true);
  const [asked, silent] = [await open(), await open()];
  asked.say({ '@type': 'WebSocketPushEnable', dataTypes: ['Mailbox', 'Thread'] });
  asked.say(echo('enabled', {}));
  await asked.hear('the answer after it', answerTo('enabled'));
  await arrive('unasked435');
  const change = await asked.hear('a change', (m) => m['@type'] === 'StateChange');
  for (const types of Object.values(change.changed)) for (const type of Object.keys(types)) assert.ok(['Mailbox', 'Thread'].includes(type), type);
  silent.say(echo('after it', {}));
  await silent.hear('an answer', answerTo('after it'));
  assert.equal(silent.got.length, 1);
  for (const ws of [asked, silent]) ws.socket.close();
});

test('RFC 8887, 4.3.5.1: a notification is a StateChange, and its pushState stands for all that was told', { timeout: 120000 }, async () => {
  const ws = await open();
  ws.say({ '@type': 'WebSocketPushEnable', dataTypes: ['Email'] });
  ws.say(echo('enabled', {}));
  await ws.hear('the answer after it', answerTo('enabled'));
  await arrive('told4351');
  await until('the last word', async () => {
    const { state } = await client.call('Email/get', { accountId: account, ids: [] });
    return ws.got.some((m) => m.changed?.[account]?.Email === state && m.pushState);
  });
  const told = ws.got.filter((m) => m['@type'] === 'StateChange');
  for (const change of told) assert.deepEqual(Object.keys(change).filter((key) => key !== 'pushState').toSorted(), ['@type', 'changed']);
  ws.socket.close();
  const again = await open();
  again.say({ '@type': 'WebSocketPushEnable', dataTypes: ['Email'], pushState: told.at(-1).pushState });
  again.say(echo('quiet', {}));
  await again.hear('an answer', answerTo('quiet'));
  await arrive('news4351');
  const news = await again.hear('news', (m) => m['@type'] === 'StateChange');
  assert.notEqual(news.changed[account].Email, told.at(-1).changed[account].Email);
  again.socket.close();
});

test('RFC 8887, 4.3.5.3: disabled is disabled, until it is enabled again', { timeout: 120000 }, async () => {
  const ws = await open();
  ws.say({ '@type': 'WebSocketPushDisable' }); // of what never was
  ws.say({ '@type': 'WebSocketPushEnable', dataTypes: ['Email'] });
  ws.say(echo('enabled', {}));
  await ws.hear('the answer after it', answerTo('enabled'));
  await arrive('first4353');
  const { pushState } = await ws.hear('a change', (m) => m.pushState);
  ws.say({ '@type': 'WebSocketPushDisable' });
  ws.say(echo('disabled', {}));
  await ws.hear('the answer after it', answerTo('disabled'));
  const before = ws.got.length;
  await arrive('second4353');
  ws.say(echo('still here', {}));
  await ws.hear('an answer', answerTo('still here'));
  assert.equal(ws.got.length, before + 1);
  ws.say({ '@type': 'WebSocketPushEnable', dataTypes: ['Email'], pushState });
  const { state } = await client.call('Email/get', { accountId: account, ids: [] });
  await ws.hear('what was missed', (m) => m.changed?.[account]?.Email === state);
  ws.socket.close();
});

test('RFC 8887, 5.1: a connection ends with its token, and with the server', { timeout: 120000 }, async () => {
  const own = newToken('short');
  const ws = await open(bearer(own));
  const id = postroom.json('token', 'list').find((t) => t.name === 'short').id;
  postroom.must('token', 'revoke', String(id));
  ws.say(echo('late', {}));
  const { code } = await ws.ended;
  assert.equal(code, 1008);
  assert.equal(ws.got.length, 0);
});

test('connections that end beside requests and event streams hold up nobody', { timeout: 120000 }, async () => {
  const until = Date.now() + 3000;
  const streams = new AbortController();
  const listening = fetch(`${postroom.url}/jmap/eventsource?types=*&closeafter=no&ping=5`, { headers: bearer(), signal: streams.signal });
  const sockets = async () => { while (Date.now() < until) { const ws = await open(); ws.socket.close(); await ws.ended; } };
  const requests = async () => { while (Date.now() < until) assert.equal((await fetch(`${postroom.url}/.well-known/jmap`, { headers: bearer() })).status, 200); };
  await Promise.all([sockets(), sockets(), sockets(), requests(), requests(), requests()]);
  assert.equal((await listening).status, 200);
  streams.abort();
});

test('many idle connections take no thread and little memory', { timeout: 300000 }, async (t) => {
  const count = Number(process.env.SOCKETS ?? 32);
  const { readFileSync, readdirSync } = await import('node:fs');
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${postroom.child.pid}/status`, 'utf8'))[1]);
  const threads = () => readdirSync(`/proc/${postroom.child.pid}/task`).length;
  const before = { memory: memory(), threads: threads() };
  const users = Math.ceil(count / 32);
  const all = [];
  for (let u = 0; u < users; u++) {
    const email = `listener${u}@northlight.example`;
    postroom.addUser(email, `password of ${u}`, false);
    const its = postroom.must('token', 'create', email, '--name', 'x').trim().split(/\s+/).at(-1);
    for (let i = 0; i < 32 && all.length < count; i++) all.push(await open(bearer(its)));
    if (u === 0) await assert.rejects(open(bearer(its)));
  }
  for (const ws of all) ws.say({ '@type': 'WebSocketPushEnable', dataTypes: null });
  for (const ws of all) ws.say(echo('x', {}));
  for (const ws of all) await ws.hear('an answer', answerTo('x'));
  t.diagnostic(`${count} listeners: ${((memory() - before.memory) / count).toFixed(1)} KiB each`);
  assert.ok(threads() < before.threads + count / 4, `${before.threads} threads before, ${threads()} now`);
  const ends = all.map((ws) => ws.ended);
  await postroom.stop();
  for (const end of ends) assert.equal((await end).code, 1001);
});
