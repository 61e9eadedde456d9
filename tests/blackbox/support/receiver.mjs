// What a JMAP client's push service is to Postroom: an HTTPS server that takes messages, and opens those that are encrypted (RFC 8291).

import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import https from 'node:https';
import path from 'node:path';

import { makeCertificates } from '../../../dev/mail/certs.mjs';
import { temporary, until } from './organisation.mjs';

const POINT = 65;

/** The keys of one client: { keys } as in PushSubscription, and open(body). */
export function makeKeys() {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const auth = randomBytes(16);
  const open = (body) => {
    const salt = body.subarray(0, 16), size = body.readUInt32BE(16), sender = body.subarray(21, 21 + POINT);
    if (body[20] !== POINT || body.length > size) throw new Error('not one record with a key of P-256');
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), sender]);
    const input = Buffer.from(hkdfSync('sha256', pair.computeSecret(sender), auth, info, 32));
    const part = (name, length) => Buffer.from(hkdfSync('sha256', input, salt, Buffer.from(`Content-Encoding: ${name}\0`), length));
    const sealed = body.subarray(21 + POINT);
    const decipher = createDecipheriv('aes-128-gcm', part('aes128gcm', 16), part('nonce', 12));
    decipher.setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    const end = plain.lastIndexOf(2);
    if (end < 0 || plain.subarray(end + 1).some((byte) => byte !== 0)) throw new Error('no delimiter of the last record');
    return plain.subarray(0, end);
  };
  return { keys: { p256dh: pair.getPublicKey('base64url'), auth: auth.toString('base64url') }, open };
}

/** Starts one: { url(path), caFile, seen, answer, close }. answer(message) gives { status, headers } or nothing for 201. */
export async function startReceiver() {
  const { dir, remove } = temporary('receiver');
  const certs = makeCertificates(path.join(dir, 'certs'));
  const receiver = { seen: [], keys: new Map(), answer: () => null, caFile: certs.caFile };
  const server = https.createServer({ cert: certs.cert, key: certs.key }, async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const raw = Buffer.concat(pieces);
    const opened = request.headers['content-encoding'] === 'aes128gcm' ? receiver.keys.get(request.url).open(raw) : raw;
    const message = { at: Date.now(), method: request.method, path: request.url, headers: request.headers, raw, json: JSON.parse(opened) };
    receiver.seen.push(message);
    const { status = 201, headers = {} } = receiver.answer(message) ?? {};
    response.writeHead(status, headers).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = (where) => `https://localhost:${server.address().port}${where}`;
  /** Messages to one path, of one type. */
  receiver.of = (where, type) => receiver.seen.filter((m) => m.path === where && m.json['@type'] === type);
  /** The nth of them, when it is there. */
  receiver.wait = (where, type, n = 1) => until(`${type} ${n} at ${where}`, () => receiver.of(where, type)[n - 1], { ms: 60000, every: 20 });
  receiver.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    remove();
  };
  return receiver;
}
