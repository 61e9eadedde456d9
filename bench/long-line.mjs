// The delaying proxy (bench/delay_proxy.c), which also counts round trips.

import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';

import { ROOT } from '../tests/blackbox/support/organisation.mjs';

const PROXY = path.resolve(process.env.DELAY_PROXY ?? path.join(ROOT, 'build/bench/delay_proxy'));

/** {port, taken(): connections, round trips and bytes since it was asked last, close()}. delay: milliseconds each way. */
export async function longLine(target, delay) {
  const child = spawn(PROXY, [String(target), String(delay), ...(process.env.TRACE ? ['trace'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  if (!(port > 0)) throw new Error('the delaying proxy does not start');
  let seen = [];
  (async () => { for await (const line of lines) seen.push(line.split(' ').map(Number)); })();
  return {
    port,
    taken() {
      const sum = (index) => seen.reduce((total, row) => total + row[index], 0);
      const taken = { connections: seen.length, turns: sum(2), up: sum(0), down: sum(1) };
      seen = [];
      return taken;
    },
    close: () => new Promise((resolve) => { child.once('close', resolve); child.stdin.end(); }),
  };
}
