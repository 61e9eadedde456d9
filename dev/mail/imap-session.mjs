// One client of the Exchange-like IMAP front: greeting and login by our own words, then commands one after the other to Dovecot.

import net from 'node:net';
import { personByAddress } from '../people.mjs';
import { appendFlags, examine, words } from './imap-commands.mjs';
import { ExchangeRewriter, exchangeStatus } from './imap-rewrite.mjs';
import { LineReader, ReadEnd } from './line-reader.mjs';
import { introspect, makeXoauth2, readXoauth2 } from './tokens.mjs';

const BEFORE = 'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';
const AFTER = 'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+';
const ID = '* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")';
const HOST = Buffer.from('LO0P265CA0042.GBRP265.PROD.OUTLOOK.EXAMPLE', 'utf16le').toString('base64');

/** 'FETCH', 'UID FETCH' … */
const verbOf = (name, args) => (name === 'UID' ? `UID ${args.split(' ')[0].toUpperCase()}` : name);
const unquote = (word) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word);

const MAX_LINE = 65536;
const MAX_LITERAL = 65536;
const MAX_APPEND = 36700160;
const MAX_BODY_LINE = 10000;
const LITERAL = /(~?)\{(\d{1,12})(\+?)\}$/;

export class ImapSession {
  /** shared: {introspectUrl, dovecotPort, faults, counters, limits(person), now()} */
  constructor(socket, shared) {
    this.socket = socket;
    this.shared = shared;
    this.person = null;
    this.expires = Infinity;
    this.errors = 0;
    this.backend = null;
    this.waiting = null;
    this.sent = 0;
    this.ended = false;
    socket.on('error', () => {});
    socket.on('close', () => this.backend?.destroy());
    socket.setNoDelay(true);
    this.reader = new LineReader(socket, 31 * 60e3);
  }

  write(text) { if (!this.socket.destroyed) this.socket.write(`${text}\r\n`); }

  /** Ends the session with a last untagged line, between two responses if possible. */
  bye(text) {
    if (this.ended) return;
    this.ended = true;
    if (!this.rewriter || this.rewriter.atBoundary) {
      this.write(`* BYE ${text}`);
      this.socket.end();
    } else this.socket.destroy();
    setTimeout(() => this.socket.destroy(), 500).unref();
  }

  /** Talks until the end; never rejects. */
  async run() {
    try {
      this.write(`* OK The Microsoft Exchange IMAP4 service is ready. [${HOST}]`);
      while (!this.ended) {
        const command = await this.#read();
        if (!command) continue;
        if (await this.#execute(command)) break;
        if (this.errors >= 10) this.bye('Connection closed. 14');
      }
    } catch (error) {
      if (error instanceof ReadEnd && error.kind === 'timeout') this.bye('Connection is closed. 13');
      else if (!(error instanceof ReadEnd)) this.bye('Server Unavailable. 15');
    } finally {
      this.backend?.destroy();
      this.socket.end();
      setTimeout(() => this.socket.destroy(), 500).unref();
    }
  }

  #take(kind, command = null, folder = null) { return this.shared.faults.take('imap', kind, this.person, command, folder); }

  #bad(tag, text) {
    this.errors++;
    this.write(`${tag} ${text}`);
  }

