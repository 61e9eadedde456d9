// One SMTP conversation as a server sees it (RFC 5321, 3030, 3461, 6531). What may be said and who may send is up to the policy.
//
// policy: {
//   name, greeting, ehlo(session) -> extension lines, maxLine, maxSize, tls: SecureContext or null,
//   verbs: {VERB: async (session, rest) => reply or null},         further commands (AUTH, XCLIENT …)
//   ready(session) -> reply that refuses MAIL, or null,
//   sender(session, address) / recipient(session, address) -> reply that refuses, or null,
//   accept(session, envelope, raw) -> reply                         after the whole message came in
// }
// A reply is a string without line end, or {text, close: true}; `session.hangUp` ends the connection without a word.

import tls from 'node:tls';
import { ReadEnd, LineReader } from './line-reader.mjs';

const PATH = /^(FROM|TO):\s*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(.*)$/i;

/** Reads `FROM:<a@b> SIZE=1 …` into {address, params}, or null. */
export function parsePath(text, keyword) {
  const match = PATH.exec(text.trim());
  if (!match || match[1].toUpperCase() !== keyword) return null;
  const params = {};
  for (const word of match[3].trim().split(/\s+/).filter(Boolean)) {
    const eq = word.indexOf('=');
    params[(eq < 0 ? word : word.slice(0, eq)).toUpperCase()] = eq < 0 ? true : word.slice(eq + 1);
  }
  return { address: match[2].replace(/^@[^:]*:/, ''), params };
}

export class SmtpSession {
  constructor(socket, policy) {
    this.socket = socket;
    this.policy = policy;
    this.secure = false;
    this.login = null;
    this.helo = null;
    this.errors = 0;
    this.hangUp = false;
    socket.on('error', () => {});
    socket.setNoDelay(true);
    this.reader = new LineReader(socket);
    this.reset();
  }

  reset() {
    this.envelope = null;
    this.chunks = [];
    this.chunkSize = 0;
  }

  send(text) { if (!this.socket.destroyed) this.socket.write(`${text}\r\n`); }

  /** Talks until the end; never rejects. */
  async run() {
    try {
      this.send(this.policy.greeting);
      while (!this.hangUp) if (await this.#one()) break;
    } catch (error) {
      if (!(error instanceof ReadEnd)) this.send('451 4.3.0 Internal error');
      else if (error.kind === 'timeout') this.send('421 4.4.1 Connection timed out');
    } finally {
      if (this.hangUp) this.socket.destroy(); else this.socket.end();
    }
  }

  async #one() {
    let line;
    try {
      line = await this.reader.line(this.policy.maxLine);
    } catch (error) {
      if (error.kind !== 'too-long') throw error;
      this.send('500 5.5.2 Line too long');
      return ++this.errors > 10;
    }
    const [, verb, rest] = /^(\S*) ?(.*)$/s.exec(line);
    const reply = await this.#command(verb.toUpperCase(), rest);
    if (this.hangUp) return true;
    const text = reply?.text ?? reply;
    if (text) this.send(text);
    if (text?.startsWith('5')) this.errors++;
    return Boolean(reply?.close) || this.errors > 20;
  }

