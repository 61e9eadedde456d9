// The Exchange-like submission service: STARTTLS, XOAUTH2 in two steps, the sent copy filed by the service.

import { randomBytes } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { addressesOf, personByAddress } from '../people.mjs';
import { headerOf, headerValue } from './dsn.mjs';
import { letThrough, listen } from './runtime.mjs';
import { SmtpSession } from './smtp-session.mjs';
import { introspect, readXoauth2 } from './tokens.mjs';

const ANNOUNCED_SIZE = 157286400;
const HOST = 'LO4P265CA0123.outlook.office365.example';
const UNAUTHENTICATED = `[${HOST}]`;

const OFF = {
  mailbox: `535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information. ${UNAUTHENTICATED}`,
  tenant: `535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. ${UNAUTHENTICATED}`,
};
const BASIC_OFF = `535 5.7.139 Authentication unsuccessful, basic authentication is disabled. ${UNAUTHENTICATED}`;
const REFUSED = `535 5.7.3 Authentication unsuccessful ${UNAUTHENTICATED}`;
const TOO_MANY = `432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information. [Hostname=${HOST}]`;

/** Addresses of a From field. Enough for a server's check: quoted names may hold anything. */
export function addressesIn(field) {
  const bare = field.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/\([^()]*\)/g, '');
  return bare.match(/[^\s<>,;:"]+@[^\s<>,;:"]+/g) ?? [];
}

