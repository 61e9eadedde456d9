// A mailbox synced before, synced again: nothing changed, and 1 % of the flags changed with 100 new messages. Postroom beside mbsync, at
// Dovecot itself (QRESYNC) and at the Exchange-like front (no CONDSTORE), over TLS.
//
// "postroom sync" alone is one process that signs in, syncs and ends, as mbsync is: the two compare. "postroom sync" beside a running server
// asks the server, which is signed in already: what people have; there is no such mbsync.

import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

import { checkTotals, mbsync, postroom } from './contenders.mjs';
import { startMailbox } from './mailbox.mjs';
import { median, quietDisk } from './measure.mjs';
import { finish, number, seconds, table } from './report.mjs';

const MESSAGES = number('RESYNC_MESSAGES', process.env.MESSAGES ?? 50000);
const AVG_SIZE = number('RESYNC_AVG_SIZE', 2000);
const RUNS = number('RUNS', 9);
const PROFILES = (process.env.PROFILES ?? 'dovecot,exchange').split(',');

/** At most this part of mbsync's time. */
const WANTED = { dovecot: { same: 0.5, changed: 1 }, exchange: { same: 1, changed: 1 } };

/** Seconds of both, in turns and each first as often as the other: who comes second finds the server warm, and a machine has better and worse minutes. */
async function inTurns(count, ours, theirs, before = async () => {}) {
  const lists = [[], []];
  for (let i = 0; i < count; i++) {
    await before();
    for (const who of i % 2 === 0 ? [1, 0] : [0, 1]) {
      quietDisk();
      lists[who].push((await [ours, theirs][who]()).seconds);
    }
  }
  return { ours: median(lists[0]), theirs: median(lists[1]) };
}

async function profile(name, mailbox, place) {
  const ours = postroom(path.join(place, `${name}-postroom`), mailbox[name], mailbox.address);
  const theirs = mbsync(path.join(place, `${name}-mbsync`), mailbox[name]);
  await theirs.sync();
  await ours.sync();
  checkTotals(ours, theirs, mailbox.total);

  const same = await inTurns(RUNS, ours.sync, theirs.sync);
  const changed = await inTurns(RUNS, ours.sync, theirs.sync, () => mailbox.change(0.01, 100));
  checkTotals(ours, theirs, mailbox.total);
  await ours.serve();
  const running = [];
  for (let i = 0; i < RUNS; i++) running.push((await ours.sync()).seconds);
  await ours.close();
  return { same, changed, running: median(running) };
}

async function main() {
  const place = mkdtempSync(path.join(process.env.BENCH_DIR ?? '/var/tmp', 'postroom-resync-'));
  const mailbox = await startMailbox({ messages: MESSAGES, average: AVG_SIZE });
  let good = true;
  try {
    const row = table(`-- resync: ${mailbox.total} messages in 12 folders; median of ${RUNS}`, ['Postroom', 'mbsync', 'ratio', 'wanted']);
    for (const name of PROFILES) {
      const { same, changed, running } = await profile(name, mailbox, place);
      for (const [what, times] of [['same', same], ['changed', changed]]) {
        const ratio = times.ours / times.theirs, wanted = WANTED[name][what];
        good &&= ratio <= wanted;
        row(`${name}: ${what === 'same' ? 'nothing changed' : '1 % of flags, 100 new'}`, [seconds(times.ours), seconds(times.theirs), ratio.toFixed(3), `${wanted}${ratio <= wanted ? '' : ' MISSED'}`]);
      }
      row(`${name}: nothing changed, beside a running server`, [seconds(running), '-', '-', '-']);
    }
  } finally {
    await mailbox.close();
    if (!process.env.KEEP) rmSync(place, { recursive: true, force: true });
  }
  return good;
}

await finish(main);
