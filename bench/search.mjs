// Text search by JMAP over HTTP beside `notmuch search --limit=50`, on the same mail: the account's own export as a Maildir.
//
// Both are warm and take turns, word by word. Ours is one request on a kept connection with what a list shows of the 50 emails; theirs is a process
// with what its list shows of 50 threads: its start (about that of `notmuch --version`, told below) is part of how it is used. Words are taken from
// the mail itself: common ones stand in a tenth to nine tenths of it, rare ones in fewer than 20. They are asked for whole, in quotes, as notmuch
// takes them; "beginnings" is the same words as a person writes them, which find longer ones too; "as the page" lists conversations and counts them
// all. A request that asks for nothing (Core/echo) stands in turn with the others: the floor that the machine gives.
// By environment: SEARCH_MESSAGES (100000), SEARCH_AVG_SIZE (4000 bytes), ROUNDS (20), WORDS (8 of each kind).

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';

import { askNothing, listCalls, startAccount } from './account.mjs';
import { must } from './contenders.mjs';
import { sizeOnDisk } from './measure.mjs';
import { finish, ms, number, quantile, ratio, say, wanted } from './report.mjs';

const MESSAGES = number('SEARCH_MESSAGES', 100000), AVG_SIZE = number('SEARCH_AVG_SIZE', 4000), ROUNDS = number('ROUNDS', 20), WORDS = number('WORDS', 8);
/** Ours: p99; of theirs. */
const LIMITS = { p99: 50, rare: 1, common: 1 / 3, snippets: 50, disk: 0.25 };

/** The exported Maildir, indexed. */
function prepareNotmuch(place, postroom, person) {
  const mail = path.join(place, 'mail');
  postroom.must('export', person.mail, '--maildir', mail);
  const env = { PATH: process.env.PATH, HOME: place, LANG: 'C.UTF-8', NOTMUCH_CONFIG: path.join(place, 'notmuch') };
  writeFileSync(env.NOTMUCH_CONFIG, `[database]\npath=${mail}\n[user]\nname=Bench\nprimary_email=${person.mail}\n[new]\ntags=unread;inbox\n`);
  must(['notmuch', 'new', '--quiet'], { env });
  const run = (words) => {
    const started = performance.now();
    const done = spawnSync('notmuch', words, { env, encoding: 'utf8', maxBuffer: 64 << 20 });
    if (done.status !== 0) throw new Error(`notmuch ${words.join(' ')}: ${done.stderr}`);
    return { ms: performance.now() - started, out: done.stdout };
  };
  return { run, mail, database: path.join(mail, '.notmuch') };
}