/** The message without a header field. */
export function withoutField(raw, name) {
  const head = headerOf(raw);
  const lines = head.toString('latin1').split(/\r\n(?![ \t])/);
  const kept = lines.filter((l) => !l.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  if (kept.length === lines.length) return raw;
  return Buffer.concat([Buffer.from(kept.join('\r\n'), 'latin1'), raw.subarray(head.length)]);
}

/** Personal accounts get a Message-ID of the service; the old one stays beside it. */
export function replaceMessageId(raw, fresh) {
  const old = headerValue(raw, 'Message-ID');
  const added = `Message-ID: ${fresh}\r\n${old ? `X-Microsoft-Original-Message-ID: ${old}\r\n` : ''}`;
  return Buffer.concat([Buffer.from(added), withoutField(raw, 'Message-ID')]);
}

const owns = (person, address) => addressesOf(person).some((a) => a.toLowerCase() === address.toLowerCase());

class SmtpFront {
  constructor({ shared, limits, office, secureContext }) {
    Object.assign(this, { shared, limits, office });
    this.sessions = new Set();
    this.submissions = [];
    this.policy = {
      name: HOST, greeting: `220 ${HOST} Microsoft ESMTP MAIL Service ready at ${new Date().toUTCString()}`,
      maxLine: 1000, maxSize: ANNOUNCED_SIZE, tls: secureContext,
      ehlo: (session) => [`SIZE ${ANNOUNCED_SIZE}`, 'PIPELINING', 'DSN', 'ENHANCEDSTATUSCODES', ...(session.secure ? ['AUTH LOGIN XOAUTH2'] : ['STARTTLS']), '8BITMIME', 'BINARYMIME', 'CHUNKING', 'SMTPUTF8'],
      verbs: { AUTH: (session, rest) => this.#auth(session, rest) },
      ready: (session) => this.#ready(session),
      sender: (session) => this.#fault(session, 'MAIL'),
      recipient: (session, address) => this.#recipient(session, address),
      accept: (session, envelope, raw) => this.#accept(session, envelope, raw),
    };
  }

  #take(session, kind, command = null) { return this.shared.faults.take('smtp', kind, session.person ?? null, command); }

  /** A reply a test asked for at this command: {text, close} or null. */
  #fault(session, command) {
    const fault = this.#take(session, 'reply', command);
    if (!fault) return null;
    const text = fault.reply ?? '451 4.7.0 Temporary server error. Please try again later.';
    return { text, close: fault.close ?? text.startsWith('421') };
  }

  async #delay(session, command) {
    const fault = this.#take(session, 'delay', command);
    if (fault) await new Promise((done) => { setTimeout(done, fault.ms); });
  }

  async #auth(session, rest) {
    if (!session.secure || !session.helo) return '504 5.7.4 Unrecognized authentication type';
    if (session.person) return '503 5.5.2 Already authenticated';
    const [mechanism, initial] = rest.trim().split(/\s+/);
    await this.#delay(session, 'AUTH');
    if (mechanism.toUpperCase() === 'LOGIN') return this.#authLogin(session, initial);
    if (mechanism.toUpperCase() !== 'XOAUTH2') return '504 5.7.4 Unrecognized authentication type';
    let response = initial;
    if (!response) {
      session.send('334 ');
      response = await session.reader.line(16384, 'latin1');
    }
    if (response === '*') return '501 5.7.0 Authentication aborted';
    return this.#authToken(session, response);
  }

  async #authLogin(session, initial) {
    if (!initial) {
      session.send('334 VXNlcm5hbWU6');
      if (await session.reader.line(1000, 'latin1') === '*') return '501 5.7.0 Authentication aborted';
    }
    session.send('334 UGFzc3dvcmQ6');
    return await session.reader.line(1000, 'latin1') === '*' ? '501 5.7.0 Authentication aborted' : BASIC_OFF;
  }

  async #authToken(session, response) {
    const { shared } = this;
    const given = readXoauth2(response);
    const wanted = given && personByAddress(given.user);
    const refused = (reply) => { shared.counters.add(wanted, 'smtp logins refused'); return reply; };
    const answer = given && await introspect(shared.introspectUrl, given.token, 'submission');
    const owner = answer?.active ? personByAddress(answer.username) : null;
    if (!owner) return refused(REFUSED);
    if (owner.flags.smtpAuthOff) return refused(OFF[owner.flags.smtpAuthOff] ?? OFF.mailbox);
    if (given.user.toLowerCase() !== owner.upn.toLowerCase()) return refused(REFUSED);
    const fault = this.shared.faults.take('smtp', 'reply', owner, 'AUTH');
    if (fault) return refused({ text: fault.reply ?? REFUSED, close: fault.close ?? false });
    const others = [...this.sessions].filter((s) => s.person === owner).length;
    if (others >= this.limits.smtpConnections || this.shared.faults.take('smtp', 'throttle', owner)) return { text: refused(TOO_MANY), close: true };
    session.person = owner;
    shared.counters.add(owner, 'smtp logins');
    return '235 2.7.0 Authentication successful';
  }

  #ready(session) {
    if (session.person) return null;
    return '530 5.7.57 Client not authenticated to send mail.';
  }

  #recipient(session, address) {
    const fault = this.#fault(session, 'RCPT');
    if (fault) return fault;
    const { kind, reply } = this.office.route(address);
    return kind === 'unknown' ? reply.replace('550 5.1.1 ', '550 5.1.10 ') : null;
  }

  #mayNotSend(person, envelope, raw) {
    const from = addressesIn(headerValue(raw, 'From') ?? '');
    const stranger = from.find((a) => !owns(person, a));
    if (stranger) return `554 5.2.252 SendAsDenied; ${person.upn} not allowed to send as ${stranger}; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message [BeginDiagnosticData]Cannot submit message. [Hostname=${HOST}]`;
    if (!owns(person, envelope.from)) return `550 5.7.60 SMTP; Client does not have permissions to send as this sender [Hostname=${HOST}]`;
    return null;
  }

  async #accept(session, envelope, raw) {
    const { person } = session;
    const record = { at: new Date().toISOString(), upn: person.upn, from: envelope.from, to: envelope.to.map((r) => r.address), messageId: headerValue(raw, 'Message-ID'), size: raw.length, delivered: false };
    this.submissions = [...this.submissions.slice(-9999), record];
    const refuse = (reply) => { record.reply = reply.text ?? reply; return reply; };
    await this.#delay(session, 'DATA');
    if (raw.length > (person.flags.sendLimit ?? this.limits.messageSize)) return refuse('552 5.3.4 Message size exceeds fixed maximum message size');
    const fault = this.#fault(session, 'DATA');
    if (fault) return refuse(fault);
    const denied = this.#mayNotSend(person, envelope, raw);
    if (denied) return refuse(denied);
    const cut = this.#take(session, 'closeAfterData');
    if (cut && cut.delivered === false) { session.hangUp = true; return refuse('closed, not delivered'); }
    const id = this.#deliver(session, envelope, raw, record);
    if (cut) { session.hangUp = true; return refuse('closed, delivered'); }
    return refuse(`250 2.0.0 OK ${id} [Hostname=${HOST}]`);
  }

  /** Delivers, files the copy, and answers with the Message-ID under which both are kept. */
  #deliver(session, envelope, raw, record) {
    const { person } = session;
    const fresh = `<LO4P265MB${randomBytes(3).toString('hex').toUpperCase()}${randomBytes(8).toString('hex').toUpperCase()}@LO4P265MB1234.GBRP265.prod.outlook.example>`;
    const old = headerValue(raw, 'Message-ID');
    const kept = person.flags.personal || !old ? replaceMessageId(raw, fresh) : raw;
    record.delivered = true;
    record.storedMessageId = headerValue(kept, 'Message-ID');
    this.office.deliver(envelope, withoutField(kept, 'Bcc'));
    this.shared.counters.add(person, 'smtp messages');
    if (!this.#take(session, 'noSentCopy')) {
      const late = this.#take(session, 'sentDelay');
      const file = () => this.office.file(person, 'Sent Items', kept, { flags: ['\\Seen'] });
      if (late) setTimeout(file, late.ms ?? 2000).unref(); else file();
    }
    return record.storedMessageId;
  }

  serve(socket) {
    const session = new SmtpSession(socket, this.policy);
    this.sessions.add(session);
    socket.once('close', () => this.sessions.delete(session));
    const busy = this.#fault(session, 'CONNECT');
    if (busy) { session.send(busy.text); socket.end(); return; }
    const drop = this.#take(session, 'dropAfter');
    if (drop) socket.on('data', () => { if (socket.bytesRead >= (drop.bytes ?? 1000)) socket.destroy(); });
    session.run();
  }
}

/** Returns {port, submissions(): list, clear(), close()}. limits: {smtpConnections, messageSize}. */
export async function startSmtpFront({ shared, limits, office, tlsKeys, port = 0 }) {
  const front = new SmtpFront({ shared, limits, office, secureContext: tls.createSecureContext({ ...tlsKeys, minVersion: 'TLSv1.2' }) });
  const open = new Set();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (letThrough(socket, limits)) front.serve(socket);
  });
  const chosen = await listen(server, port);
  return {
    port: chosen, submissions: () => front.submissions, clear: () => { front.submissions = []; },
    close: () => new Promise((done) => { server.close(done); for (const socket of open) socket.destroy(); }),
  };
}
