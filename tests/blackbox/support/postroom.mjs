// Postroom itself, as a user starts it: a data directory, the command line, the server.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync, openSync, closeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { Client } from './client.mjs';
import { ROOT, temporary, until } from './organisation.mjs';

export const PROGRAM = process.env.POSTROOM ?? path.join(ROOT, 'build/postroom');
export const ADMIN = { email: 'admin@northlight.example', password: 'correct horse 42' };

async function freePort() {
  const probe = net.createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export class Postroom {
  constructor({ env = {}, config = {} } = {}) {
    const { dir, remove } = temporary('data');
    this.dir = dir;
    this.remove = remove;
    this.data = path.join(dir, 'data');
    this.logFile = path.join(dir, 'log');
    writeFileSync(this.logFile, '');
    this.env = { PATH: process.env.PATH, HOME: dir, LANG: 'C.UTF-8', ASAN_OPTIONS: 'quarantine_size_mb=8', POSTROOM_SERVER_KEY_FILE: path.join(dir, 'key/postroom.key'), POSTROOM_NETWORK_ALLOWED: '127.0.0.0/8', POSTROOM_SYNC_POLL: '1', POSTROOM_SYNC_CALM: '1', POSTROOM_SYNC_DOUBT: '1', POSTROOM_SYNC_COMPARE: '2',
      ...Object.fromEntries(Object.entries(config).map(([k, v]) => [`POSTROOM_${k.replace('.', '_').toUpperCase()}`, String(v)])), ...env };
    mkdirSync(path.join(dir, 'files'));
  }

  /** A private file with this text; its path. */
  file(name, text) {
    const file = path.join(this.dir, 'files', name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** Runs a command: { status, out, err }. */
  command(args, { input, timeout = 120000 } = {}) {
    const done = spawnSync(PROGRAM, [...args, '--data', this.data], { env: this.env, encoding: 'utf8', input, timeout, maxBuffer: 64 << 20 });
    return { status: done.status, out: done.stdout, err: done.stderr };
  }

  /** Runs a command that must succeed; its output. */
  must(...args) {
    const { status, out, err } = this.command(args);
    if (status !== 0) throw new Error(`postroom ${args.join(' ')}: ${status} ${err}`);
    return out;
  }

  json(...args) {
    return JSON.parse(this.must(...args, '--json'));
  }

  /** Same as command, without blocking this process. */
  async run(...args) {
    const child = spawn(PROGRAM, [...args, '--data', this.data], { env: this.env });
    let out = '', err = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { err += d; });
    const status = await new Promise((resolve) => child.once('close', resolve));
    return { status, out, err };
  }

  addUser(email = ADMIN.email, password = ADMIN.password, admin = true) {
    this.must('user', 'add', email, ...(admin ? ['--admin'] : []), '--password-file', this.file(`pw-${email}`, `${password}\n`));
  }

  /** Points the provider "microsoft" at the sample organisation. */
  setProvider(org, { app = org.apps[0], secretFile = app.clientSecretFile, tenant = 'common' } = {}) {
    this.must('provider', 'set', 'microsoft', '--type', 'microsoft', '--client-id', app.clientId, '--client-secret-file', secretFile, '--tenant', tenant, '--authority', org.authority, '--graph', org.graph,
      '--imap', `${org.imap.host}:${org.imap.port}`, '--smtp', `${org.smtp.host}:${org.smtp.port}`, '--ca-file', org.caFile);
  }

  async serve(more = []) {
    this.port ??= await freePort();
    this.url = `http://localhost:${this.port}`;
    const log = openSync(this.logFile, 'a');
    this.child = spawn(PROGRAM, ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--public-url', this.url, ...more], { env: this.env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
      this.child.once('error', (error) => resolve({ code: error.message, signal: null }));
    });
    let over = null;
    this.ended.then((how) => { over = how; });
    await until('the server to answer', async () => {
      if (over) throw new Error(`the server ended (${over.code ?? over.signal}): ${this.log().slice(-2000)}`);
      return fetch(`http://127.0.0.1:${this.port}/healthz`).then((r) => r.ok, () => false);
    });
    return this;
  }

  log() {
    return readFileSync(this.logFile, 'utf8');
  }

  async kill() {
    this.child?.kill('SIGKILL');
    await this.ended;
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return this.ended;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 15000);
    const how = await this.ended;
    clearTimeout(late);
    return how;
  }

  async close() {
    await this.stop();
    if (!process.env.KEEP) this.remove();
  }

  /** A signed-in browser without a screen. */
  async signIn(email = ADMIN.email, password = ADMIN.password) {
    const client = new Client(this.url);
    await client.signIn(email, password);
    return client;
  }

  status(address) {
    return this.json('account', 'status', address);
  }

  /** Waits until the account is idle and everything is here. */
  async settled(address, { ms = 60000, state = 'idle' } = {}) {
    return until(`${address} to be ${state}`, async () => {
      const status = JSON.parse((await this.run('account', 'status', address, '--json')).out || 'null');
      return status?.state === state && (state !== 'idle' || status.mailboxes.every((m) => m.pending === 0)) ? status : null;
    }, { ms, every: 200 });
  }
}
