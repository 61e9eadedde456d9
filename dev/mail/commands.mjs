// The commands that put mail into an organisation's mailboxes: made-up ones for benchmarks, files, a whole corpus.

import fs from 'node:fs';
import path from 'node:path';
import { personByAddress } from '../people.mjs';
import { addMessage, localFolder, makeFolder, numberMessages } from './maildir.mjs';
import { mailOwner, ownedDir } from './runtime.mjs';
import { makeRandom } from './generate/random.mjs';
import { benchMessage } from './generate/bench.mjs';
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
export async function fillMailbox({ dir, address, messages, average, folder, attachments, large = 0, largeSize = 64e6 }) {
  const box = openFolder({ dir, address, folder });
  const name = Buffer.from(folder ?? 'INBOX').toString('hex');
  const random = makeRandom(`bench ${name} ${messages} ${average}${box.already ? ` ${box.already}` : ''}`);
  const newest = Date.UTC(2026, 9, 1);
  for (let i = 0; i < messages; i++) {
    const date = new Date(newest - (messages - i) * 17 * 60e3);
    const flags = ['\\Seen', ...(i % 7 === 0 ? ['\\Answered'] : []), ...(i % 41 === 0 ? ['\\Flagged'] : [])];
    box.add(benchMessage({ number: box.already + i, date, average, random, to: box.person, box: name, attachments, large: large > 0 && i % Math.ceil(messages / large) === 0 ? largeSize : 0 }), { date, flags: i % 9 === 0 ? flags.slice(1) : flags });
  }
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
