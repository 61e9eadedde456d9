// Postroom and mbsync, each with a place of its own, for benchmarks of a resync: the same server, the same account, in turns.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT, until } from '../tests/blackbox/support/organisation.mjs';
import { measure } from './measure.mjs';

export const PROGRAM = path.resolve(process.env.POSTROOM ?? path.join(ROOT, 'build/postroom'));

export function must(words, options = {}) {
  const done = spawnSync(words[0], words.slice(1), { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (done.error || done.status !== 0) throw new Error(`${words.join(' ')}: ${done.error?.message ?? done.status} ${done.stderr ?? ''}`);
  return done.stdout;
}

/** A secret in a file of its own. */
function secret(place, name, text) {
  writeFileSync(path.join(place, name), `${text}\n`, { mode: 0o600 });
  return path.join(place, name);
}

/**
 * server: {imapPort, login, password, smtpPort, caFile}. Answers {sync(): figures of one command, total(): messages that are here as a whole, serve(): starts
 * the server that later commands speak to, close()}.
 */
export function postroom(place, server, address) {
  mkdirSync(place);
  const data = path.join(place, 'data');
  const env = { PATH: process.env.PATH, HOME: place, LANG: 'C.UTF-8', POSTROOM_SERVER_DATA: data, POSTROOM_SERVER_KEY_FILE: path.join(place, 'key/postroom.key'),
    POSTROOM_SERVER_LISTEN: '127.0.0.1:0', POSTROOM_NETWORK_ALLOWED: '127.0.0.0/8' };
  must([PROGRAM, 'user', 'add', 'bench@northlight.example', '--password-file', secret(place, 'user', 'correct horse 42')], { env });
  must([PROGRAM, 'account', 'add', address, '--owner', 'bench@northlight.example', '--imap', `imaps://${encodeURIComponent(server.login)}@localhost:${server.imapPort}`,
    '--smtp', `smtp+starttls://${encodeURIComponent(server.login)}@localhost:${server.smtpPort}`, '--password-file', secret(place, 'account', server.password), '--ca-file', server.caFile], { env });
  let child = null;
  const status = () => JSON.parse(must([PROGRAM, 'account', 'status', address, '--json'], { env }));
  return {
    sync: () => measure([PROGRAM, 'sync', address, '--json'], { env, notes: path.join(place, 'notes') }),
    total: () => status().mailboxes.reduce((total, m) => total + m.localCount - m.pending, 0),
    async serve() {
      child = spawn(PROGRAM, ['serve', '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (piece) => { said = (said + piece).slice(-2000); });
      await until(`the account to be idle ${said}`, () => {
        if (child.exitCode !== null) throw new Error(`serve ended: ${said}`);
        try { return status().state === 'idle'; } catch { return false; }
      }, { ms: 120000, every: 200 });
    },
    async close() {
      if (!child) return;
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
      child = null;
    },
  };
}

/** Of `bench`, from a server {imapPort, login, password, caFile} into place/mail. */
export const mbsyncConfig = (place, server) => `FSync no

IMAPAccount bench
Host localhost
Port ${server.imapPort}
User ${server.login}
Pass ${server.password}
AuthMechs LOGIN
SSLType IMAPS
SystemCertificates no
CertificateFile ${server.caFile}

IMAPStore far
Account bench

MaildirStore near
Path ${place}/mail/
Inbox ${place}/mail/INBOX
SubFolders Verbatim

Channel bench
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
SyncState *
`;

/** The same for mbsync, into a Maildir. */
export function mbsync(place, server) {
  mkdirSync(path.join(place, 'mail'), { recursive: true });
  const config = path.join(place, 'mbsyncrc'), notes = path.join(place, 'notes');
  writeFileSync(config, mbsyncConfig(place, server), { mode: 0o600 });
  const env = { PATH: process.env.PATH, HOME: place, LANG: 'C.UTF-8' };
  return {
    sync: () => measure(['mbsync', '-q', '-c', config, 'bench'], { env, notes }),
    total: () => Number(must(['sh', '-c', 'find "$1" -type f -path "*/cur/*" -o -type f -path "*/new/*" | wc -l', 'sh', path.join(place, 'mail')])),
    async close() {},
  };
}

/** Both hold every message. */
export function checkTotals(ours, theirs, total) {
  const [a, b] = [ours.total(), theirs.total()];
  if (a !== total || b !== total) throw new Error(`of ${total} messages Postroom holds ${a}, mbsync ${b}`);
}
