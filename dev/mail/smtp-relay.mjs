// The relay behind Dovecot's submission service: an ordinary SMTP server that trusts the login Dovecot hands over by XCLIENT.

import net from 'node:net';
import { addressesOf, personByAddress } from '../people.mjs';
import { SmtpSession } from './smtp-session.mjs';
import { listen } from './runtime.mjs';

const MAX_SIZE = 150 * 1024 * 1024;
const NAME = 'relay.lampworks.example';
const GREETING = `220 ${NAME} ESMTP ready`;

function xclient(session, rest) {
  const login = /(?:^|\s)LOGIN=(\S+)/i.exec(rest)?.[1];
  if (login && login !== '[UNAVAILABLE]') session.login = login.replace(/\+([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  session.helo = null;
  session.reset();
  return GREETING;
}

const policy = (office) => ({
  name: NAME,
  greeting: GREETING,
  maxLine: 4096,
  maxSize: MAX_SIZE,
  tls: null,
  ehlo: () => [`SIZE ${MAX_SIZE}`, 'PIPELINING', 'DSN', 'ENHANCEDSTATUSCODES', '8BITMIME', 'BINARYMIME', 'CHUNKING', 'SMTPUTF8', 'XCLIENT LOGIN ADDR PORT HELO PROTO'],
  verbs: { XCLIENT: xclient },
  sender(session, address) {
    const person = session.login && personByAddress(session.login);
    if (!person || addressesOf(person).some((a) => a.toLowerCase() === address.toLowerCase())) return null;
    return `553 5.7.1 <${address}>: Sender address rejected: not owned by user ${session.login}`;
  },
  recipient(session, address) {
    const { kind, reply } = office.route(address);
    return kind === 'unknown' ? reply : null;
  },
  accept(session, envelope, raw) {
    office.deliver(envelope, raw);
    return '250 2.0.0 OK: queued';
  },
});

/** Returns {port, close()}. */
export async function startRelay(office) {
  const open = new Set();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    new SmtpSession(socket, policy(office)).run();
  });
  const port = await listen(server);
  return { port, close: () => new Promise((done) => { server.close(done); for (const socket of open) socket.destroy(); }) };
}
