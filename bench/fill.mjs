// An account filled without a mail server (bench/fill.c): the same messages as the sample organisation's generator puts into a mailbox, read, stored and
// indexed by the code that a first sync runs. A million messages would take the mail server alone most of an hour.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { benchMessage } from '../dev/mail/generate/bench.mjs';
import { makeRandom } from '../dev/mail/generate/random.mjs';
import { ROOT } from '../tests/blackbox/support/organisation.mjs';
import { ADMIN } from '../tests/blackbox/support/postroom.mjs';

const SEEN = 1, ANSWERED = 2, FLAGGED = 4;
const NEWEST = Date.UTC(2026, 9, 1);

/** As fillMailbox of dev/mail/commands.mjs. */
function* messagesOf(folder, count, average, to) {
  const box = Buffer.from(folder).toString('hex');
  const random = makeRandom(`bench ${box} ${count} ${average}`);
  for (let number = 0; number < count; number++) {
    const date = new Date(NEWEST - (count - number) * 17 * 60e3);
    const flags = (number % 9 === 0 ? 0 : SEEN) | (number % 7 === 0 ? ANSWERED : 0) | (number % 41 === 0 ? FLAGGED : 0);
    yield { flags, date, text: benchMessage({ number, date, average, random, to, box }).toString('latin1').replace(/\n/g, '\r\n') };
  }
}

/** Before the server runs. The user ADMIN is there. */
export async function fillAccount(postroom, address, { messages, average }) {
  const words = [postroom.data, postroom.env.POSTROOM_SERVER_KEY_FILE, ADMIN.email, ADMIN.password, address];
  const child = spawn(path.join(ROOT, 'build/bench/bench_fill'), words, { env: postroom.env, stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'close');
  child.stdin.on('error', () => {});
  const folders = [['INBOX', Math.ceil(messages * 0.7)], ['Archive', Math.floor(messages * 0.3)]];
  for (const [index, [folder, count]] of folders.entries())
    for (const { flags, date, text } of messagesOf(folder, count, average, { mail: address })) {
      const piece = Buffer.from(`${index} ${flags} ${Math.floor(date / 1000)} ${text.length}\n${text}`, 'latin1');
      if (child.exitCode === null && !child.stdin.write(piece)) await Promise.race([once(child.stdin, 'drain'), ended]);
    }
  child.stdin.end();
  const [status] = await ended;
  if (status !== 0) throw new Error(`bench_fill ended with ${status}`);
}
