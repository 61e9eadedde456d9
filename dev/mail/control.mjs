// The control API of the mail side: POST <controlUrl>/<name> with a JSON object and the header X-Control-Key; answers {result} or {error}.
// dev/README.md lists the names. idp/<name> reaches the identity provider's own control.

import { timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { personByAddress } from '../people.mjs';
import { callControl } from '../idp/control.mjs';
import { headerValue } from './dsn.mjs';
import { ImapClient, decodeFolder, encodeFolder, quote } from './imap-client.mjs';
import { localFolder } from './maildir.mjs';
import { listen } from './runtime.mjs';

const MAX_BODY = 64 * 1024 * 1024;

function someone(address) {
  const person = personByAddress(address);
  if (!person) throw new TypeError(`nobody has the address ${address}`);
  return person;
}

/** Unquotes the folder name at the end of a LIST answer. */
function listedName({ text, literals }) {
  if (literals.length) return decodeFolder(literals[0].toString('latin1'));
  const name = /^\* LIST \([^)]*\) (?:"(?:[^"\\]|\\.)*"|NIL) (.*)$/.exec(text)[1];
  return decodeFolder(name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name);
}

export class Control {
  #faults; #counters; #dovecot; #imap; #smtp; #limits; #office;

  constructor({ faults, counters, dovecot, imap, smtp, limits, office }) {
    [this.#faults, this.#counters, this.#dovecot, this.#imap, this.#smtp, this.#limits, this.#office] = [faults, counters, dovecot, imap, smtp, limits, office];
  }

  /** Works in a mailbox as another client would, through Dovecot itself. */
  async #inFolder(person, folder, work, readOnly = false) {
    const client = await ImapClient.connect({ port: this.#dovecot.ports.imap });
    try {
      await client.must(`LOGIN ${quote(`${person.upn}*${this.#dovecot.masterUser}`)} ${quote(this.#dovecot.masterPassword)}`);
      if (folder) await client.must(`${readOnly ? 'EXAMINE' : 'SELECT'} ${quote(encodeFolder(localFolder(person, folder)))}`);
      return await work(client);
    } finally {
      client.close();
    }
  }

  addFault({ person, ...fault }) { return this.#faults.add({ ...fault, ...(person ? { person, owner: someone(person) } : {}) }); }

  removeFault({ id }) { this.#faults.remove(id); }

  clearFaults() { this.#faults.clear(); }

  faults() { return this.#faults.list.map(({ owner, ...fault }) => ({ ...fault, left: Number.isFinite(fault.left) ? fault.left : null })); }

  counters() { return this.#counters.read(); }

  clearCounters() { this.#counters.clear(); }

  submissions() { return this.#smtp.submissions(); }

  clearSubmissions() { this.#smtp.clear(); }

  outside() { return this.#office.outside.map(({ from, to, raw }) => ({ from, to, messageId: headerValue(raw, 'Message-ID'), raw: raw.toString('base64') })); }

  sessions({ person } = {}) { return [...this.#imap.sessions].filter((s) => !person || s.person === someone(person)).length; }

  endSessions({ person, text = 'Connection closed. 14' } = {}) { this.#imap.endSessions(person ? someone(person) : null, text); }

  /** imapOff, smtpAuthOff (true, 'mailbox' or 'tenant'), personal, sendLimit, basicAuth ({password, token}: IMAP LOGIN with that password). */
  flags({ person, ...change }) { return Object.assign(someone(person).flags, change); }

  /** imapConnections, smtpConnections (per person), messageSize. */
  limits(change = {}) {
    for (const key of Object.keys(change)) if (!(key in this.#limits)) throw new TypeError(`no limit ${key}`);
    return Object.assign(this.#limits, change);
  }

  folders({ person }) {
    return this.#inFolder(someone(person), null, async (client) => (await client.must('LIST "" "*"')).untagged.filter((r) => r.text.startsWith('* LIST')).map(listedName));
  }

  /** [{uid, flags, size, date, messageId, subject}] of a folder; special folders may be named in English. raw: true adds the bytes, base64. */
  messages({ person, folder = 'INBOX', raw = false }) {
    return this.#inFolder(someone(person), folder, async (client) => {
      const { untagged } = await client.must(`UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ${raw ? 'BODY.PEEK[]' : 'BODY.PEEK[HEADER.FIELDS (MESSAGE-ID SUBJECT X-MICROSOFT-ORIGINAL-MESSAGE-ID)]'})`);
      return untagged.filter((r) => / FETCH /.test(r.text) && r.literals.length).map(({ text, literals }) => {
        const [bytes] = literals;
        return {
          uid: Number(/UID (\d+)/.exec(text)[1]), flags: /FLAGS \(([^)]*)\)/.exec(text)[1].split(' ').filter(Boolean), size: Number(/SIZE (\d+)/.exec(text)[1]),
          date: /INTERNALDATE "([^"]*)"/.exec(text)[1], messageId: headerValue(bytes, 'Message-ID'), subject: headerValue(bytes, 'Subject'),
          originalMessageId: headerValue(bytes, 'X-Microsoft-Original-Message-ID'), ...(raw ? { raw: bytes.toString('base64') } : {}),
        };
      });
    }, true);
  }

  /** message: text; raw: base64. flags: list. Answers with the UID. */
  append({ person, folder = 'INBOX', message, raw, flags = [] }) {
    const owner = someone(person);
    const bytes = raw !== undefined ? Buffer.from(raw, 'base64') : Buffer.from(String(message).replace(/\r?\n/g, '\r\n'));
    return this.#inFolder(owner, null, async (client) => {
      const answer = await client.append(localFolder(owner, folder), bytes, flags);
      if (answer.status !== 'OK') throw new Error(answer.text);
      return Number(/APPENDUID \d+ (\d+)/.exec(answer.text)?.[1]);
    });
  }

  /** add, remove: lists of flags or keywords. */
  flag({ person, folder = 'INBOX', uid, add = [], remove = [] }) {
    return this.#inFolder(someone(person), folder, async (client) => {
      if (add.length) await client.must(`UID STORE ${uid} +FLAGS.SILENT (${add.join(' ')})`);
      if (remove.length) await client.must(`UID STORE ${uid} -FLAGS.SILENT (${remove.join(' ')})`);
    });
  }

  expunge({ person, folder = 'INBOX', uid }) {
    return this.#inFolder(someone(person), folder, async (client) => {
      await client.must(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`);
      await client.must(`UID EXPUNGE ${uid}`);
    });
  }

  move({ person, folder = 'INBOX', uid, to }) {
    const owner = someone(person);
    return this.#inFolder(owner, folder, async (client) => { await client.must(`UID MOVE ${uid} ${quote(encodeFolder(localFolder(owner, to)))}`); });
  }

  createFolder({ person, folder }) { return this.#inFolder(someone(person), null, async (client) => { await client.must(`CREATE ${quote(encodeFolder(folder))}`); }); }

  deleteFolder({ person, folder }) { return this.#inFolder(someone(person), null, async (client) => { await client.must(`DELETE ${quote(encodeFolder(folder))}`); }); }

  renameFolder({ person, folder, to }) { return this.#inFolder(someone(person), null, async (client) => { await client.must(`RENAME ${quote(encodeFolder(folder))} ${quote(encodeFolder(to))}`); }); }
}

const NAMES = Object.getOwnPropertyNames(Control.prototype).filter((n) => n !== 'constructor');

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY) throw new Error('too large');
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  return text ? JSON.parse(text) : undefined;
}

function allowed(request, key) {
  const given = Buffer.from(String(request.headers['x-control-key'] ?? ''));
  const wanted = Buffer.from(key);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function answer(request, { control, idpControl, key }) {
  if (!allowed(request, key)) return [403, { error: 'the header X-Control-Key is missing or wrong' }];
  const name = decodeURIComponent(new URL(request.url, 'http://control').pathname.slice(1));
  try {
    const args = await readBody(request);
    if (name.startsWith('idp/')) return [200, { result: callControl(idpControl, name.slice(4), args) }];
    if (!NAMES.includes(name)) return [404, { error: `no control function ${name}`, names: NAMES }];
    return [200, { result: (await control[name](args ?? {})) ?? null }];
  } catch (error) {
    return [400, { error: error.message }];
  }
}

/** Returns {port, control, close()}. */
export async function startControl({ idp, key, port = 0, ...parts }) {
  const control = new Control(parts);
  const server = http.createServer(async (request, response) => {
    const [status, body] = await answer(request, { control, idpControl: idp.control, key });
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  const chosen = await listen(server, port);
  return { port: chosen, control, close: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }) };
}
