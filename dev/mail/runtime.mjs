// Small things that every part of the mail server needs: who runs it, where its files may live, free ports, children that die with us.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** The first of the usual places where a program stands, since an ordinary user's PATH lacks /usr/sbin. */
export function findProgram(name) {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/bin', '/bin'];
  const found = places.map((dir) => path.join(dir || '.', name)).find((file) => fs.existsSync(file));
  if (!found) throw new Error(`${name} is not installed (Debian: dovecot-imapd dovecot-submissiond dovecot-lmtpd openssl util-linux)`);
  return found;
}

/** Dovecot refuses to open mail as root, so root hands the mail over to "nobody"; everybody else keeps it. */
export function mailOwner() {
  const uid = process.getuid();
  if (uid === 0) {
    const line = fs.readFileSync('/etc/passwd', 'utf8').split('\n').find((l) => l.startsWith('nobody:'));
    if (!line) throw new Error('this system has no user "nobody" to own the sample mail');
    const [, , nobody, group] = line.split(':');
    const groupLine = fs.readFileSync('/etc/group', 'utf8').split('\n').find((l) => l.split(':')[2] === group);
    return { uid: Number(nobody), gid: Number(group), user: 'nobody', group: groupLine?.split(':')[0] ?? 'nogroup', root: true };
  }
  const gid = process.getgid();
  const groupLine = fs.readFileSync('/etc/group', 'utf8').split('\n').find((l) => l.split(':')[2] === String(gid));
  return { uid, gid, user: os.userInfo().username, group: groupLine?.split(':')[0] ?? String(gid), root: false };
}

/** mkdir -p; with an owner, the created folders become theirs. */
export function makeDir(dir, owner = null, mode = 0o700) {
  const first = fs.mkdirSync(dir, { recursive: true, mode });
  if (!first || !owner?.root) return;
  for (let d = dir; d.length >= first.length; d = path.dirname(d)) fs.chownSync(d, owner.uid, owner.gid);
}

/**
 * A folder that the mail's owner can reach and write; its parent becomes passable for them. Below a directory closed to them (root's
 * home, say) that is one under /var/tmp whose name follows from the wanted one, with a symbolic link at the wanted place.
 */
export function ownedDir(wanted, owner) {
  if (!owner.root) { makeDir(wanted); return wanted; }
  const parent = path.dirname(wanted);
  fs.mkdirSync(parent, { recursive: true });
  fs.chmodSync(parent, (fs.statSync(parent).mode & 0o777) | 0o011);
  const reach = spawnSync(findProgram('setpriv'), [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', 'test', '-x', parent]);
  if (reach.status === 0) { makeDir(wanted, owner); return wanted; }
  const name = createHash('sha256').update(path.resolve(wanted)).digest('hex').slice(0, 16);
  const real = path.join('/var/tmp', `postroom-org-${name}`);
  const known = fs.lstatSync(wanted, { throwIfNoEntry: false });
  if (!known) fs.rmSync(real, { recursive: true, force: true }); // of a directory that was removed and made anew
  fs.mkdirSync(real, { recursive: true, mode: 0o700 });
  if (fs.lstatSync(real).isSymbolicLink()) throw new Error(`${real} is a link; remove it`);
  fs.chownSync(real, owner.uid, owner.gid);
  if (!known) fs.symlinkSync(real, wanted);
  return real;
}

/** n different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(n) {
  const servers = await Promise.all(Array.from({ length: n }, () => new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((s) => s.address().port);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

const PORT_NAMES = ['idp', 'idpTls', 'imap', 'smtp', 'control', 'dovecot_imap', 'dovecot_imaps', 'dovecot_submission', 'dovecot_submissions', 'dovecot_lmtp'];

/** Ports to try first: counted up from `base`, or those of an earlier start in that directory, or none. */
export function rememberedPorts(file, base = 0) {
  if (base) return Object.fromEntries(PORT_NAMES.map((name, i) => [name, base + i]));
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** Also takes connections to ::1 at that port, where the machine has IPv6: clients may try it first for "localhost". */
function listenOnSix(server, port) {
  const six = net.createServer((socket) => server.emit('connection', socket));
  server.once('close', () => six.close());
  return new Promise((done) => {
    six.once('error', () => done(false));
    six.listen(port, '::1', 4096, () => done(true));
  });
}

/** True where ::1 can be listened on. */
export function hasIpv6() {
  return new Promise((done) => {
    const probe = net.createServer();
    probe.once('error', () => done(false));
    probe.listen(0, '::1', () => probe.close(() => done(true)));
  });
}

/** False, and the connection is ended, when it comes from elsewhere than limits.onlyFrom says: as if a firewall let only the proxy through. */
export function letThrough(socket, limits) {
  if (!limits.onlyFrom || socket.remoteAddress === limits.onlyFrom) return true;
  limits.turnedAway += 1;
  socket.destroy();
  return false;
}

/** Listens on 127.0.0.1 (and ::1), on the wanted port or, where that is taken, a free one; resolves to the port. */
export async function listen(server, port = 0) {
  const attempt = (wanted) => new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', 4096, () => { server.off('error', reject); resolve(server.address().port); });
  });
  const chosen = await attempt(port).catch((error) => {
    if (error.code !== 'EADDRINUSE' || !port) throw error;
    return attempt(0);
  });
  await listenOnSix(server, chosen);
  return chosen;
}

/**
 * Starts a program that the kernel ends when this process dies, even by kill -9, with as many file descriptors as are allowed. It has a
 * process group of its own: Ctrl-C in a terminal is for us, and we end it in order.
 * owner: as mailOwner(); with root the child runs as that user.
 */
export function spawnTied(program, args, { owner, ...options } = {}) {
  const drop = owner?.root ? [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : [];
  const script = 'ulimit -n "$(ulimit -H -n)" 2>/dev/null; exec "$@"';
  return spawn('/bin/sh', ['-c', script, 'sh', findProgram('setpriv'), ...drop, '--pdeathsig', 'TERM', program, ...args], { ...options, detached: true });
}

/** Writes a whole file or nothing: readers never see half of it. */
export function writeAtomically(file, text, mode = 0o600) {
  const temporary = `${file}.${process.pid}.new`;
  fs.writeFileSync(temporary, text, { mode });
  fs.renameSync(temporary, file);
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Resolves as soon as `check` returns something true; rejects with `what` when the time is over. */
export async function until(check, what, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(typeof what === 'function' ? what() : what);
    await sleep(20);
  }
}
