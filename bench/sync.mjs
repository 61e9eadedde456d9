// The first sync of a mailbox, and one where nothing changed: `postroom sync` beside `mbsync` followed by `notmuch new`.
//
// Both read the same Dovecot over TLS with the same password account and write to the same disk, in turns, into fresh places. mbsync does not
// wait for the disk (FSync off); Postroom does. Both end with every message kept, its words searchable, and a count that is checked. Beside them:
// all bodies over one TLS connection, thrown away (the floor); the first 50 messages of INBOX by JMAP after linking, and what a list asks for
// meanwhile; the memory of a first sync with 64 MB messages among the others.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT, startOrganisation } from '../tests/blackbox/support/organisation.mjs';
import { mbsync, must, postroom, PROGRAM } from './contenders.mjs';
import { drain, watchFirstSync } from './first.mjs';
import { inSequence, measure, median, quietDisk, sizeOnDisk } from './measure.mjs';
import { finish, megabytes, number, ratio, say, seconds, wanted } from './report.mjs';

const MESSAGES = number('MESSAGES', 50000);
const RUNS = number('RUNS', 3);
const AVG_SIZE = number('AVG_SIZE', 30000);
const LARGE = Number(process.env.LARGE ?? 3);
const PEERS = process.env.PEERS !== '0';
/** The share of messages with an attachment: what mail takes on disk hangs on them, since base64 of compressed bytes takes 0.75 in any store, and no word index has anything of it. */
const ATTACHMENTS = process.env.ATTACHMENTS ?? '0.14';
/** Directories of real mail, with colons between, instead of messages made up: for the sizes on disk, which hang on the mail. */
const CORPUS = process.env.CORPUS?.split(':').map((dir) => path.resolve(dir)) ?? [];
/** The wanted: of mbsync and notmuch together; of the Maildir; of Maildir and notmuch's database; bytes; milliseconds. */
const LIMITS = { time: number('MAX_RATIO', 0.1), disk: 0.75, diskWithIndex: 0.25, memory: 200e6, firstPage: 1000 };
const FOLDERS = {
  INBOX: 0.3, Archive: 0.2, 'Projects/Lamps': 0.15, 'Sent Items': 0.1, News: 0.06, Lists: 0.05, 'Projects/Light': 0.04, 'Projects/Old': 0.03, Travel: 0.025, Bills: 0.02,
  Family: 0.015, Team: 0.01,
};

/** Messages the mailbox will hold: what the sample organisation gave the person, and ours. */
let expected = 0;

const add = (command, org, person, words) => must([process.execPath, path.join(ROOT, 'dev/org.mjs'), command, '--dir', org.dir, ...words]);

async function fill(org, person) {
  if (CORPUS.length) add('corpus', org, person, ['--to', person.mail, ...CORPUS]);
  for (const folder of await org.control('folders', { person: person.mail })) expected += (await org.control('messages', { person: person.mail, folder })).length;
  if (CORPUS.length) return;
  expected += MESSAGES;
  let left = MESSAGES;
  const names = Object.keys(FOLDERS);
  for (const folder of names) {
    const messages = folder === names.at(-1) ? left : Math.floor(MESSAGES * FOLDERS[folder]);
    left -= messages;
    if (messages === 0) continue;
    add('mailbox', org, person, ['--person', person.mail, '--messages', String(messages), '--avg-size', String(AVG_SIZE), '--attachments', ATTACHMENTS, '--folder', folder]);
  }
}

/** Some messages of 64 MB, in a folder of their own. */
function addLarge(org, person) {
  add('mailbox', org, person, ['--person', person.mail, '--messages', String(LARGE), '--large', String(LARGE), '--folder', 'Large']);
  expected += LARGE;
}

const serverOf = (org, person) => ({ imapPort: org.dovecot.imapsPort, smtpPort: org.dovecot.submissionPort, login: person.mail, password: person.password, caFile: org.caFile });

/** A fresh data directory with the account, not synced yet. */
function preparePostroom(place, org, person) {
  const { sync, total } = postroom(place, serverOf(org, person), person.mail);
  const check = () => {
    const here = total();
    if (here !== expected) throw new Error(`Postroom holds ${here} of ${expected} messages`);
  };
  return { sync, check, size: () => ({ whole: sizeOnDisk(path.join(place, 'data')) }) };
}

/** A fresh Maildir and an empty notmuch database. */
function preparePeer(place, org, person) {
  const peer = mbsync(place, serverOf(org, person));
  const env = { PATH: process.env.PATH, HOME: place, LANG: 'C.UTF-8', NOTMUCH_CONFIG: path.join(place, 'notmuch') };
  writeFileSync(env.NOTMUCH_CONFIG, `[database]\npath=${place}/mail\n[user]\nname=Bench\nprimary_email=${person.mail}\n[new]\ntags=unread;inbox\nignore=.mbsyncstate;.mbsyncstate.journal;.mbsyncstate.new;.uidvalidity\n`);
  const sync = async () => inSequence([await peer.sync(), await measure(['notmuch', 'new', '--quiet'], { env, notes: path.join(place, 'notes') })]);
  const check = () => {
    const indexed = Number(must(['notmuch', 'count', '--output=files', '*'], { env }));
    if (indexed !== expected) throw new Error(`mbsync and notmuch hold ${indexed} of ${expected} messages`);
  };
  const size = () => {
    const whole = sizeOnDisk(path.join(place, 'mail'));
    return { whole, maildir: whole - sizeOnDisk(path.join(place, 'mail/.notmuch')) };
  };
  return { sync, check, size };
}

