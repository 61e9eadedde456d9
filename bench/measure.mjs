// Runs a program and says what it took.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, lstatSync } from 'node:fs';
import path from 'node:path';

/**
 * { seconds, cpu (seconds, user and system), peak (bytes of resident memory), out }. GNU time stands between, since the kernel counts a child's
 * peak from what it inherits of the process that starts it, and Node's is large. Throws when the program fails.
 */
export async function measure(words, { env = process.env, notes }) {
  const started = process.hrtime.bigint();
  const child = spawn('/usr/bin/time', ['-q', '-f', '%U %S %M', '-o', notes, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '', err = '';
  child.stdout.on('data', (piece) => { out += piece; });
  child.stderr.on('data', (piece) => { err = (err + piece).slice(-4000); });
  const status = await new Promise((resolve, reject) => { child.once('close', resolve); child.once('error', reject); });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0) throw new Error(`${words.join(' ')}: ended with ${status}: ${err.trim()}`);
  const [user, system, peak] = readFileSync(notes, 'utf8').trim().split('\n').pop().split(' ').map(Number);
  return { seconds, cpu: user + system, peak: peak * 1024, out };
}

/** The runs of one measurement one after another, as if one program: times add up, the peak is the highest. */
export const inSequence = (parts) => ({ seconds: sum(parts, 'seconds'), cpu: sum(parts, 'cpu'), peak: Math.max(...parts.map((p) => p.peak)) });

const sum = (list, key) => list.reduce((total, item) => total + item[key], 0);

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Bytes that a directory occupies on disk. */
export function sizeOnDisk(dir) {
  let total = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name);
    total += entry.isDirectory() ? sizeOnDisk(file) : lstatSync(file).blocks * 512;
  }
  return total;
}

/** Waits until nothing is left to be written: whoever waits for the disk would wait for what others wrote before. */
export function quietDisk() {
  if (spawnSync('sync').status !== 0) throw new Error('sync failed');
}
