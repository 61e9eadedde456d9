// Compares an account with its mailbox on the server, message by message: UIDs, flags, keywords, bytes, and what JMAP shows of them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { ImapClient, decodeFolder, encodeFolder, quote } from '../../../dev/mail/imap-client.mjs';

const FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Draft'];
const KEYWORDS = { $seen: '\\Seen', $answered: '\\Answered', $flagged: '\\Flagged', $draft: '\\Draft' };
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** An IMAP session of another client in somebody's mailbox, past any front or proxy. */
export async function otherClient(org, person) {
  const client = await ImapClient.connect({ port: org.dovecot.imapPort });
  await client.must(`LOGIN ${quote(`${person.upn}*${org.dovecot.masterUser}`)} ${quote(org.dovecot.masterPassword)}`);
  return client;
}

function listedName({ text, literals }) {
  if (literals.length) return decodeFolder(literals[0].toString('latin1'));
  const name = /^\* LIST \([^)]*\) (?:"(?:[^"\\]|\\.)*"|NIL) (.*)$/.exec(text)[1];
  return decodeFolder(name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name);
}

export async function foldersOf(client) {
  const { untagged } = await client.must('LIST "" "*"');
  return untagged.filter((r) => r.text.startsWith('* LIST') && !/\\Noselect|\\NonExistent/i.test(r.text)).map(listedName);
}

async function folderThere(client, folder, keywords) {
  await client.must(`EXAMINE ${quote(encodeFolder(folder))}`);
  const { untagged } = await client.must('UID FETCH 1:* (FLAGS BODY.PEEK[])');
  const messages = untagged.filter((r) => / FETCH /.test(r.text) && r.literals.length).map(({ text, literals: [raw] }) => {
    const words = /FLAGS \(([^)]*)\)/.exec(text)[1].split(' ').filter((f) => f && f !== '\\Recent');
    const flags = words.filter((f) => (f.startsWith('\\') ? FLAGS.includes(f) : keywords));
    const messageId = /^message-id:\s*<([^>]*)>/im.exec(raw.toString('latin1'))?.[1] ?? null;
    return { uid: Number(/UID (\d+)/.exec(text)[1]), flags: flags.map((f) => f.toLowerCase()).sort().join(' '), sha: sha(raw), messageId };
  });
  return messages.sort((a, b) => a.uid - b.uid);
}

/** Folder -> [{uid, flags, sha, messageId}], ascending; only folders with messages. */
export async function there(org, person, { keywords = true } = {}) {
  const client = await otherClient(org, person);
  try {
    const all = {};
    for (const folder of (await foldersOf(client)).sort()) {
      const messages = await folderThere(client, folder, keywords);
      if (messages.length) all[folder] = messages;
    }
    return all;
  } finally {
    client.close();
  }
}

/** What the store holds about the server: folder -> [{uid, email, flags}]. */
function remembered(postroom, address) {
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'), { readOnly: true });
  try {
    const rows = db.prepare(`SELECT m.path AS folder, r.uid AS uid, r.email AS email, r.skipped AS skipped FROM remote r JOIN mailbox m ON m.id = r.mailbox
      JOIN account a ON a.id = m.account WHERE a.address = ? ORDER BY m.path, r.uid`).all(address);
    const waiting = db.prepare(`SELECT i.id, i.kind, i.email, m.path AS folder, t.path AS target, i.journal, i.attempts, i.next_attempt - unixepoch() AS due FROM intent i JOIN account a ON a.id = i.account
      LEFT JOIN mailbox m ON m.id = i.mailbox LEFT JOIN mailbox t ON t.id = i.target WHERE a.address = ?`).all(address);
    const folders = db.prepare('SELECT f.id, f.kind AS folder, f.mailbox, f.name, f.attempts FROM folder_intent f JOIN account a ON a.id = f.account WHERE a.address = ?').all(address);
    return { rows, waiting: [...waiting, ...folders] };
  } finally {
    db.close();
  }
}

/** Mailbox id -> full path, as folders are named on the server. */
async function paths(client, account) {
  const { list } = await client.call('Mailbox/get', { accountId: account, ids: null });
  const byId = new Map(list.map((m) => [m.id, m]));
  const full = (m) => (m.parentId && byId.has(m.parentId) ? `${full(byId.get(m.parentId))}/${m.name}` : m.name);
  return new Map(list.map((m) => [m.id, full(m)]));
}