  /** One command: {tag, name, args, parts} (parts: what to forward when there were literals), or null after a bad line. */
  async #read() {
    let line;
    try {
      line = await this.reader.line(MAX_LINE, 'latin1');
    } catch (error) {
      if (error.kind !== 'too-long') throw error;
      this.#bad('*', 'BAD Command line too long. 10');
      return null;
    }
    const match = /^([^\s(){%*"\\+\]]+) ([A-Za-z]+)(?: (.*))?$/s.exec(line);
    if (!match) { this.#bad('*', 'BAD Invalid command line. 10'); return null; }
    const command = { tag: match[1], name: match[2].toUpperCase(), args: match[3] ?? '', parts: null };
    if (command.name === 'APPEND' && !LITERAL.test(command.args)) { this.#bad(command.tag, 'BAD Command Argument Error. 11'); return null; }
    return this.#literals(command);
  }

  /** Reads the literals of a command; APPEND's message stays unread. */
  async #literals(command) {
    let text = command.args;
    for (let literal = LITERAL.exec(text); literal; literal = LITERAL.exec(text)) {
      if (command.name === 'APPEND' && (command.parts || text !== literal[0])) break;
      const size = Number(literal[2]);
      if (literal[1] || size > MAX_LITERAL || !this.person) { this.bye('Connection closed. 14'); return null; }
      if (!literal[3]) this.write('+ Ready for additional command text.');
      const bytes = await this.reader.bytes(size);
      const rest = await this.reader.line(MAX_LINE, 'latin1');
      command.parts ??= [];
      command.parts.push(Buffer.from(`${text.replace(LITERAL, '{$2+}')}\r\n`, 'latin1'), bytes);
      command.args = command.args.replace(LITERAL, '"?"') + rest;
      text = rest;
    }
    if (command.parts) command.tail = text;
    return command;
  }

  /** Carries out one command; true ends the session. */
  async #execute(command) {
    const { tag, name } = command;
    this.shared.counters.add(this.person, `imap ${verbOf(name, command.args)}`);
    switch (name) {
      case 'CAPABILITY': this.write(`* CAPABILITY ${this.person ? AFTER : BEFORE}`); this.write(`${tag} OK CAPABILITY completed.`); return false;
      case 'NOOP': if (this.person) break; this.write(`${tag} OK NOOP completed.`); return false;
      case 'ID': this.write(ID); this.write(`${tag} OK ID completed`); return false;
      case 'LOGOUT':
        this.write('* BYE Microsoft Exchange Server IMAP4 server signing off.');
        this.write(`${tag} OK LOGOUT completed.`);
        return true;
      default:
    }
    if (!this.person) return this.#beforeLogin(command);
    if (!this.backend) return this.#notConnected(tag);
    if (await this.#faulty(command)) return this.ended;
    return name === 'APPEND' ? this.#append(command) : this.#pass(command);
  }

  async #beforeLogin({ tag, name, args }) {
    if (name === 'LOGIN') return this.#basic(tag, name, words(args).map(unquote));
    if (name !== 'AUTHENTICATE') { this.#bad(tag, 'BAD Command received in Invalid state.'); return false; }
    const [mechanism, initial] = args.split(' ');
    let response = initial;
    if (response === undefined) {
      this.write('+ ');
      response = await this.reader.line(MAX_LINE, 'latin1');
      if (response === '*') { this.write(`${tag} BAD AUTHENTICATE canceled.`); return false; }
    }
    if (mechanism.toUpperCase() === 'PLAIN') return this.#basic(tag, name, Buffer.from(response, 'base64').toString('utf8').split('\0').slice(1));
    if (mechanism.toUpperCase() !== 'XOAUTH2') { this.#bad(tag, 'NO Unsupported authentication mechanism.'); return false; }
    const good = await this.#logIn(response);
    this.write(good ? `${tag} OK AUTHENTICATE completed.` : `${tag} ${this.refusal ?? 'NO AUTHENTICATE failed.'}`);
    if (!good) this.errors++;
    return false;
  }

  /** Basic authentication is off, but for people with the flag basicAuth, {password, token}: for programs that know no OAuth. */
  async #basic(tag, name, [user, password]) {
    const basic = personByAddress(user ?? '')?.flags.basicAuth;
    const good = basic && password === basic.password && await this.#logIn(makeXoauth2(user, basic.token));
    if (good) this.write(`${tag} OK ${name} completed.`);
    else this.#bad(tag, `NO ${name} failed.`);
    return false;
  }

  /** True when the token is good; a token that is good for another mailbox leaves the session without a backend. */
  async #logIn(response) {
    const { shared } = this;
    const given = readXoauth2(response);
    const wanted = given && personByAddress(given.user);
    const refused = shared.faults.take('imap', 'refuseLogin', wanted);
    if (refused) { this.refusal = refused.reply; return false; }
    const answer = given && await introspect(shared.introspectUrl, given.token, 'imap');
    if (!answer?.active) { shared.counters.add(wanted, 'imap logins refused'); return false; }
    const owner = personByAddress(answer.username);
    if (!owner || (owner.flags.personal && owner.flags.imapOff)) { shared.counters.add(wanted, 'imap logins refused'); return false; }
    this.expires = answer.exp * 1000;
    this.person = wanted ?? owner;
    shared.counters.add(this.person, 'imap logins');
    const connected = wanted === owner && !owner.flags.imapOff && !shared.faults.take('imap', 'notConnected', owner) && shared.admit(this);
    if (connected) await this.#connect(owner, given.token);
    return true;
  }

  #notConnected(tag) {
    this.write(`${tag} BAD User is authenticated but not connected.`);
    this.bye('Connection closed. 14');
    return true;
  }

  /** Opens the mailbox in Dovecot with the same token. */
  #connect(owner, token) {
    return new Promise((resolve, reject) => {
      const backend = net.connect(this.shared.dovecotPort, '127.0.0.1');
      let seen = '';
      const fail = () => reject(new Error('the mail store is not there'));
      const talk = (chunk) => {
        seen += chunk.toString('latin1');
        if (seen.startsWith('* OK') && seen.endsWith('\r\n') && !seen.includes('\r\n* ') && seen.indexOf('\r\n') === seen.length - 2) backend.write(`A AUTHENTICATE XOAUTH2 ${makeXoauth2(owner.upn, token)}\r\n`);
        if (/(^|\r\n)\+ /.test(seen)) backend.write('\r\n');
        const end = /(?:^|\r\n)A (OK|NO|BAD)[^\r]*\r\n/.exec(seen);
        if (!end) return;
        backend.off('data', talk);
        if (end[1] !== 'OK') { backend.destroy(); fail(); return; }
        this.#attach(backend);
        resolve();
      };
      backend.on('data', talk);
      backend.once('error', fail);
      backend.setNoDelay(true);
    });
  }