  async #command(verb, rest) {
    const extra = this.policy.verbs?.[verb];
    if (extra) return extra(this, rest);
    switch (verb) {
      case 'HELO': this.helo = rest; this.reset(); return `250 ${this.policy.name} Hello`;
      case 'EHLO': return this.#ehlo(rest);
      case 'STARTTLS': return this.#startTls(rest);
      case 'MAIL': return this.#mail(rest);
      case 'RCPT': return this.#rcpt(rest);
      case 'DATA': return this.#data(rest);
      case 'BDAT': return this.#bdat(rest);
      case 'RSET': this.reset(); return '250 2.0.0 Resetting';
      case 'NOOP': return '250 2.0.0 OK';
      case 'VRFY': return '252 2.1.5 Cannot VRFY user';
      case 'QUIT': return { text: '221 2.0.0 Service closing transmission channel', close: true };
      default: return '500 5.3.3 Unrecognized command';
    }
  }

  #ehlo(rest) {
    if (!rest.trim()) return '501 5.5.4 Invalid domain name';
    this.helo = rest.trim();
    this.reset();
    const lines = [`${this.policy.name} Hello [127.0.0.1]`, ...this.policy.ehlo(this)];
    return lines.map((l, i) => `250${i === lines.length - 1 ? ' ' : '-'}${l}`).join('\r\n');
  }

  async #startTls(rest) {
    if (!this.policy.tls || this.secure) return '503 5.5.1 STARTTLS is not available';
    if (rest.trim()) return '501 5.5.4 No parameters with STARTTLS';
    if (this.reader.hasMore) return { text: '554 5.5.1 Nothing may follow STARTTLS', close: true };
    this.reader.detach();
    this.send('220 2.0.0 SMTP server ready');
    const secure = new tls.TLSSocket(this.socket, { isServer: true, secureContext: this.policy.tls });
    await new Promise((resolve, reject) => {
      secure.once('secure', resolve);
      for (const event of ['error', 'close']) secure.once(event, () => reject(new ReadEnd('closed')));
    });
    secure.on('error', () => {});
    this.socket = secure;
    this.reader.attach(secure);
    this.secure = true;
    this.helo = null;
    this.reset();
    return null;
  }

  async #mail(rest) {
    if (!this.helo) return '503 5.5.2 Send hello first';
    const refused = await this.policy.ready?.(this);
    if (refused) return refused;
    if (this.envelope) return '503 5.5.2 Sender already specified';
    const path = parsePath(rest, 'FROM');
    if (!path) return '501 5.5.4 Invalid arguments';
    if (Number(path.params.SIZE) > this.policy.maxSize) return '552 5.3.4 Message size exceeds fixed maximum message size';
    if (/[^\x20-\x7e]/.test(path.address) && !path.params.SMTPUTF8) return '553 5.6.7 Address is not ASCII and SMTPUTF8 was not asked for';
    const bad = await this.policy.sender?.(this, path.address);
    if (bad) return bad;
    this.envelope = { from: path.address, params: path.params, to: [] };
    return '250 2.1.0 Sender OK';
  }

  async #rcpt(rest) {
    if (!this.envelope) return '503 5.5.2 Need mail command';
    const path = parsePath(rest, 'TO');
    if (!path || !path.address.includes('@')) return '501 5.1.3 Invalid address';
    if (/[^\x20-\x7e]/.test(path.address) && !this.envelope.params.SMTPUTF8) return '553 5.6.7 Address is not ASCII and SMTPUTF8 was not asked for';
    if (this.envelope.to.length >= 500) return '452 4.5.3 Too many recipients';
    const bad = await this.policy.recipient?.(this, path.address);
    if (bad) return bad;
    this.envelope.to.push({ address: path.address, params: path.params });
    return '250 2.1.5 Recipient OK';
  }

  async #data(rest) {
    if (rest.trim()) return '501 5.5.4 Invalid arguments';
    if (!this.envelope?.to.length) return '503 5.5.2 Need rcpt command';
    if (this.envelope.params.BODY?.toUpperCase() === 'BINARYMIME') return '503 5.5.1 BINARYMIME needs BDAT';
    this.send('354 Start mail input; end with <CRLF>.<CRLF>');
    const raw = await this.reader.data(this.policy.maxSize);
    if (raw && hasBareLf(raw)) { this.reset(); return '550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds'; }
    return this.#finish(raw);
  }

  async #bdat(rest) {
    const match = /^(\d{1,12})( LAST)?$/i.exec(rest.trim());
    if (!match) return { text: '501 5.5.4 Invalid arguments', close: true };
    const size = Number(match[1]);
    this.chunkSize += size;
    const fits = this.chunkSize <= this.policy.maxSize;
    const bytes = await this.reader.bytes(size, fits && Boolean(this.envelope?.to.length));
    if (!this.envelope?.to.length) { this.chunkSize = 0; return '503 5.5.2 Need rcpt command'; }
    if (bytes) this.chunks.push(bytes);
    if (!match[2]) return `250 2.6.0 ${size} octets received`;
    return this.#finish(fits ? Buffer.concat(this.chunks) : null);
  }

  async #finish(raw) {
    const envelope = this.envelope;
    this.reset();
    if (!raw) return '552 5.3.4 Message size exceeds fixed maximum message size';
    return this.policy.accept(this, envelope, raw);
  }
}

function hasBareLf(bytes) {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) if (at === 0 || bytes[at - 1] !== 13) return true;
  return false;
}
