// Writes Maildir folders directly: deliveries, copies filed by the service, and whole mailboxes at once.
//
// Layout as in Dovecot's `maildir:~/mail:LAYOUT=fs:UTF-8`: every mail folder is a directory with cur, new and tmp; names are UTF-8 and
// "/" separates levels. Files carry S= (bytes) and W= (bytes with CRLF) so that Dovecot need not read a message to know its size.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { makeDir } from './runtime.mjs';

const FLAG_LETTERS = { '\\Draft': 'D', '\\Flagged': 'F', '\\Answered': 'R', '\\Seen': 'S', '\\Deleted': 'T' };

const GERMAN = { 'Sent Items': 'Gesendete Elemente', 'Deleted Items': 'Gelöschte Elemente', Drafts: 'Entwürfe', 'Junk Email': 'Junk-E-Mail', Archive: 'Archiv' };

/** The five folders every Exchange mailbox has beside INBOX, by their English names. */
export const SPECIAL_FOLDERS = Object.keys(GERMAN);

/** The name of a special folder in the language of the mailbox; other names as they are. */
export function localFolder(person, name) {
  return person.locale.startsWith('de') ? GERMAN[name] ?? name : name;
}

/** The home directory of a person's mailbox. */
export const homeOf = (root, person) => path.join(root, person.upn.toLowerCase());

/** The directory of one folder. */
export function folderDir(root, person, folder) {
  if (folder.split('/').some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) throw new Error(`bad folder name ${folder}`);
  return path.join(homeOf(root, person), 'mail', folder.toUpperCase() === 'INBOX' ? 'INBOX' : folder);
}

/** Makes a folder (and its cur, new, tmp) unless it is there; returns its directory. */
export function makeFolder(root, person, folder, owner) {
  const dir = folderDir(root, person, folder);
  for (const part of ['cur', 'new', 'tmp']) makeDir(path.join(dir, part), owner);
  return dir;
}

/** The folders and subscriptions a new mailbox starts with. */
export function makeMailbox(root, person, owner) {
  const folders = ['INBOX', ...SPECIAL_FOLDERS.map((f) => localFolder(person, f))];
  for (const folder of folders) makeFolder(root, person, folder, owner);
  const file = path.join(homeOf(root, person), 'mail', 'subscriptions');
  if (!fs.existsSync(file)) {
    fs.writeFileSync(file, folders.join('\n') + '\n', { mode: 0o600 });
    if (owner.root) fs.chownSync(file, owner.uid, owner.gid);
  }
}

let counter = 0;

function countBareLf(bytes) {
  let bare = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) if (at === 0 || bytes[at - 1] !== 13) bare++;
  return bare;
}

/** A name that sorts in order of time, then in order of the calls. */
function fileName(bytes, date, flags) {
  const seconds = Math.floor(date.getTime() / 1000);
  const serial = String(++counter).padStart(9, '0');
  const letters = flags.map((f) => FLAG_LETTERS[f] ?? '').sort().join('');
  return `${seconds}.M${serial}P${process.pid}.sample,S=${bytes.length},W=${bytes.length + countBareLf(bytes)}:2,${letters}`;
}

/**
 * Adds one message. bytes: Buffer as it is to be kept. options: {flags: ['\\Seen'…], date: INTERNALDATE, recent: leave it in new/}.
 * The folder must exist (makeFolder). Returns the path of the file.
 */
export function addMessage(dir, bytes, owner, { flags = [], date = new Date() } = {}) {
  const name = fileName(bytes, date, flags);
  const temporary = path.join(dir, 'tmp', name);
  const fd = fs.openSync(temporary, 'wx', 0o600);
  try {
    fs.writeFileSync(fd, bytes);
    if (owner.root) fs.fchownSync(fd, owner.uid, owner.gid);
    fs.futimesSync(fd, date, date);
  } finally {
    fs.closeSync(fd);
  }
  const file = path.join(dir, flags.length ? 'cur' : 'new', flags.length ? name : name.replace(/:2,$/, ''));
  fs.renameSync(temporary, file);
  return file;
}

let lastValidity = 0;

/**
 * Gives the files of a folder that Dovecot has not seen yet the UIDs 1, 2, 3 … in this order, so that they are the same on every start.
 * files: paths as addMessage returned them. Does nothing when Dovecot has numbered the folder already.
 */
export function numberMessages(dir, files, owner) {
  const list = path.join(dir, 'dovecot-uidlist');
  if (fs.existsSync(list)) return;
  lastValidity = Math.max(Math.floor(Date.now() / 1000), lastValidity + 1);
  const lines = files.map((file, i) => `${i + 1} :${path.basename(file).replace(/:2,.*$/, '')}`);
  fs.writeFileSync(list, `3 V${lastValidity} N${files.length + 1} G${randomBytes(16).toString('hex')}\n${lines.join('\n')}\n`, { mode: 0o600 });
  if (owner.root) fs.chownSync(list, owner.uid, owner.gid);
}