/** The store and its word index beside the Maildir and notmuch's database, in bytes of a message; whether the store is small enough. */
function sizes(postroom, notmuch) {
  const db = new DatabaseSync(path.join(postroom.data, 'postroom.db'), { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE name GLOB 'terms_*_data'").all();
  const index = tables.reduce((sum, { name }) => sum + db.prepare(`SELECT sum(length(block)) AS n FROM ${name}`).get().n, 0);
  const kept = db.prepare('SELECT coalesce(sum(length(data)), 0) AS n FROM words').get().n;
  db.close();
  const store = sizeOnDisk(postroom.data), database = sizeOnDisk(notmuch.database), theirs = sizeOnDisk(notmuch.mail);
  const each = (n) => `${(n / MESSAGES).toFixed(0)}`;
  say(`bytes of a message on disk: ${each(store)}, ${each(index + kept)} of them words; Maildir ${each(theirs - database)}, notmuch ${each(database)}; words are ${ratio((index + kept) / database)} of that`);
  return wanted("disk, of Maildir and notmuch's database", store / theirs, LIMITS.disk);
}

const filesIn = (dir) => readdirSync(dir, { withFileTypes: true, recursive: true }).filter((e) => e.isFile() && /\/(?:cur|new)$/.test(e.parentPath)).map((e) => path.join(e.parentPath, e.name));

/** Words of a sample with the share of messages they stand in: candidates for both kinds. */
function candidates(mail) {
  const files = filesIn(mail), step = Math.max(1, Math.floor(files.length / 2000)), seen = new Map();
  const sample = files.filter((_, i) => i % step === 0);
  for (const file of sample) {
    const text = readFileSync(file, 'latin1');
    const body = text.slice(text.search(/\r?\n\r?\n/)).split(/\n--/)[0].slice(0, 20000);
    for (const word of new Set(body.toLowerCase().match(/\b[a-z]{4,12}\b/g) ?? [])) seen.set(word, (seen.get(word) ?? 0) + 1);
  }
  const share = (n) => n / sample.length;
  const spread = (list, most) => list.filter((_, i) => i % Math.max(1, Math.floor(list.length / most)) === 0);
  const sorted = [...seen].sort((a, b) => b[1] - a[1]);
  return { common: spread(sorted.filter(([, n]) => share(n) >= 0.1 && share(n) <= 0.9).map(([w]) => w), 4 * WORDS), rare: spread(sorted.filter(([, n]) => n <= 2).map(([w]) => w), 100 * WORDS) };
}

async function choose(asker, accountId, list, fits) {
  const chosen = [];
  for (const word of list) {
    if (chosen.length >= WORDS) break;
    const { results: [{ total }] } = await asker.ask([['Email/query', { accountId, filter: { text: `"${word}"` }, limit: 1, calculateTotal: true }]]);
    if (fits(total)) chosen.push({ word, total });
  }
  return chosen;
}

/** Whole words, in quotes, beside notmuch; without it their beginnings. */
async function race(asker, accountId, words, notmuch) {
  const ours = [], theirs = [], floor = [];
  for (let round = -1; round < ROUNDS; round++)
    for (const { word } of words) {
      const mine = await asker.ask(listCalls(accountId, { text: notmuch ? `"${word}"` : word }));
      const nothing = await askNothing(asker);
      const other = notmuch?.run(['search', '--limit=50', word]);
      if (round < 0) continue;
      ours.push(mine.ms);
      floor.push(nothing);
      if (other) theirs.push(other.ms);
    }
  return { ours, theirs, floor };
}

async function asThePage(asker, accountId, words) {
  const times = [];
  for (let round = 0; round < 3; round++)
    for (const { word } of words) {
      const [[name, args], get] = listCalls(accountId, { text: word });
      times.push((await asker.ask([[name, { ...args, collapseThreads: true, calculateTotal: true }], get])).ms);
    }
  return times;
}

function line(name, ours, theirs) {
  const cells = [quantile(ours, 0.5), quantile(ours, 0.99), ...(theirs.length ? [quantile(theirs, 0.5), quantile(theirs, 0.99)] : [])].map(ms);
  const compared = theirs.length ? [ratio(quantile(ours, 0.5) / quantile(theirs, 0.5))] : ['-', '-', '-'];
  say(`${name.padEnd(30)} ${[...cells, ...compared].map((c) => c.padStart(11)).join('')}`);
}

async function snippets(asker, accountId, words) {
  const times = [];
  for (const { word } of words) {
    const filter = { text: word };
    const { results: [{ ids }] } = await asker.ask([['Email/query', { accountId, filter, limit: 50 }]]);
    for (let i = 0; i < 4; i++) times.push((await asker.ask([['SearchSnippet/get', { accountId, filter, emailIds: ids }]])).ms);
  }
  return times;
}

async function main() {
  const account = await startAccount({ messages: MESSAGES, average: AVG_SIZE });
  const place = mkdtempSync(path.join(process.env.BENCH_DIR ?? '/var/tmp', 'postroom-search-'));
  try {
    const { accountId, postroom, person } = account, asker = account.asker();
    const notmuch = prepareNotmuch(place, postroom, person);
    const found = candidates(notmuch.mail);
    const common = await choose(asker, accountId, found.common, (n) => n >= MESSAGES * 0.1 && n <= MESSAGES * 0.9);
    const rare = await choose(asker, accountId, found.rare, (n) => n > 0 && n < 20);
    if (!common.length || !rare.length) throw new Error('the mail has no words of both kinds');
    const start = Array.from({ length: 10 }, () => notmuch.run(['--version']).ms);
    say(`-- search: ${MESSAGES} messages of ${AVG_SIZE} bytes, ${ROUNDS} rounds of ${common.length} common words (in ${quantile(common.map((w) => w.total), 0.5)} messages) and ${rare.length} rare ones (in ${quantile(rare.map((w) => w.total), 0.5)}); notmuch --version takes ${ms(quantile(start, 0.5))}`);
    say(`${''.padEnd(30)} ${['p50', 'p99', 'notmuch p50', 'p99', 'ratio p50'].map((h) => h.padStart(11)).join('')}`);
    const a = await race(asker, accountId, common, notmuch), b = await race(asker, accountId, rare, notmuch);
    const c = await race(asker, accountId, common), d = await race(asker, accountId, rare);
    line('common words', a.ours, a.theirs);
    line('rare words', b.ours, b.theirs);
    line('common words, beginnings', c.ours, []);
    line('rare words, beginnings', d.ours, []);
    line('common words, as the page', await asThePage(asker, accountId, common), []);
    line('(asking for nothing, in turn)', [...a.floor, ...b.floor, ...c.floor, ...d.floor], []);
    const marks = await snippets(asker, accountId, common);
    line('50 snippets', marks, []);
    asker.close();
    await postroom.stop();
    return [sizes(postroom, notmuch),
      wanted('search, p99', quantile([...a.ours, ...b.ours, ...c.ours, ...d.ours], 0.99), LIMITS.p99, ms),
      wanted('common words, of notmuch', quantile(a.ours, 0.5) / quantile(a.theirs, 0.5), LIMITS.common),
      wanted('rare words, of notmuch', quantile(b.ours, 0.5) / quantile(b.theirs, 0.5), LIMITS.rare),
      wanted('50 snippets, p50', quantile(marks, 0.5), LIMITS.snippets, ms)].every(Boolean);
  } finally {
    rmSync(place, { recursive: true, force: true });
    await account.close();
  }
}

await finish(main);
