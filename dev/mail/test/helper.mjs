// What the tests share: an organisation in a private directory, its control, tokens, and small clients.

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { ImapClient } from '../imap-client.mjs';
import { LineReader } from '../line-reader.mjs';
import { startOrganisation } from '../organisation.mjs';
import { makeXoauth2 } from '../tokens.mjs';

export const OUTLOOK = 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send';
export const ANNA = 'anna.berg@northlight.example';
export const JAMES = 'james.okafor@northlight.example';
export const MAEVE = { upn: 'moneill@northlight.onmicrosoft.example', mail: 'maeve.oneill@northlight.example' };
export const JONAS = 'jonas.weber@northlight.example';
export const DMYTRO = 'dmytro.kovalenko@northlight.example';
export const ELIF = 'elif.yildiz@northlight.example';
export const NOA = 'noa.peretz@harborline.example';
export const SAM = 'sam.carter@outlook.example';
export const LIN = 'lin.yue@northlight.example';
export const WORKSHOP = 'workshop@lampworks.example';

/** Starts an organisation in a new directory: {…, dir, control(name, args), mint(person, scope), imap(…), smtp(…), stop()}. */
export async function testOrganisation() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'org-test-'));
  const org = await startOrganisation({ dir, mails: 400 });
  const ca = fs.readFileSync(org.json.caFile);
  const control = async (name, args) => {
    const answer = await fetch(`${org.json.controlUrl}/${name}`, { method: 'POST', headers: { 'X-Control-Key': org.json.controlKey }, body: JSON.stringify(args ?? {}) });
    const { result, error } = await answer.json();
    if (error) throw new Error(error);
    return result;
  };
  const mint = (person, scope = OUTLOOK, options = {}) => org.idp.control.mint(person, scope, options);
  return {
    ...org, dir, ca, control, mint,
    imap: () => ImapClient.connect({ port: org.json.imap.port, ca }),
    plainImap: () => ImapClient.connect({ port: org.json.dovecot.imapsPort, ca }),
    async imapAs(person, token = mint(person)) {
      const client = await ImapClient.connect({ port: org.json.imap.port, ca });
      client.login = await client.command(`AUTHENTICATE XOAUTH2 ${makeXoauth2(person, token)}`);
      return client;
    },
    smtp: () => SmtpClient.connect(org.json.smtp.port, ca),
    async smtpAs(person, token = mint(person)) {
      const client = await SmtpClient.connect(org.json.smtp.port, ca);
      await client.secure();
      client.login = await client.xoauth2(person, token);
      return client;
    },
    async stop() {
      await org.close();
      removeTree(dir, org.json.dovecot.maildirRoot);
    },
  };
}

export function removeTree(dir, maildirRoot) {
  if (maildirRoot && !maildirRoot.startsWith(dir)) fs.rmSync(maildirRoot, { recursive: true, force: true });
  fs.rmSync(dir, { recursive: true, force: true });
}

/** An SMTP client that shows every reply. */
export class SmtpClient {
  constructor(socket, ca) {
    Object.assign(this, { socket, ca });
    socket.on('error', () => {});
    this.reader = new LineReader(socket, 30000);
  }

  static async connect(port, ca) {
    const client = new SmtpClient(net.connect(port, '127.0.0.1'), ca);
    client.greeting = await client.reply();
    return client;
  }

  async reply() {
    const lines = [];
    for (;;) {
      const line = await this.reader.line(8192);
      lines.push(line);
      if (line[3] !== '-') return lines.join('\n');
    }
  }

  send(text) { this.socket.write(`${text}\r\n`); }

  async say(text) { this.send(text); return this.reply(); }

  /** EHLO, STARTTLS with the certificate checked, EHLO; the last answer is in client.ehlo. */
  async secure() {
    this.plainEhlo = await this.say('EHLO test.example');
    await this.say('STARTTLS');
    this.reader.detach();
    const socket = tls.connect({ socket: this.socket, ca: this.ca, servername: 'localhost' });
    await new Promise((resolve, reject) => { socket.once('secureConnect', resolve); socket.once('error', reject); });
    socket.on('error', () => {});
    this.socket = socket;
    this.reader.attach(socket);
    this.ehlo = await this.say('EHLO test.example');
  }

  async xoauth2(user, token) {
    const first = await this.say('AUTH XOAUTH2');
    return first.startsWith('334') ? this.say(makeXoauth2(user, token)) : first;
  }

  /** The whole dialogue of one message; resolves to the last reply that came. */
  async mail(from, to, message, params = '') {
    const start = await this.say(`MAIL FROM:<${from}>${params}`);
    if (!start.startsWith('250')) return start;
    for (const address of [to].flat()) {
      const reply = await this.say(`RCPT TO:<${address}>`);
      if (!reply.startsWith('250')) return reply;
    }
    const go = await this.say('DATA');
    if (!go.startsWith('354')) return go;
    this.socket.write(message.replace(/^\./gm, '..'));
    return this.say(message.endsWith('\r\n') ? '.' : '\r\n.');
  }

  close() { this.socket.destroy(); }
}

export const simpleMail = (from, to, id, subject = 'Test') => `From: <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMessage-ID: <${id}>\r\n\r\nHello\r\n.a dot line\r\n`;
