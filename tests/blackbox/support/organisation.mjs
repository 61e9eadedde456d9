// A sample organisation of the test's own, and its control.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

export function temporary(name) {
  const dir = mkdtempSync(path.join(tmpdir(), `postroom-${name}-`));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }) };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is truthy; fails with what was waited for. */
export async function until(what, ask, { ms = 60000, every = 50 } = {}) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await sleep(every);
  }
}

/** Starts it; call close() afterwards. more: further words of `org.mjs up`, e.g. ['--mails', '20']. */
export async function startOrganisation(more = []) {
  const { dir, remove } = temporary('org');
  const child = spawn(process.execPath, [path.join(ROOT, 'dev/org.mjs'), 'up', '--dir', dir, '--exit-with-stdin', ...more], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece) => { said += piece; });
  const ready = new Promise((resolve) => child.stdout.on('data', () => resolve(true)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error(`the sample organisation does not start: ${said}`);
  const org = JSON.parse(readFileSync(path.join(dir, 'org.json'), 'utf8'));

  /** One control function: control('addFault', {…}), control('idp/revoke', ['anna…']). */
  async function control(name, body = {}) {
    const response = await fetch(`${org.controlUrl}/${name}`, { method: 'POST', headers: { 'X-Control-Key': org.controlKey, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok || answer.error) throw new Error(`control ${name}: ${answer.error ?? response.status}`);
    return answer.result;
  }

  return {
    ...org,
    dir,
    control,
    person: (address) => org.people.find((p) => [p.mail, p.upn].includes(address)) ?? org.people.find((p) => p.flags?.[address]),
    async close() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), 8000);
      await ended;
      clearTimeout(late);
      remove();
    },
  };
}
