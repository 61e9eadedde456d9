// Fills the mailboxes of a new organisation; leaves those of an old one as they are.

import fs from 'node:fs';
import path from 'node:path';
import { people } from '../people.mjs';
import { makeMail } from './generate/mailboxes.mjs';
import { addMessage, homeOf, localFolder, makeFolder, makeMailbox, numberMessages } from './maildir.mjs';

function subscribe(root, person, folders, owner) {
  const file = path.join(homeOf(root, person), 'mail', 'subscriptions');
  const names = new Set([...fs.readFileSync(file, 'utf8').split('\n').filter(Boolean), ...folders]);
  fs.writeFileSync(file, [...names].join('\n') + '\n', { mode: 0o600 });
  if (owner.root) fs.chownSync(file, owner.uid, owner.gid);
}

/** Makes every mailbox and, unless `root` was filled before, the seed mail. Returns how many messages were written. */
export function seedMailboxes({ root, owner, mails, now }) {
  for (const person of people) makeMailbox(root, person, owner);
  const mark = path.join(root, '.seeded');
  if (fs.existsSync(mark)) return 0;
  const made = makeMail({ mails, now });
  const folders = new Map();
  for (const { person, folder, raw, date, flags } of made) {
    const name = localFolder(person, folder);
    const key = `${person.upn}\0${name}`;
    if (!folders.has(key)) {
      folders.set(key, { dir: makeFolder(root, person, name, owner), files: [] });
      if (name !== 'INBOX') subscribe(root, person, [name], owner);
    }
    const { dir, files } = folders.get(key);
    files.push(addMessage(dir, raw, owner, { flags, date }));
  }
  for (const { dir, files } of folders.values()) numberMessages(dir, files, owner);
  fs.writeFileSync(mark, `${made.length}\n`);
  return made.length;
}