const known = new Map(); // blob id -> sha; a blob never changes

async function hashOf(client, account, blobId) {
  const key = `${client.url} ${account} ${blobId}`;
  if (!known.has(key)) known.set(key, sha(await client.download(account, blobId)));
  return known.get(key);
}

/** Every email of an account as JMAP shows it: [{id, folders, flags, sha, messageId, state}]. */
export async function here(client, account, { keywords = true, bytes = true } = {}) {
  const names = await paths(client, account);
  const emails = [];
  for (let position = 0, total = 1; position < total;) {
    const query = await client.call('Email/query', { accountId: account, sort: [{ property: 'receivedAt', isAscending: true }], position, limit: 500, calculateTotal: true });
    total = query.total;
    if (!query.ids.length) break;
    position += query.ids.length;
    const { list } = await client.call('Email/get', { accountId: account, ids: query.ids, properties: ['id', 'blobId', 'mailboxIds', 'keywords', 'messageId', 'postroom:state'] });
    for (const e of list) {
      const flags = Object.keys(e.keywords).map((k) => KEYWORDS[k.toLowerCase()] ?? k).filter((f) => f.startsWith('\\') || keywords);
      emails.push({ id: e.id, folders: Object.keys(e.mailboxIds).map((m) => names.get(m)), flags: flags.map((f) => f.toLowerCase()).sort().join(' '), messageId: e.messageId?.[0] ?? null, state: e['postroom:state'],
        sha: bytes && e['postroom:state'] !== 'pending' ? await hashOf(client, account, e.blobId) : null });
    }
  }
  return emails;
}

const lines = (folders) => Object.entries(folders).flatMap(([folder, list]) => list.map((m) => `${folder} | ${m.messageId} | ${m.sha} | ${m.flags}`)).sort();

/**
 * What differs between the account here and its mailbox there: [] when nothing does. ignore: folders that are not synced. keywords: false
 * at a server that keeps none.
 */
export async function differences({ postroom, client, account, org, person, keywords = true, ignore = [] }) {
  const server = await there(org, person, { keywords });
  for (const folder of ignore) delete server[folder];
  const emails = await here(client, account, { keywords });
  const { rows, waiting } = remembered(postroom, person.mail);
  const found = [];
  if (waiting.length) found.push(`${waiting.length} changes are still to be carried out: ${JSON.stringify(waiting)}`);
  const local = {};
  for (const e of emails) for (const folder of e.folders) (local[folder] ??= []).push(e);
  const [mine, theirs] = [lines(local), lines(server)];
  const count = (list) => list.reduce((m, l) => m.set(l, (m.get(l) ?? 0) + 1), new Map());
  const [a, b] = [count(mine), count(theirs)];
  for (const [line, n] of a) if (n > (b.get(line) ?? 0)) found.push(`only here: ${line}`);
  for (const [line, n] of b) if (n > (a.get(line) ?? 0)) found.push(`only there: ${line}`);
  const uids = (list) => JSON.stringify(list);
  for (const folder of new Set([...rows.map((r) => r.folder), ...Object.keys(server)])) {
    const kept = rows.filter((r) => r.folder === folder).map((r) => r.uid);
    const real = (server[folder] ?? []).map((m) => m.uid);
    if (!ignore.includes(folder) && uids(kept) !== uids(real)) found.push(`UIDs of ${folder}: ${uids(kept.filter((u) => !real.includes(u)))} only here, ${uids(real.filter((u) => !kept.includes(u)))} only there`);
  }
  return found;
}

/** Waits until nothing differs; fails with the differences. Answers with how long it took. */
export async function agrees(what, { ms = 30000, every = 250 } = {}) {
  const start = Date.now();
  for (;;) {
    let found;
    try { found = await differences(what); } catch (error) { found = [String(error)]; }
    if (!found.length) return Date.now() - start;
    if (Date.now() - start > ms) assert.fail(`${what.person.mail} differs after ${ms} ms:\n${found.slice(0, 25).join('\n')}\n${what.postroom.log().slice(-3000)}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
