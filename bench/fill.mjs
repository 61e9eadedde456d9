// An account filled without a mail server (bench/fill.c): the same messages as the sample organisation's generator puts into a mailbox, read, stored and
// indexed by the code that a first sync runs. A million messages would take the mail server alone most of an hour.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import { benchMailbox } from '../dev/mail/generate/bench.mjs';
import { ROOT } from '../tests/blackbox/support/organisation.mjs';
import { ADMIN } from '../tests/blackbox/support/postroom.mjs';

/** Of enum mail_flag. */
const BITS = { '\\Seen': 1, '\\Answered': 2, '\\Flagged': 4 };

/** What bench_fill reads of one folder. */
function* piecesOf(index, question) {
  for (const { bytes, date, flags } of benchMailbox(question)) {
    const text = bytes.toString('latin1').replace(/\n/g, '\r\n');
    const bits = flags.reduce((sum, flag) => sum | BITS[flag], 0);
    yield Buffer.from(`${index} ${bits} ${Math.floor(date / 1000)} ${text.length}\n${text}`, 'latin1');
  }
}

function* pieces(messages, average, to) {
  yield* piecesOf(0, { folder: 'INBOX', messages: Math.ceil(messages * 0.7), average, to });
  yield* piecesOf(1, { folder: 'Archive', messages: Math.floor(messages * 0.3), average, to });
}

/** Before the server runs. The user ADMIN is there. */
export async function fillAccount(postroom, address, { messages, average }) {
  const words = [postroom.data, postroom.env.POSTROOM_SERVER_KEY_FILE, ADMIN.email, ADMIN.password, address];
  const child = spawn(path.join(ROOT, 'build/bench/bench_fill'), words, { env: postroom.env, stdio: ['pipe', 'inherit', 'inherit'] });
  const written = pipeline(pieces(messages, average, { mail: address }), child.stdin).catch(() => {}); // its status tells
  const [[status, signal]] = await Promise.all([once(child, 'close'), written]);
  if (status !== 0) throw new Error(`bench_fill ended with ${status ?? signal}`);
}
