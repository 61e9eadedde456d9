// A seeded random editor of one mailbox: some steps by JMAP here, some as another client there, and what must be true in the end.

import assert from 'node:assert/strict';

import { encodeFolder, quote } from '../../../dev/mail/imap-client.mjs';
import { foldersOf, here, otherClient, there } from './mirror.mjs';

/** mulberry32: the same numbers in every run. */
export function numbers(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Folders that come, go and change their names. */
const MOVABLE = ['Plans', 'Invoices', 'Travel'];
const WORDS = ['$seen', '$flagged', '$answered', 'blue', '$forwarded'];
const IMAP_FLAG = { $seen: '\\Seen', $flagged: '\\Flagged', $answered: '\\Answered' };

export class Editor {
  #serial = 0;

  /**
   * what: { postroom, client, account, org, person } as in mirror.mjs. folders: names of folders to work in, INBOX first. keywords: false
   * where the server keeps none. name: distinguishes the messages of this editor. builds: folders are made, renamed and deleted too.
   */
  constructor(what, { seed = 1, folders, keywords = true, name = 'edit', builds = false }) {
    Object.assign(this, { what, folders, keywords, name, builds, random: numbers(seed) });
    this.seed = seed;
    this.lives = new Map(); // Message-ID -> { copies, doomed, aimed, story }
    this.log = []; // the steps since both sides were alike
  }

  /** What was done with a message, to be told when it is not there as often as it should be. */
  #tell(id, what) { (this.lives.get(id).story ??= []).push(`${new Date().toISOString().slice(11, 23)} ${what}`); }

  #aim(id, folder) { this.lives.get(id).aimed ||= MOVABLE.includes(folder); }

  pick(list) { return list[Math.floor(this.random() * list.length)]; }

  get words() { return this.keywords ? WORDS : WORDS.filter((w) => w in IMAP_FLAG); }

  message(subject = null) {
    const id = `${this.name}-${this.seed}-${++this.#serial}@elsewhere.example`;
    this.lives.set(id, { copies: 1, doomed: false });
    const size = 50 + Math.floor(this.random() ** 3 * 20000);
    const raw = `From: Editor <editor@elsewhere.example>\r\nTo: ${this.what.person.mail}\r\nSubject: ${subject ?? `${this.name} ${this.#serial} of seed ${this.seed}`}\r\nMessage-ID: <${id}>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n${`${'word '.repeat(14)}\r\n`.repeat(Math.ceil(size / 72))}`;
    return { id, raw: Buffer.from(raw) };
  }

  /**
   * A message that both sides move at the same time may come back as another email; its bytes and flags do not change. And Dovecot, which copies
   * before it expunges, then has it in both folders, whoever the two clients are. A copy made here whose answer was lost with the program, and that was
   * moved away there since, is not where it is looked for, and made again.
   */
  #moved(id, side) {
    const life = this.lives.get(id);
    (life.movers ??= new Set()).add(side);
    if (life.movers.size < 2) return;
    life.contested = true;
    life.races = (life.races ?? 0) + 1;
  }

  /** Both sides are alike: what is moved from now on is moved by one side alone, until the other does as well. */
  settled() {
    this.log = [];
    for (const life of this.lives.values()) {
      life.movers?.clear();
      life.aimed = false;
    }
  }

  // There, as another client does it

  async #imap(folder, work) {
    this.imap ??= await otherClient(this.what.org, this.what.person);
    if (folder) await this.imap.must(`SELECT ${quote(encodeFolder(folder))}`);
    try {
      const result = await work(this.imap);
      await this.imap.command('UNSELECT'); // Dovecot hangs up when the folder that is selected is deleted
      return result;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** UIDs and Message-IDs of our messages in the folder. */
  async #ours(imap) {
    const { untagged } = await imap.must('UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])');
    return untagged.filter((r) => r.literals.length).map((r) => ({ uid: Number(/UID (\d+)/.exec(r.text)[1]), id: /<([^>]*)>/.exec(r.literals[0].toString('latin1'))?.[1] }))
      .filter((m) => this.lives.has(m.id));
  }

  /** One of them; null when there is none. */
  async #some(imap) {
    const ours = await this.#ours(imap);
    return ours.length ? this.pick(ours) : null;
  }

  deliver(folder = 'INBOX') {
    const { raw } = this.message();
    return this.#imap(null, async (imap) => { const { status, text } = await imap.append(folder, raw, this.random() < 0.3 ? ['\\Seen'] : []); assert.equal(status, 'OK', text); });
  }

  /** A folder to work in, out of those that are there. */
  #among(names) { return this.pick([...this.folders, ...MOVABLE.filter((name) => this.builds && [...names].includes(name))]); }

  async #there(work, folder = null) {
    let at = folder;
    return this.#imap(null, async (imap) => {
      at ??= this.#among(this.builds ? await foldersOf(imap) : []);
      const { status, text } = await imap.command(`SELECT ${quote(encodeFolder(at))}`);
      if (status !== 'OK' && MOVABLE.includes(at)) return null; // the other side deleted it just now
      assert.equal(status, 'OK', text);
      const m = await this.#some(imap);
      return m && work(imap, m);
    }).catch((error) => {
      if (MOVABLE.includes(at) && (error.kind === 'closed' || /deleted under us/.test(error.message))) return null; // and so it was a moment later
      throw error;
    });
  }

  /** To another folder, unless that goes meanwhile. */
  async #carry(imap, verb, uid) {
    const to = this.#among(this.builds ? await foldersOf(imap) : []);
    const command = `UID ${verb} ${uid} ${quote(encodeFolder(to))}`;
    await (MOVABLE.includes(to) ? imap.command(command) : imap.must(command));
    return to;
  }

  flagThere() {
    return this.#there((imap, { uid }) => { const word = this.pick(this.words); return imap.must(`UID STORE ${uid} ${this.random() < 0.6 ? '+' : '-'}FLAGS.SILENT (${IMAP_FLAG[word] ?? word})`); });
  }

  /** To where it is already: it gets another UID. */
  moveWithinThere() {
    return this.#there((imap, { uid }) => imap.must(`UID MOVE ${uid} INBOX`), 'INBOX');
  }

  moveThere() {
    return this.#there(async (imap, { uid, id }) => {
      this.#moved(id, 'there');
      const to = await this.#carry(imap, 'MOVE', uid);
      this.#tell(id, `moved there to ${to}`);
      return `${id} to ${to}`;
    });
  }

  expungeThere() {
    return this.#there(async (imap, { uid, id }) => {
      this.lives.get(id).doomed = true;
      await imap.must(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`);
      await imap.must(`UID EXPUNGE ${uid}`);
      this.#tell(id, 'expunged there');
      return id;
    });
  }

  /** All that this editor made goes, and is forgotten; both sides must agree before. */
  async expungeAll() {
    await this.#imap(null, async (imap) => {
      for (const folder of await foldersOf(imap)) {
        await imap.must(`SELECT ${quote(encodeFolder(folder))}`);
        const ours = await this.#ours(imap);
        if (!ours.length) continue;
        const uids = ours.map((m) => m.uid).join(',');
        await imap.must(`UID STORE ${uids} +FLAGS.SILENT (\\Deleted)`);
        await imap.must(`UID EXPUNGE ${uids}`);
      }
    });
    this.lives.clear();
  }

  copyThere() {
    return this.#there(async (imap, { uid, id }) => {
      this.lives.get(id).copies++;
      const to = await this.#carry(imap, 'COPY', uid);
      this.#tell(id, `copied there to ${to}`);
      return `${id} to ${to}`;
    });
  }

  /** What goes with a folder that is deleted. */
  #doom(ids) { for (const id of ids) if (this.lives.has(id)) this.lives.get(id).doomed = true; }

  /** What may go with one that is deleted there: a change made here may bring it in after the other client looked, and before it deletes. */
  #doomAimed() { for (const life of this.lives.values()) if (life.aimed) life.doomed = true; }

  /** A folder is made, renamed, deleted; a name that is taken, or that nobody has, is refused and nothing happens. */
  folderThere() {
    return this.#imap('INBOX', async (imap) => {
      const [name, other] = [this.pick(MOVABLE), this.pick(MOVABLE)];
      const is = await foldersOf(imap);
      if (!is.includes(name)) return this.#told(await imap.command(`CREATE ${quote(name)}`), `create ${name}`);
      if (this.random() < 0.6 && !is.includes(other)) return this.#told(await imap.command(`RENAME ${quote(name)} ${quote(other)}`), `rename ${name} ${other}`);
      if ((await imap.command(`SELECT ${quote(name)}`)).status !== 'OK') return null;
      const { untagged } = await imap.must('UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])');
      this.#doom(untagged.filter((r) => r.literals.length).map((r) => /<([^>]*)>/.exec(r.literals[0].toString('latin1'))?.[1]));
      this.#doomAimed();
      await imap.must('SELECT INBOX');
      return this.#told(await imap.command(`DELETE ${quote(name)}`), `delete ${name}`);
    });
  }

  #told({ status }, what) { return status === 'OK' ? what : `${what} (refused)`; }

  // Here, as a person does it in the page

  async #call(name, args) {
    return this.what.client.call(name, { accountId: this.what.account, ...args });
  }

  async #mailboxes() {
    const { list } = await this.#call('Mailbox/get', { ids: null });
    const byId = new Map(list.map((m) => [m.id, m]));
    const full = (m) => (m.parentId && byId.has(m.parentId) ? `${full(byId.get(m.parentId))}/${m.name}` : m.name);
    return new Map(list.map((m) => [full(m), m.id]));
  }

  async #here(work) {
    const boxes = await this.#mailboxes();
    const inMailbox = boxes.get(this.#among(boxes.keys()));
    if (!inMailbox) return null;
    const { ids } = await this.#call('Email/query', { filter: { inMailbox }, limit: 200 });
    if (!ids.length) return null;
    const { list } = await this.#call('Email/get', { ids, properties: ['id', 'messageId', 'mailboxIds', 'keywords'] });
    const ours = list.filter((e) => this.lives.has(e.messageId?.[0]));
    return ours.length ? work(this.pick(ours), boxes) : null;
  }

  /** A change that lost against one from there (the message went meanwhile, or the folder it was to go to) is no failure. */
  async #set(args) {
    const result = await this.#call('Email/set', args);
    const refused = Object.values({ ...result.notUpdated, ...result.notDestroyed, ...result.notCreated });
    for (const { type, description } of refused) assert.ok(type === 'notFound' || description === 'no such mailbox', `${type}: ${description}`);
    return result;
  }

  async folderHere() {
    const boxes = await this.#mailboxes();
    const [name, other] = [this.pick(MOVABLE), this.pick(MOVABLE)];
    const set = async (args, what) => {
      const result = await this.#call('Mailbox/set', args);
      const refused = Object.keys({ ...result.notCreated, ...result.notUpdated, ...result.notDestroyed }).length > 0;
      return this.#told({ status: refused ? 'NO' : 'OK' }, what);
    };
    if (!boxes.has(name)) return set({ create: { f: { name } } }, `create ${name}`);
    if (this.random() < 0.6 && !boxes.has(other)) return set({ update: { [boxes.get(name)]: { name: other } } }, `rename ${name} ${other}`);
    const { ids } = await this.#call('Email/query', { filter: { inMailbox: boxes.get(name) }, limit: 500 });
    if (ids.length) this.#doom((await this.#call('Email/get', { ids, properties: ['messageId'] })).list.map((e) => e.messageId?.[0]));
    return set({ destroy: [boxes.get(name)], onDestroyRemoveEmails: true }, `delete ${name}`);
  }

  flagHere() {
    return this.#here((e) => { const word = this.pick(this.words); return this.#set({ update: { [e.id]: { [`keywords/${word}`]: this.random() < 0.6 ? true : null } } }); });
  }

  moveHere() {
    return this.#here(async (e, boxes) => {
      const to = this.#among(boxes.keys());
      this.#moved(e.messageId[0], 'here');
      this.#tell(e.messageId[0], `moved here to ${to}`);
      this.#aim(e.messageId[0], to);
      await this.#set({ update: { [e.id]: { mailboxIds: { [boxes.get(to)]: true } } } });
      return `${e.messageId[0]} to ${to}`;
    });
  }

  copyHere() {
    return this.#here(async (e, boxes) => {
      const to = this.#among(boxes.keys()), target = boxes.get(to);
      if (e.mailboxIds[target]) return;
      this.lives.get(e.messageId[0]).copies++;
      this.#moved(e.messageId[0], 'here');
      this.#tell(e.messageId[0], `copied here to ${to}`);
      this.#aim(e.messageId[0], to);
      await this.#set({ update: { [e.id]: { [`mailboxIds/${target}`]: true } } });
    });
  }

  destroyHere() {
    return this.#here(async (e) => {
      this.lives.get(e.messageId[0]).doomed = true;
      this.#tell(e.messageId[0], 'destroyed here');
      await this.#set({ destroy: [e.id] });
    });
  }

  /** A letter that is being written: each save replaces the draft. */
  async draftHere() {
    const boxes = await this.#mailboxes();
    const drafts = boxes.get('Drafts');
    const subject = `${this.name} draft of seed ${this.seed}`;
    const create = { d: { mailboxIds: { [drafts]: true }, keywords: { $draft: true, $seen: true }, from: [{ email: this.what.person.mail }], subject,
      textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: `Version ${++this.#serial}\n` } } } };
    const result = await this.#set({ create, ...(this.draft ? { destroy: [this.draft] } : {}) });
    this.draft = result.created.d.id;
    this.drafts = subject;
  }

  async importHere() {
    const { id, raw } = this.message();
    this.lives.get(id).imported = true;
    this.#tell(id, 'imported here');
    const { blobId } = await this.what.client.upload(this.what.account, raw, 'message/rfc822');
    const boxes = await this.#mailboxes();
    const result = await this.#call('Email/import', { emails: { i: { blobId, mailboxIds: { [boxes.get(this.pick(this.folders))]: true }, keywords: { $seen: true } } } });
    assert.ok(result.created?.i, JSON.stringify(result));
  }

  /** One step of either side, drawn by weight. */
  async step(only = null) {
    const all = [['deliver', 5], ['flagThere', 4], ['moveThere', 3], ['expungeThere', 1], ['flagHere', 5], ['moveHere', 4], ['copyHere', 1], ['destroyHere', 1], ['draftHere', 2], ['importHere', 1], ['copyThere', 1], ['folderThere', 2], ['folderHere', 2]]
      .filter(([name]) => (only ? only.includes(name) : this.builds || !name.startsWith('folder')));
    let at = this.random() * all.reduce((sum, [, weight]) => sum + weight, 0);
    const [name] = all.find(([, weight]) => (at -= weight) < 0);
    const begun = new Date().toISOString().slice(14, 23);
    const did = await this[name]();
    const told = typeof did === 'string' ? `${name} ${did}` : name;
    this.log.push(`${begun}-${new Date().toISOString().slice(14, 23)} ${told}`);
    return told;
  }

  /** JMAP ids of messages that nobody destroyed, copied, or moved against the other side; they never change. */
  async ids() {
    const plain = (e) => { const life = this.lives.get(e.messageId); return life && !life.doomed && !life.contested && life.copies === 1; };
    return new Map((await here(this.what.client, this.what.account, { bytes: false })).filter(plain).map((e) => [e.messageId, e.id]));
  }

  /** After both sides agree: what was destroyed is gone unless it moved away under the hand, the rest is there once, and one draft is left. */
  async nothingLostOrDoubled() {
    const found = new Map();
    for (const [folder, messages] of Object.entries(await there(this.what.org, this.what.person)))
      for (const { messageId } of messages) found.set(messageId, [...(found.get(messageId) ?? []), folder]);
    for (const [id, { copies, doomed, races = 0, story = [] }] of this.lives) {
      const folders = found.get(id) ?? [];
      if (!doomed) assert.ok(folders.length >= 1, `${id} is lost; ${story.join('; ')}; the round: ${this.log.join('; ')}`);
      assert.ok(folders.length <= copies + races, `${id} is in ${folders.join(', ')}, ${copies} at most were made; ${story.join('; ')}`);
    }
    if (!this.drafts) return;
    const { ids } = await this.#call('Email/query', { filter: { subject: this.drafts } });
    assert.equal(ids.length, 1, `drafts left: ${ids.length}`);
  }

  close() {
    this.imap?.close();
    this.imap = null;
  }
}
