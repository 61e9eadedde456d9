// The commands that put mail into an organisation's mailboxes: made-up ones for benchmarks, files, a whole corpus.

import fs from 'node:fs';
import path from 'node:path';
import { personByAddress } from '../people.mjs';
import { addMessage, localFolder, makeFolder, numberMessages } from './maildir.mjs';
import { mailOwner, ownedDir } from './runtime.mjs';
import { benchMailbox } from './generate/bench.mjs';
import { corpusMessages } from './corpus.mjs';

/** Opens the folder of a person for writing: {person, already: messages in it, add(bytes, options), finish()}. */
function openFolder({ dir, address, folder = 'INBOX' }) {
  const person = personByAddress(address);
  if (!person) throw new Error(`nobody in the sample organisation has the address ${address}`);
  const owner = mailOwner();
  const root = ownedDir(path.resolve(dir, 'mail'), owner);
  const where = makeFolder(root, person, localFolder(person, folder), owner);
  const already = ['cur', 'new'].reduce((sum, part) => sum + fs.readdirSync(path.join(where, part)).length, 0);
  const files = [];
  return {
    person, already,
    add: (bytes, options) => files.push(addMessage(where, bytes, owner, options)),
    finish: () => { if (already === 0) numberMessages(where, files, owner); },
  };
}

/** Adds `messages` deterministic messages of about `average` bytes; to those that are there others. */
export async function fillMailbox({ dir, address, folder, messages, ...kind }) {
  const box = openFolder({ dir, address, folder });
  for (const { bytes, date, flags } of benchMailbox({ ...kind, folder, messages, to: box.person, already: box.already })) box.add(bytes, { date, flags });
  box.finish();
  process.stdout.write(`${messages} messages written for ${box.person.mail}\n`);
}

/** Puts each file, one message, into the mailbox as it is. */
export async function deliverFiles({ dir, address, folder, files }) {
  const box = openFolder({ dir, address, folder });
  for (const file of files) box.add(fs.readFileSync(file));
  box.finish();
  process.stdout.write(`${files.length} delivered to ${box.person.mail}\n`);
}

/** Puts every message of the given corpus trees into the mailbox and says how many of each collection. */
export async function deliverCorpus({ dir, address, folder, files }) {
  const box = openFolder({ dir, address, folder });
  const counts = new Map();
  let missing = 0;
  for (const { collection, bytes } of corpusMessages(files, () => missing++)) {
    box.add(bytes);
    counts.set(collection, (counts.get(collection) ?? 0) + 1);
  }
  box.finish();
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  for (const [collection, count] of counts) process.stdout.write(`${String(count).padStart(6)} ${collection}\n`);
  process.stdout.write(`${String(total).padStart(6)} delivered to ${box.person.mail}\n`);
  if (missing) process.stderr.write(`org: ${missing} files named in MANIFEST.tsv are not there\n`);
}
