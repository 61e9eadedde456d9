// A small IMAP client for the control API and the tests: one command at a time, answers kept as they come.

import net from 'node:net';
import tls from 'node:tls';
import { LineReader } from './line-reader.mjs';

const LITERAL = /\{(\d+)\}$/;

/** Quotes an astring; names with characters outside ASCII must be encoded before. */
export const quote = (text) => `"${text.replace(/(["\\])/g, '\\$1')}"`;

/** Modified UTF-7 of a folder name (RFC 3501 section 5.1.3). */
export function encodeFolder(name) {
  return name.replace(/&/g, '&-').replace(/[^\x20-\x7e]+/g, (run) => {
    const be = Buffer.from(run, 'utf16le').swap16();
    return `&${be.toString('base64').replace(/=+$/, '').replace(/\//g, ',')}-`;
  });
}

export function decodeFolder(name) {
  return name.replace(/&([^-]*)-/g, (_, code) => (code ? Buffer.from(code.replace(/,/g, '/'), 'base64').swap16().toString('utf16le') : '&'));
}

export class ImapClient {
  #tag = 0;

  constructor(socket) {
    this.socket = socket;
    socket.on('error', () => {});
    this.reader = new LineReader(socket, 60000);
  }

  /** options: {port, ca: PEM (then TLS), servername}. The greeting is in client.greeting. */
  static async connect({ port, ca = null, servername = 'localhost' }) {
    const socket = ca ? tls.connect({ port, host: '127.0.0.1', ca, servername }) : net.connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => { socket.once(ca ? 'secureConnect' : 'connect', resolve); socket.once('error', reject); });
    const client = new ImapClient(socket);
    client.greeting = await client.reader.line(8192, 'latin1');
    return client;
  }

  /** One response: {text: with {n} left where a literal stood, literals: [Buffer]}. */
  async response() {
    const literals = [];
    let text = await this.reader.line(1 << 22, 'latin1');
    for (let match = LITERAL.exec(text); match; match = LITERAL.exec(text)) {
      literals.push(await this.reader.bytes(Number(match[1])));
      text += `\u0000${await this.reader.line(1 << 22, 'latin1')}`;
      if (!LITERAL.test(text.slice(text.lastIndexOf('\u0000')))) break;
    }
    return { text, literals };
  }

  send(text) { this.socket.write(`${text}\r\n`, 'latin1'); }

  /** Reads until the tagged answer: {status: 'OK'|'NO'|'BAD', text, untagged: responses}. */
  async finish(tag) {
    const untagged = [];
    for (;;) {
      const response = await this.response();
      if (response.text.startsWith(`${tag} `)) {
        const rest = response.text.slice(tag.length + 1);
        return { status: rest.split(' ')[0], text: rest, untagged };
      }
      untagged.push(response);
    }
  }

  nextTag() { return `c${++this.#tag}`; }

  async command(text) {
    const tag = this.nextTag();
    this.send(`${tag} ${text}`);
    return this.finish(tag);
  }

  /** As command, and throws unless it was OK. What is refused since somebody else expunges meanwhile (RFC 5530) is asked again. */
  async must(text) {
    let answer = await this.command(text);
    for (let i = 0; i < 5 && /\[EXPUNGEISSUED\]/.test(answer.text); i++) {
      await this.command('NOOP');
      answer = await this.command(text);
    }
    if (answer.status !== 'OK') throw new Error(`${text.split(' ')[0]}: ${answer.text}`);
    return answer;
  }

  async append(folder, bytes, flags = []) {
    const tag = this.nextTag();
    this.send(`${tag} APPEND ${quote(encodeFolder(folder))} (${flags.join(' ')}) {${bytes.length}+}`);
    this.socket.write(bytes);
    this.send('');
    return this.finish(tag);
  }

  close() { this.socket.destroy(); }
}