/** One first sync and one more, in a fresh place that is gone afterwards. */
async function run(prepare, place, org, person) {
  const one = prepare(place, org, person);
  quietDisk();
  const first = await one.sync();
  one.check();
  const size = one.size();
  const again = await one.sync();
  one.check();
  if (!process.env.KEEP) rmSync(place, { recursive: true });
  return { first, again, size };
}

/** Prints a line of ours beside theirs. */
function line(name, ours, theirs, unit) {
  const [a, b] = [median(ours), theirs.length ? median(theirs) : 0];
  say(`${name.padEnd(34)} ${unit(a).padStart(12)} ${(b > 0 ? unit(b) : '-').padStart(18)} ${(b > 0 ? ratio(a / b) : '-').padStart(8)}`);
}

function report(ours, theirs, floor, live, memory) {
  const of = (list, value) => median(list.map(value));
  const both = (name, value, unit) => line(name, ours.map(value), theirs.map(value), unit);
  say(`\n${''.padEnd(34)} ${'Postroom'.padStart(12)} ${'mbsync + notmuch'.padStart(18)} ${'ratio'.padStart(8)}`);
  both('first sync: time', (r) => r.first.seconds, seconds);
  both('first sync: processor time', (r) => r.first.cpu, seconds);
  both('first sync: highest memory', (r) => r.first.peak, megabytes);
  both('size on disk', (r) => r.size.whole, megabytes);
  both('nothing changed: time', (r) => r.again.seconds, seconds);
  both('nothing changed: processor time', (r) => r.again.cpu, seconds);
  both('nothing changed: highest memory', (r) => r.again.peak, megabytes);
  const time = of(ours, (r) => r.first.seconds), size = of(ours, (r) => r.size.whole);
  say(`\nall bodies over one TLS connection, thrown away: ${seconds(median(floor))}; a first sync takes ${(time / median(floor)).toFixed(2)} times that`);
  say(`a list of 50 asked for by JMAP during a first sync: p50 ${live.p50.toFixed(1)} ms, p99 ${live.p99.toFixed(1)} ms, of ${live.asked}`);
  const kept = [wanted('first 50 of INBOX by JMAP after linking', live.firstPage, LIMITS.firstPage, (n) => `${n.toFixed(0)} ms`),
    wanted(`memory${LARGE ? `, ${LARGE} messages of 64 MB among them` : ''}`, Math.max(memory, of(ours, (r) => r.first.peak)), LIMITS.memory, megabytes)];
  if (theirs.length) {
    kept.push(wanted('first sync, of the time of mbsync and notmuch', time / of(theirs, (r) => r.first.seconds), LIMITS.time),
      wanted('disk, of the Maildir', size / of(theirs, (r) => r.size.maildir), LIMITS.disk),
      wanted("disk, of Maildir and notmuch's database", size / of(theirs, (r) => r.size.whole), LIMITS.diskWithIndex));
  }
  return kept.every(Boolean);
}

async function main() {
  const places = mkdtempSync(path.join(process.env.BENCH_DIR ?? '/var/tmp', 'postroom-bench-'));
  const org = await startOrganisation(['--mails', '0']);
  try {
    const person = org.person('plain');
    await fill(org, person);
    const version = (program) => must([program, '--version']).split('\n')[0];
    say(`-- sync: ${CORPUS.length ? `${expected} real messages` : `${MESSAGES} messages of ${AVG_SIZE} bytes on average in ${Object.keys(FOLDERS).length} folders, ${ATTACHMENTS} of them with an attachment`}; median of ${RUNS}; beside ${PEERS ? `${version('mbsync')}, ${version('notmuch')}` : 'nobody'}`);
    const ours = [], theirs = [], floor = [];
    // After notmuch wrote its gigabytes the machine is slow for minutes, and not because of us: the same program took 39 s before it and 61 to 130 s after it.
    for (let i = 0; i < RUNS; i++) {
      floor.push(await drain(org, person, CORPUS.length ? ['INBOX'] : Object.keys(FOLDERS)));
      ours.push(await run(preparePostroom, path.join(places, `postroom-${i}`), org, person));
      say(`   run ${i + 1}: Postroom ${seconds(ours.at(-1).first.seconds)}, bodies alone ${seconds(floor.at(-1))}`);
    }
    for (let i = 0; PEERS && i < RUNS; i++) {
      theirs.push(await run(preparePeer, path.join(places, `peer-${i}`), org, person));
      say(`   run ${i + 1}: mbsync and notmuch ${seconds(theirs.at(-1).first.seconds)}`);
    }
    const live = await watchFirstSync(PROGRAM, org, person);
    let memory = 0;
    if (LARGE > 0) {
      addLarge(org, person);
      memory = (await run(preparePostroom, path.join(places, 'large'), org, person)).first.peak;
    }
    return report(ours, theirs, floor, live, memory);
  } finally {
    await org.close();
    if (!process.env.KEEP) rmSync(places, { recursive: true, force: true });
  }
}

await finish(main);
