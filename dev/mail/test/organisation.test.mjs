// The command itself: quick, several side by side, as root and as an ordinary user, and nothing left behind however it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findProgram, until } from '../runtime.mjs';
import { ImapClient } from '../imap-client.mjs';
import { removeTree } from './helper.mjs';

const DEV = fileURLToPath(new URL('../..', import.meta.url));
const ROOT = process.getuid() === 0;

const started = new Set();

afterEach(() => {
  for (const { child, dir, json } of started) { child.kill('SIGTERM'); removeTree(dir, json.dovecot.maildirRoot); }
  started.clear();
});

/** Starts `org.mjs up`; uid: as that user. Resolves once it says that it is ready: {child, json, dir, seconds, root (of Dovecot's processes)}. */
async function up({ uid = null, dir = fs.mkdtempSync(path.join(os.tmpdir(), 'org-up-')), script = path.join(DEV, 'org.mjs') } = {}) {
  if (uid !== null) fs.chownSync(dir, uid, uid);
  const args = [script, 'up', '--dir', dir, '--exit-with-stdin'];
  const drop = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const began = Date.now();
  const child = uid === null
    ? spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    : spawn(findProgram('setpriv'), [...drop, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin', TMPDIR: os.tmpdir() } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { said += chunk; });
  await until(() => said.includes('ready') || child.exitCode !== null, () => `not up: ${said}`, 20000);
  assert.match(said, /^sample organisation ready: /);
  const json = JSON.parse(fs.readFileSync(path.join(dir, 'org.json')));
  const org = { child, json, dir, seconds: (Date.now() - began) / 1000, base: path.dirname(json.dovecot.logFile) };
  started.add(org);
  return org;
}

/** Processes whose command line or executable belongs to this organisation. */
function processesOf({ base, child }) {
  return fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const alive = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()[0] !== 'Z';
      return alive && (line.includes(base) || Number(pid) === child.pid || fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(base));
    } catch {
      return false;
    }
  });
}

const allGone = (org) => until(() => processesOf(org).length === 0, () => `left behind: ${processesOf(org)}`, 8000);

async function workshopCounts(json) {
  const client = await ImapClient.connect({ port: json.dovecot.imapsPort, ca: fs.readFileSync(json.caFile) });
  await client.must('LOGIN workshop@lampworks.example Workshop-Lamp-42');
  const answer = await client.must('SELECT INBOX');
  client.close();
  return answer.untagged.map((r) => /^\* (\d+) EXISTS/.exec(r.text)?.[1]).filter(Boolean).map(Number)[0];
}

async function stop(org) {
  org.child.stdin.end();
  await until(() => org.child.exitCode !== null, 'does not end');
  await allGone(org);
  removeTree(org.dir, org.json.dovecot.maildirRoot);
}

test('two at once are each up within ten seconds, keep to themselves, and end with stdin', async () => {
  const both = await Promise.all([up(), up()]);
  for (const org of both) {
    assert.ok(org.seconds < 10, `${org.seconds} s`);
    assert.ok(await workshopCounts(org.json) > 0);
  }
  assert.equal(new Set(both.flatMap((o) => Object.values(o.json.ports))).size, 20);
  for (const org of both) await stop(org);
  for (const org of both) assert.ok(!fs.existsSync(org.base));
});

test('an ordinary user can do the same', { skip: !ROOT && 'the other tests run as one already' }, async () => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'org-dev-')); // the checkout may lie where that user cannot go
  fs.cpSync(DEV, copy, { recursive: true });
  fs.chmodSync(copy, 0o755);
  const org = await up({ uid: 65534, script: path.join(copy, 'org.mjs') });
  assert.ok(org.seconds < 10, `${org.seconds} s`);
  assert.equal(fs.statSync(path.join(org.dir, 'org.json')).uid, 65534);
  assert.ok(await workshopCounts(org.json) > 0);
  await stop(org);
  fs.rmSync(copy, { recursive: true });
});

test('SIGTERM ends everything, and a second start keeps mail, ports and refresh tokens\' seed', async () => {
  const first = await up();
  const mails = await workshopCounts(first.json);
  const seed = fs.readFileSync(path.join(first.dir, 'secrets', 'idp.seed'), 'utf8');
  first.child.kill('SIGTERM');
  await allGone(first);
  assert.ok(!fs.existsSync(path.join(first.dir, 'org.json')));
  const second = await up({ dir: first.dir });
  assert.deepEqual(second.json.ports, first.json.ports);
  assert.equal(fs.readFileSync(path.join(first.dir, 'secrets', 'idp.seed'), 'utf8'), seed);
  assert.equal(await workshopCounts(second.json), mails);
  await stop(second);
});

test('kill -9 leaves no process, and the directory can be used again', async () => {
  const org = await up();
  org.child.kill('SIGKILL');
  await allGone(org);
  const again = await up({ dir: org.dir });
  assert.ok(!fs.existsSync(org.base));
  await stop(again);
});

test('a directory in use is refused, wrong usage is exit code 2', async () => {
  const org = await up();
  const run = (args) => new Promise((done) => {
    const child = spawn(process.execPath, [path.join(DEV, 'org.mjs'), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => { said += chunk; });
    child.on('exit', (code) => done({ code, said }));
  });
  const refused = await run(['up', '--dir', org.dir]);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /in use/);
  assert.equal((await run(['up'])).code, 2);
  assert.equal((await run(['fly', '--dir', org.dir])).code, 2);
  await stop(org);
});

test('mailbox and deliver fill a mailbox that Dovecot serves', async () => {
  const org = await up();
  const run = (...args) => new Promise((done) => { spawn(process.execPath, [path.join(DEV, 'org.mjs'), ...args, '--dir', org.dir], { stdio: 'ignore' }).on('exit', done); });
  const before = await workshopCounts(org.json);
  assert.equal(await run('mailbox', '--person', 'workshop@lampworks.example', '--messages', '2000'), 0);
  const file = path.join(org.dir, 'one.eml');
  fs.writeFileSync(file, 'Subject: one\n\nbody\n');
  assert.equal(await run('deliver', '--to', 'workshop@lampworks.example', file), 0);
  assert.equal(await workshopCounts(org.json), before + 2001);
  await stop(org);
});
