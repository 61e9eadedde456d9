// The first sync of a mailbox, and one where nothing changed: `postroom sync` beside `mbsync` followed by `notmuch new`.
//
// Both read the same Dovecot over TLS with the same password account and write to the same disk, in turns, into fresh places. mbsync does not
// wait for the disk (FSync off); Postroom does. Both end with every message kept, its words searchable, and a count that is checked.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT, startOrganisation } from '../tests/blackbox/support/organisation.mjs';
import { inSequence, measure, median, sizeOnDisk } from './measure.mjs';

const number = (name, fallback) => {
  const value = Number(process.env[name] ?? fallback);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0`);
  return value;
};
const MESSAGES = number('MESSAGES', 10000);
const RUNS = number('RUNS', 3);
const AVG_SIZE = number('AVG_SIZE', 16000);
const MAX_RATIO = number('MAX_RATIO', 0.5);
const PROGRAM = path.resolve(process.env.POSTROOM ?? path.join(ROOT, 'build/postroom'));
const FOLDERS = { INBOX: 0.4, Archive: 0.3, 'Projects/Lamps': 0.2, 'Sent Items': 0.1 };

function must(words, options = {}) {
  const done = spawnSync(words[0], words.slice(1), { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (done.error || done.status !== 0) throw new Error(`${words.join(' ')}: ${done.error?.message ?? done.status} ${done.stderr ?? ''}`);
  return done.stdout;
}

/** Messages the mailbox will hold: what the sample organisation gave the person, and ours. */
let expected = MESSAGES;

async function fill(org, person) {
  for (const folder of await org.control('folders', { person: person.mail })) expected += (await org.control('messages', { person: person.mail, folder })).length;
  let left = MESSAGES;
  const names = Object.keys(FOLDERS);
  for (const folder of names) {
    const messages = folder === names.at(-1) ? left : Math.floor(MESSAGES * FOLDERS[folder]);
    left -= messages;
    if (messages === 0) continue;
    must([process.execPath, path.join(ROOT, 'dev/org.mjs'), 'mailbox', '--dir', org.dir, '--person', person.mail, '--messages', String(messages), '--avg-size', String(AVG_SIZE), '--folder', folder]);
  }
}

/** A fresh data directory with the account, not synced yet. */
function preparePostroom(place, org, person) {
  mkdirSync(place);
  const secret = (name, text) => {
    writeFileSync(path.join(place, name), `${text}\n`, { mode: 0o600 });
    return path.join(place, name);
  };
  const data = path.join(place, 'data');
  const env = { PATH: process.env.PATH, HOME: place, LANG: 'C.UTF-8', POSTROOM_SERVER_DATA: data, POSTROOM_SERVER_KEY_FILE: path.join(place, 'key/postroom.key'), POSTROOM_NETWORK_ALLOWED: '127.0.0.0/8' };
  must([PROGRAM, 'user', 'add', 'bench@northlight.example', '--password-file', secret('user', 'correct horse 42')], { env });
  must([PROGRAM, 'account', 'add', person.mail, '--owner', 'bench@northlight.example', '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', secret('account', person.password), '--ca-file', org.caFile], { env });
  const sync = () => measure([PROGRAM, 'sync', person.mail, '--json'], { env, notes: path.join(place, 'notes') });
  const check = () => {
    const { mailboxes } = JSON.parse(must([PROGRAM, 'account', 'status', person.mail, '--json'], { env }));
    const here = mailboxes.reduce((total, m) => total + m.localCount - m.pending, 0);
    if (here !== expected) throw new Error(`Postroom holds ${here} of ${expected} messages`);
  };
  return { sync, check, size: () => sizeOnDisk(data) };
}

const mbsyncConfig = (place, org, person) => `FSync no

IMAPAccount bench
Host localhost
Port ${org.dovecot.imapsPort}
User ${person.mail}
Pass ${person.password}
AuthMechs LOGIN
SSLType IMAPS
SystemCertificates no
CertificateFile ${org.caFile}

IMAPStore far
Account bench

MaildirStore near
Path ${place}/mail/
Inbox ${place}/mail/INBOX
SubFolders Verbatim

Channel bench
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
SyncState *
`;

/** A fresh Maildir and an empty notmuch database. */
function preparePeer(place, org, person) {
  mkdirSync(path.join(place, 'mail'), { recursive: true });
  const config = path.join(place, 'mbsyncrc'), notes = path.join(place, 'notes');
  writeFileSync(config, mbsyncConfig(place, org, person), { mode: 0o600 });
  const env = { PATH: process.env.PATH, HOME: place, LANG: 'C.UTF-8', NOTMUCH_CONFIG: path.join(place, 'notmuch') };
  writeFileSync(env.NOTMUCH_CONFIG, `[database]\npath=${place}/mail\n[user]\nname=Bench\nprimary_email=${person.mail}\n[new]\ntags=unread;inbox\nignore=.mbsyncstate;.mbsyncstate.journal;.mbsyncstate.new;.uidvalidity\n`);
  const sync = async () => inSequence([
    await measure(['mbsync', '-q', '-c', config, 'bench'], { env, notes }),
    await measure(['notmuch', 'new', '--quiet'], { env, notes }),
  ]);
  const check = () => {
    const indexed = Number(must(['notmuch', 'count', '--output=files', '*'], { env }));
    if (indexed !== expected) throw new Error(`mbsync and notmuch hold ${indexed} of ${expected} messages`);
  };
  return { sync, check, size: () => sizeOnDisk(path.join(place, 'mail')) };
}

/** One first sync and one more, in a fresh place that is gone afterwards. */
async function run(prepare, place, org, person) {
  const one = prepare(place, org, person);
  const first = await one.sync();
  one.check();
  const size = one.size();
  const again = await one.sync();
  one.check();
  if (!process.env.KEEP) rmSync(place, { recursive: true });
  return { first, again, size };
}

const seconds = (n) => `${n.toFixed(n < 1 ? 3 : 2)} s`;
const megabytes = (n) => `${(n / 1e6).toFixed(1)} MB`;

/** Prints a line and answers the ratio. */
function line(name, ours, theirs, unit) {
  const [a, b] = [median(ours), median(theirs)];
  process.stdout.write(`${name.padEnd(34)} ${unit(a).padStart(12)} ${unit(b).padStart(18)} ${(b > 0 ? (a / b).toFixed(3) : '-').padStart(8)}\n`);
  return a / b;
}

function report(ours, theirs) {
  const each = (list, of) => list.map(of);
  const both = (name, of, unit) => line(name, each(ours, of), each(theirs, of), unit);
  process.stdout.write(`\n${''.padEnd(34)} ${'Postroom'.padStart(12)} ${'mbsync + notmuch'.padStart(18)} ${'ratio'.padStart(8)}\n`);
  const ratio = both('first sync: time', (r) => r.first.seconds, seconds);
  both('first sync: processor time', (r) => r.first.cpu, seconds);
  both('first sync: highest memory', (r) => r.first.peak, megabytes);
  both('size on disk', (r) => r.size, megabytes);
  both('nothing changed: time', (r) => r.again.seconds, seconds);
  both('nothing changed: processor time', (r) => r.again.cpu, seconds);
  both('nothing changed: highest memory', (r) => r.again.peak, megabytes);
  const fast = ratio <= MAX_RATIO;
  process.stdout.write(`\nfirst sync: ${ratio.toFixed(3)} of the time of mbsync and notmuch; at most ${MAX_RATIO} is wanted: ${fast ? 'met' : 'MISSED'}\n`);
  return fast;
}

async function main() {
  const places = mkdtempSync(path.join(process.env.BENCH_DIR ?? '/var/tmp', 'postroom-bench-'));
  const org = await startOrganisation(['--mails', '0']);
  try {
    const person = org.person('plain');
    await fill(org, person);
    const version = (program) => must([program, '--version']).split('\n')[0];
    process.stdout.write(`-- sync: ${MESSAGES} messages of ${AVG_SIZE} bytes on average in ${Object.keys(FOLDERS).length} folders; median of ${RUNS}; beside ${version('mbsync')}, ${version('notmuch')}\n`);
    const ours = [], theirs = [];
    for (let i = 0; i < RUNS; i++) {
      theirs.push(await run(preparePeer, path.join(places, `peer-${i}`), org, person));
      ours.push(await run(preparePostroom, path.join(places, `postroom-${i}`), org, person));
      process.stdout.write(`   run ${i + 1}: Postroom ${seconds(ours.at(-1).first.seconds)}, mbsync and notmuch ${seconds(theirs.at(-1).first.seconds)}\n`);
    }
    return report(ours, theirs);
  } finally {
    await org.close();
    if (!process.env.KEEP) rmSync(places, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