  #attach(backend) {
    this.backend = backend;
    const broken = Boolean(this.#take('brokenStructure'));
    this.rewriter = new ExchangeRewriter({
      onTagged: (tag, status) => this.#tagged(tag, status),
      onContinue: () => (this.waiting?.verb === 'IDLE' ? '+ IDLE accepted, awaiting DONE command.' : null),
      onCopied: (line) => this.#copied(line),
      options: { broken },
    });
    backend.on('data', (chunk) => this.#pump(chunk));
    backend.on('error', () => {});
    backend.on('close', () => { this.waiting?.fail(new ReadEnd('closed')); this.socket.end(); });
  }

  #tagged(tag, status) {
    const { waiting } = this;
    this.waiting = null;
    if (!waiting) return `${tag} ${status}`;
    let text = exchangeStatus(status, waiting.verb);
    if (waiting.answer) text = waiting.answer;
    text = this.#copied(text);
    if (text.startsWith('BAD')) this.errors++;
    waiting.done();
    return `${tag} ${text}`;
  }

  /** COPYUID, with empty sets when a test asked for that. */
  #copied(text) {
    if (!text.includes('[COPYUID') || !this.#take('emptyCopyuid')) return text;
    return text.replace(/(\[COPYUID \d+) [^\]]*\]/, '$1  ]');
  }

  /** From Dovecot to the client. */
  #pump(chunk) {
    let out;
    try { out = this.rewriter.feed(chunk); } catch { this.socket.destroy(); return; }
    if (this.ended || out.length === 0) return;
    const bytes = out.length === 1 ? out[0] : Buffer.concat(out);
    if (this.cut && this.#cutShort(bytes)) return;
    this.sent += bytes.length;
    if (!this.socket.write(bytes)) {
      this.backend.pause();
      this.socket.once('drain', () => this.backend.resume());
    }
  }

  /** Drops the connection when a fault's bytes are used up, or in the middle of a literal. */
  #cutShort(bytes) {
    const { cut } = this;
    const inLiteral = this.rewriter.literalLeft > 0;
    if (cut.kind === 'midLiteral' && !inLiteral) return false;
    if (cut.kind === 'dropAfter' && (cut.left -= bytes.length) > 0) return false;
    const keep = cut.kind === 'dropAfter' ? bytes.length + cut.left : Math.max(1, bytes.length - 20);
    this.ended = true;
    this.socket.write(bytes.subarray(0, Math.max(0, keep)), () => this.socket.destroy());
    this.backend.destroy();
    return true;
  }

  /** Resolves when Dovecot's tagged answer was sent on. */
  #answered(verb, answer = null) {
    return new Promise((done, fail) => { this.waiting = { verb, answer, done, fail }; });
  }

  async #pass(command) {
    const { tag, name, args, parts } = command;
    const found = examine(name, args);
    if (found.refuse) {
      if (found.refuse.startsWith('BAD')) this.errors++;
      this.write(`${tag} ${found.refuse}`);
      return false;
    }
    if (found.done) { this.write(`${tag} OK ${found.verb.replace('UID ', '')} completed.`); return false; }
    const answer = this.#answered(found.verb);
    if (parts) {
      this.backend.write(`${tag} ${name} `);
      for (const part of parts) this.backend.write(part);
      this.backend.write(Buffer.from(`${command.tail}\r\n`, 'latin1'));
    } else this.backend.write(Buffer.from(`${tag} ${found.verb}${found.args ? ` ${found.args}` : ''}\r\n`, 'latin1'));
    if (found.verb === 'IDLE') await this.#idle(answer);
    await answer;
    return false;
  }

  async #idle(answer) {
    const fault = this.#take('byeAfterIdle');
    const timer = fault && setTimeout(() => this.bye('Connection is closed. 13'), fault.ms ?? 1000);
    answer.catch(() => {});
    try {
      const line = await this.reader.line(MAX_LINE, 'latin1');
      this.backend.write(line.toUpperCase() === 'DONE' ? 'DONE\r\n' : 'BROKEN\r\n');
    } finally {
      clearTimeout(timer);
    }
  }

  /** APPEND: the message streams through; what Exchange dislikes is spoiled at its end, so that Dovecot refuses it. */
  async #append({ tag, args, parts, tail }) {
    const head = parts ? tail : args;
    const match = /^(.*?)(?:\s*\(([^()]*)\))?(\s+"[^"]*")?\s*(~?)\{(\d{1,12})(\+?)\}$/s.exec(head);
    const size = Number(match?.[5]);
    if (!match || match[4] || size > MAX_APPEND) {
      if (match?.[6]) await this.reader.pass(size, () => {});
      if (match?.[6]) await this.reader.line(MAX_LINE, 'latin1');
      this.#bad(tag, size > MAX_APPEND ? 'NO Maximum size of appendable message has been exceeded.' : 'BAD Command Argument Error. 11');
      return false;
    }
    const flags = match[2] === undefined ? '' : ` (${appendFlags(match[2])})`;
    const answer = this.#answered('APPEND');
    answer.catch(() => {});
    this.backend.write(`${tag} APPEND `);
    for (const part of parts ?? []) this.backend.write(part);
    this.backend.write(Buffer.from(`${match[1]}${flags}${match[3] ?? ''} {${size}+}\r\n`, 'latin1'));
    if (!match[6]) this.write('+ Ready for additional command text.');
    let long = 0;
    let longest = 0;
    await this.reader.pass(size, (piece) => {
      for (let at = 0; at < piece.length;) {
        const end = piece.indexOf(10, at);
        long += (end === -1 ? piece.length : end) - at;
        longest = Math.max(longest, long);
        if (end !== -1) long = 0;
        at = end === -1 ? piece.length : end + 1;
      }
      if (!this.backend.write(piece)) return new Promise((go) => { this.backend.once('drain', go); this.backend.once('close', go); });
      return null;
    });
    const rest = await this.reader.line(MAX_LINE, 'latin1');
    this.backend.write(rest || longest > MAX_BODY_LINE ? ' SPOILED\r\n' : '\r\n');
    await answer;
    return false;
  }

  /** Faults that answer in Dovecot's place; true when one did. */
  async #faulty({ tag, name, args }) {
    const verb = verbOf(name, args);
    const take = (kind) => this.#take(kind, verb, unquote(words(args)[0] ?? ''));
    const delay = take('delay');
    if (delay) await new Promise((done) => { setTimeout(done, delay.ms); });
    const hang = take('hang');
    if (hang) await new Promise((done) => { this.socket.once('close', done); });
    const throttled = take('throttle');
    if (throttled) {
      this.write(`${tag} BAD Request is throttled. Suggested Backoff Time: ${throttled.ms ?? 90000} milliseconds`);
      if (throttled.bye) this.bye('Connection is closed. 13');
      return true;
    }
    if (take('unavailable')) { this.write('Server Unavailable. 15'); this.ended = true; this.socket.end(); return true; }
    if (take('bye')) { this.bye('Connection is closed. 13'); return true; }
    const no = take('no');
    if (no) { this.write(`${tag} NO ${no.reply ?? 'Server Busy. Please try again later.'}`); return true; }
    const garbage = take('garbage');
    if (garbage) this.socket.write(Buffer.from(garbage.reply ?? '* \x00\xff\xfe) GARBAGE {9999999999}\r\n(((((((("\r\n', 'latin1'));
    if (take('emptyFetch')) { this.write(`${tag} OK ${verb.replace('UID ', '')} completed.`); return true; }
    const cut = take('dropAfter') ?? take('midLiteral');
    if (cut) this.cut = { kind: cut.kind, left: cut.bytes ?? 1000 };
    return false;
  }
}
