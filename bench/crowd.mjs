// A Dovecot of many small mailboxes: user1@crowd.example … with one password, idle connections kept cheap by imap-hibernate. Loopback only;
// ends with this process.

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { makeCertificates } from '../dev/mail/certs.mjs';
import { findProgram, freePorts, mailOwner, makeDir, sleep, spawnTied } from '../dev/mail/runtime.mjs';

export const PASSWORD = 'one-password-for-all';
export const addressOf = (n) => `user${n}@crowd.example`;

/** One process holds so many connections; descriptors are two for each in a login process. */
const PER_LOGIN = 2500, PER_HIBERNATE = 2500;

/** A hibernated session has an inotify instance of its own, and the kernel gives one user 128 of them and too few watches for thousands of
 *  mailboxes; raised where that is allowed. A session that finds none is not hibernated: it keeps a process, and when there are no more of
 *  those, nobody can sign in. */
function raiseInotify(accounts) {
  for (const [name, wanted] of [['max_user_instances', accounts + 4096], ['max_user_watches', accounts * 8]]) {
    const file = `/proc/sys/fs/inotify/${name}`;
    if (Number(fs.readFileSync(file, 'utf8')) >= wanted) continue;
    try {
      fs.writeFileSync(file, String(wanted));
    } catch {
      process.stdout.write(`   ${name} stays at ${fs.readFileSync(file, 'utf8').trim()}: not all sessions can be hibernated\n`);
    }
  }
}

const NAMESPACE = `namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \\Sent
    auto = create
  }
  mailbox Drafts {
    special_use = \\Drafts
    auto = create
  }
  mailbox Trash {
    special_use = \\Trash
    auto = create
  }
}
`;

/** What Dovecot offers, without NOTIFY: a session that uses it is not hibernated, and then hears of mail half a second later. */
const WITHOUT_NOTIFY = 'IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND '
  + 'URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH '
  + 'LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ SPECIAL-USE';

const config = ({ base, me, ports, accounts, hibernate, notify, namespaces }) => `base_dir = ${base}/run
state_dir = ${base}/state
log_path = ${base}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
instance_name = postroom-crowd
default_internal_user = ${me.user}
default_internal_group = ${me.group}
default_login_user = ${me.user}
default_process_limit = 8192
default_client_limit = 20000
default_vsz_limit = 0
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:${base}/mail/%n
mail_max_userip_connections = 100000
mailbox_idle_check_interval = 1s
mail_fsync = never
imap_hibernate_timeout = ${hibernate}
${notify ? '' : `imap_capability = ${WITHOUT_NOTIFY}`}
auth_mechanisms = plain login
auth_failure_delay = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <${base}/etc/server.pem
ssl_key = <${base}/etc/server.key
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${me.uid} gid=${me.gid} home=${base}/mail/%n
}
${namespaces(base)}service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = ${Math.ceil(accounts / PER_LOGIN)}
  process_limit = ${Math.ceil(accounts / PER_LOGIN) + 2}
  client_limit = ${PER_LOGIN * 2}
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service imap {
  process_limit = ${hibernate === '0' ? accounts * 2 : Math.max(2048, Math.ceil(accounts * 0.6))}
  client_limit = 1
  service_count = 256
  unix_listener imap-master {
    user = ${me.user}
  }
}
service imap-hibernate {
  client_limit = ${PER_HIBERNATE}
  process_limit = ${Math.ceil(accounts / PER_HIBERNATE) + 1}
  unix_listener imap-hibernate {
    mode = 0660
    group = ${me.group}
  }
}
service lmtp {
  process_limit = 8
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
}
`;

/** In memory where there is room: ten thousand Maildirs are half a million files, and their making is not what is measured. */
function home(accounts) {
  try {
    const { bavail, bsize } = fs.statfsSync('/dev/shm');
    if (bavail * bsize > accounts * 400e3) return '/dev/shm';
  } catch { /* no such place */ }
  return os.tmpdir();
}

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.once('data', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => resolve(false));
  socket.setTimeout(500, () => { socket.destroy(); resolve(false); });
});

/** hibernate: after how long an idle session is put to sleep, '0': never. namespaces: their configuration, given the base directory. Returns {ports: {imaps, lmtp}, caFile, pid(), log() since it began, complaints(): its warnings and how many,
 *  leave() and enter(): it ends, and is there again, close()}. */
export async function startCrowd({ accounts, hibernate = '1s', notify = true, namespaces = () => NAMESPACE }) {
  const me = mailOwner();
  raiseInotify(accounts);
  const base = fs.mkdtempSync(path.join(home(accounts), 'prc-')); // short: socket paths end at 107 bytes
  fs.chmodSync(base, 0o755);
  for (const dir of ['etc', 'run', 'state', 'mail']) makeDir(path.join(base, dir), me, 0o755);
  const tls = makeCertificates(path.join(base, 'tls'));
  fs.writeFileSync(path.join(base, 'etc/server.pem'), tls.cert);
  fs.writeFileSync(path.join(base, 'etc/server.key'), tls.key, { mode: 0o600 });
  const [imaps, lmtp] = await freePorts(2);
  const log = path.join(base, 'dovecot.log');
  fs.writeFileSync(log, '');
  fs.writeFileSync(path.join(base, 'etc/dovecot.conf'), config({ base, me, ports: { imaps, lmtp }, accounts, hibernate, notify, namespaces }));
  if (me.root) for (const file of [log, path.join(base, 'etc/server.key'), path.join(base, 'etc/dovecot.conf')]) fs.chownSync(file, me.uid, me.gid);
  let child, gone, complaint = '';
  const begin = () => {
    child = spawnTied(findProgram('dovecot'), ['-F', '-c', path.join(base, 'etc/dovecot.conf')], { owner: me, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (piece) => { complaint = (complaint + piece).slice(-2000); });
    const own = child;
    gone = new Promise((done) => own.once('exit', done));
  };
  const leave = async () => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 20000);
    if (child.exitCode === null && child.signalCode === null) await gone;
    clearTimeout(hard);
  };
  const close = async () => {
    await leave();
    if (process.env.KEEP) process.stdout.write(`   kept: ${base}\n`);
    else fs.rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  };
  const enter = async () => {
    fs.writeFileSync(log, '');
    begin();
    for (let tries = 0; child.exitCode === null && tries < 600; tries++) {
      if (await answers(lmtp)) return;
      await sleep(50);
    }
    throw new Error(`Dovecot did not start: ${(complaint || fs.readFileSync(log, 'utf8').slice(-2000)).trim()}`);
  };
  try {
    await enter();
  } catch (error) {
    await close();
    throw error;
  }
  const complaints = () => {
    const counts = new Map();
    for (const [, line] of fs.readFileSync(log, 'utf8').matchAll(/^.{16}(.*?: (?:Warning|Error|Fatal|Panic): .*)$/gm)) {
      const kind = line.replace(/\(\S*\)<[^ ]*>|\d+/g, '…');
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return [...counts].map(([kind, count]) => `${count} times ${kind}`);
  };
  return { ports: { imaps, lmtp }, caFile: tls.caFile, pid: () => child.pid, log: () => fs.readFileSync(log, 'utf8'), complaints, enter, leave, close };
}
