// make run: starts the sample organisation and Postroom beside it, prints address and sign-in, ends both on Ctrl-C.
//
//   node dev/run.mjs PROGRAM        PORT=8480 (the default; another free one when it is taken), KEEP=1 keeps the directory

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const program = process.argv[2];
const dir = mkdtempSync(path.join(tmpdir(), 'postroom-'));
const data = path.join(dir, 'data');
const admin = { email: 'admin@northlight.example', password: 'Try-Postroom-1' };
const env = { ...process.env, POSTROOM_SERVER_KEY_FILE: path.join(dir, 'key', 'postroom.key'), POSTROOM_NETWORK_ALLOWED: '127.0.0.0/8,::1/128' };

const children = [];
let ending = false;

async function end(status) {
  if (ending) return;
  ending = true;
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 10000);
    await gone;
    clearTimeout(late);
  }
  if (!process.env.KEEP) rmSync(dir, { recursive: true, force: true });
  process.exit(status);
}

function start(name, command, args, options) {
  const child = spawn(command, args, { env, ...options });
  children.push(child);
  child.once('exit', (code) => {
    if (ending) return;
    console.error(`${name} ended (${code})`);
    end(1);
  });
  return child;
}

function postroom(...args) {
  const done = spawnSync(program, [...args, '--data', data], { env, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr.trim() || `postroom ${args[0]} failed`);
}

function secretFile(name, text) {
  const file = path.join(dir, name);
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  return file;
}

function freePort(wanted) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', () => (wanted === 0 ? reject(new Error('no free port')) : resolve(freePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function organisation() {
  const child = start('the sample organisation', process.execPath, [path.join(here, 'org.mjs'), 'up', '--dir', path.join(dir, 'org'), '--exit-with-stdin'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.resume();
  return JSON.parse(readFileSync(path.join(dir, 'org', 'org.json'), 'utf8'));
}

async function main() {
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));
  process.stdout.write('Starting the sample organisation ... ');
  const org = await organisation();
  console.log('ready');
  postroom('user', 'add', admin.email, '--admin', '--password-file', secretFile('admin-password', admin.password));
  const [app] = org.apps;
  postroom('provider', 'set', 'microsoft', '--type', 'microsoft', '--client-id', app.clientId, '--client-secret-file', app.clientSecretFile, '--authority', org.authority, '--graph', org.graph,
    '--imap', `${org.imap.host}:${org.imap.port}`, '--smtp', `${org.smtp.host}:${org.smtp.port}`, '--ca-file', org.caFile, '--cloud', 'custom', '--scope-prefix', 'https://outlook.office.com/');
  const port = await freePort(Number(process.env.PORT ?? 8480));
  const url = `http://localhost:${port}`;
  const server = start('Postroom', program, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--public-url', url], { stdio: ['ignore', 'pipe', 'inherit'] });
  server.stdout.resume();
  for (let tries = 0; ; tries++) {
    const ok = await fetch(`http://127.0.0.1:${port}/healthz`).then((r) => r.ok, () => false);
    if (ok) break;
    if (tries > 100) throw new Error('Postroom does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const anna = org.people.find((p) => p.flags?.main) ?? org.people[0];
  const james = org.people.find((p) => p.upn.startsWith('james'));
  console.log(`
  Postroom is at   ${url}
  sign in as       ${admin.email}
  with password    ${admin.password}

  Then "Link a mailbox", for example ${anna.mail}; the sample organisation's sign-in
  page wants ${anna.upn} with password ${anna.password}
  A colleague to write to: ${james.mail} (password ${james.password})

  Ctrl-C ends both; nothing is kept.
`);
}

main().catch((error) => {
  console.error(`make run: ${error.message}`);
  end(1);
});
