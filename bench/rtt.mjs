// A long line: a proxy of our own adds 25 ms each way (50 ms of round trip). First sync of 10,000 messages, and a resync where nothing changed;
// Postroom beside mbsync, through the same kind of proxy, at Dovecot itself and (resync) at the Exchange-like front.
//
// The proxy counts round trips: how often the client spoke after it had been answered. Its connections begin a round trip late, for TCP's
// handshake. Loopback has no slow start, so a real line is slower for both. TRACE=1 shows each round trip and the silence before it.

import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

import { checkTotals, mbsync, postroom } from './contenders.mjs';
import { longLine } from './long-line.mjs';
import { startMailbox } from './mailbox.mjs';
import { median } from './measure.mjs';
import { finish, number, seconds, table } from './report.mjs';

const MESSAGES = number('RTT_MESSAGES', 10000);
const AVG_SIZE = number('AVG_SIZE', 16000);
const DELAY = number('DELAY', 25);
const RUNS = number('RUNS', 3);
const PROFILES = (process.env.PROFILES ?? 'dovecot,exchange').split(',');

/** Runs one command and says its seconds and round trips. */
async function timed(line, act) {
  line.taken();
  const { seconds: took } = await act();
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  return { seconds: took, ...line.taken() };
}

async function repeat(line, act) {
  const list = [];
  for (let i = 0; i < RUNS; i++) list.push(await timed(line, act));
  return { seconds: median(list.map((t) => t.seconds)), turns: median(list.map((t) => t.turns)) };
}

/** First syncs in fresh places, in turns; the last places are kept for the resync. */
async function firstSyncs(name, mailbox, server, line, place) {
  const ours = [], theirs = [];
  let last = null;
  for (let i = 0; i < RUNS; i++) {
    if (last) for (const end of ['ours', 'theirs']) rmSync(last[`${end}Place`], { recursive: true });
    const oursPlace = path.join(place, `${name}-postroom-${i}`), theirsPlace = path.join(place, `${name}-mbsync-${i}`);
    last = { oursPlace, theirsPlace, ours: postroom(oursPlace, server, mailbox.address), theirs: mbsync(theirsPlace, server) };
    theirs.push(await timed(line, last.theirs.sync));
    ours.push(await timed(line, last.ours.sync));
    checkTotals(last.ours, last.theirs, mailbox.total);
    if (name !== 'dovecot') break; // the figure is of Dovecot; the other profile only needs a synced mailbox
  }
  const middle = (list) => ({ seconds: median(list.map((t) => t.seconds)), turns: median(list.map((t) => t.turns)) });
  return { ...last, first: { ours: middle(ours), theirs: middle(theirs) } };
}

async function main() {
  const place = mkdtempSync(path.join(process.env.BENCH_DIR ?? '/var/tmp', 'postroom-rtt-'));
  const mailbox = await startMailbox({ messages: MESSAGES, average: AVG_SIZE });
  let good = true;
  try {
    const row = table(`-- rtt: ${mailbox.total} messages of ${AVG_SIZE} bytes on average in 12 folders, ${2 * DELAY} ms of round trip; median of ${RUNS}`, ['Postroom', 'mbsync', 'ratio', 'round trips', 'mbsync', 'wanted']);
    const say = (what, { ours, theirs }, wanted) => {
      const ratio = ours.seconds / theirs.seconds;
      good &&= wanted === null || ratio <= wanted;
      row(what, [seconds(ours.seconds), seconds(theirs.seconds), ratio.toFixed(3), ours.turns, theirs.turns, wanted === null ? '-' : `${wanted}${ratio <= wanted ? '' : ' MISSED'}`]);
    };
    for (const name of PROFILES) {
      const line = await longLine(mailbox[name].imapPort, DELAY);
      try {
        const { ours, theirs, first } = await firstSyncs(name, mailbox, { ...mailbox[name], imapPort: line.port }, line, place);
        say(`${name}: first sync`, first, name === 'dovecot' ? 1 : null);
        say(`${name}: nothing changed`, { ours: await repeat(line, ours.sync), theirs: await repeat(line, theirs.sync) }, 1);
        await ours.serve();
        line.taken();
        const running = await repeat(line, ours.sync);
        row(`${name}: nothing changed, beside a running server`, [seconds(running.seconds), '-', '-', '-', '-', '-']);
        await ours.close();
      } finally {
        await line.close();
      }
    }
  } finally {
    await mailbox.close();
    if (!process.env.KEEP) rmSync(place, { recursive: true, force: true });
  }
  return good;
}

await finish(main);
