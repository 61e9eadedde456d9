// Knows where mail goes: into a colleague's INBOX, to the bouncing domain, to the outside world (accepted and kept in a list), or nowhere.

import { randomBytes } from 'node:crypto';
import { BOUNCE_DOMAIN, OUTSIDE_DOMAIN, addressesOf, personByAddress } from '../people.mjs';
import { makeDsn } from './dsn.mjs';
import { addMessage, localFolder, makeFolder } from './maildir.mjs';

const inDomain = (address, domain) => new RegExp(`@(.+\\.)?${domain.replace(/\./g, '\\.')}$`, 'i').test(address);

const NO_MAILBOX = 'RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup';

export class PostOffice {
  #root; #owner; #people; #host;

  /** outside: messages that left for the outside world, newest last, at most 1000: {from, to, raw}. */
  constructor({ people, maildirRoot, owner, host = 'mail.lampworks.example' }) {
    this.#root = maildirRoot;
    this.#owner = owner;
    this.#people = people;
    this.#host = host;
    this.outside = [];
    this.domains = new Set(people.flatMap(addressesOf).map((a) => a.split('@')[1].toLowerCase()));
  }

  /** {kind: 'person', person} | {kind: 'bounce'} | {kind: 'outside'} | {kind: 'unknown', reply} */
  route(address) {
    const person = personByAddress(address, this.#people);
    if (person) return { kind: 'person', person };
    if (inDomain(address, BOUNCE_DOMAIN)) return { kind: 'bounce' };
    if (inDomain(address, OUTSIDE_DOMAIN)) return { kind: 'outside' };
    if (this.domains.has(address.split('@').pop().toLowerCase())) return { kind: 'unknown', reply: `550 5.1.1 ${NO_MAILBOX}` };
    return { kind: 'unknown', reply: `550 5.4.310 DNS domain ${address.split('@').pop()} does not exist in the sample organisation` };
  }

  /** Puts a message into a folder as the service itself does. Returns the file. */
  file(person, folder, raw, options = {}) {
    const dir = makeFolder(this.#root, person, localFolder(person, folder), this.#owner);
    return addMessage(dir, raw, this.#owner, options);
  }

  #received(from, to) {
    const id = randomBytes(6).toString('hex');
    return Buffer.from(`Return-Path: <${from}>\r\nDelivered-To: ${to}\r\nReceived: from client by ${this.#host} with ESMTPS id ${id}\r\n\tfor <${to}>; ${new Date().toUTCString().replace('GMT', '+0000')}\r\n`);
  }

  /** Delivers to every recipient and sends what notifications their DSN parameters ask for. envelope as in smtp-session. */
  deliver({ from, params = {}, to }, raw) {
    const failed = [];
    const delivered = [];
    for (const { address, params: wish = {} } of to) {
      const { kind, person } = this.route(address);
      const notify = String(wish.NOTIFY ?? 'FAILURE').toUpperCase();
      const entry = { address, orcpt: typeof wish.ORCPT === 'string' ? wish.ORCPT : undefined };
      if (kind === 'person') this.file(person, 'INBOX', Buffer.concat([this.#received(from, address), raw]));
      if (kind === 'outside') this.outside = [...this.outside.slice(-999), { from, to: address, raw }];
      if (kind === 'bounce' || kind === 'unknown') {
        const reply = `550 5.1.1 <${address}>: user unknown`;
        if (notify.includes('FAILURE')) failed.push({ ...entry, status: '5.1.1', reply, remote: `mx.${BOUNCE_DOMAIN}` });
      } else if (notify.includes('SUCCESS')) delivered.push({ ...entry, status: '2.0.0' });
    }
    this.#notify('failed', failed, from, params, raw);
    this.#notify('delivered', delivered, from, params, raw);
  }

  #notify(kind, recipients, from, params, raw) {
    const sender = from && personByAddress(from, this.#people);
    if (!sender || !recipients.length) return;
    const whole = String(params.RET ?? '').toUpperCase() === 'FULL';
    const envid = typeof params.ENVID === 'string' ? params.ENVID : null;
    const dsn = makeDsn({ kind, to: from, recipients, raw, envid, whole, host: this.#host });
    this.file(sender, 'INBOX', Buffer.concat([this.#received('', from), dsn]));
  }
}
