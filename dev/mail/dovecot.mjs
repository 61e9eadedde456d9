// A private Dovecot: its own configuration, sockets and mail; loopback only; ends with this process.

import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { addressesOf } from '../people.mjs';
import { findProgram, freePorts, hasIpv6, makeDir, sleep, spawnTied } from './runtime.mjs';
import { homeOf, localFolder } from './maildir.mjs';

const SERVICES = ['imap', 'imaps', 'submission', 'submissions', 'lmtp'];

const oauthFile = (introspectUrl, attribute) => `introspection_url = ${introspectUrl}
introspection_mode = post
force_introspection = yes
# Without these two an inactive token would be a temporary failure instead of a refused login.
active_attribute = active
active_value = true
send_auth_headers = yes
username_attribute = ${attribute}
`;

const services = (me) => `
service anvil {
  chroot =
  # Refused logins from one address would get slower and slower.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
  client_limit = 20000
}
service auth {
  client_limit = 20000
  unix_listener auth-userdb {
    mode = 0600
  }
}
service stats {
  client_limit = 20000
}
service imap-login {
  chroot =
  service_count = 0
  process_limit = 4
  process_min_avail = 1
  client_limit = 6000
}
service submission-login {
  chroot =
  service_count = 0
  process_limit = 2
  client_limit = 2000
}
service imap {
  process_limit = 8192
  client_limit = 1
  service_count = 64
}
service imap-hibernate {
  client_limit = 8192
  unix_listener imap-hibernate {
    mode = 0660
    group = ${me.group}
  }
}
service lmtp {
  process_limit = 16
}
service submission {
  process_limit = 1024
}
service managesieve-login {
  process_limit = 0
}
`;

const passdbs = (conf, secretFile) => `
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${conf}/oauth-upn.conf
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${conf}/oauth-mail.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%Lu ${conf}/passwords
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  master = yes
  args = scheme=PLAIN ${secretFile}
}
userdb {
  driver = passwd-file
  args = username_format=%Lu ${conf}/users
}
`;

const ROLES = { 'Sent Items': 'Sent', 'Deleted Items': 'Trash', Drafts: 'Drafts', 'Junk Email': 'Junk', Archive: 'Archive' };

/** Special-use flags for the names of every language; they show only where such a folder exists. */
function specialUse() {
  const section = (name, role) => `  mailbox "${name}" {\n    special_use = \\${role}\n  }\n`;
  const names = Object.entries(ROLES).flatMap(([name, role]) => [...new Set([name, localFolder({ locale: 'de' }, name)])].map((n) => [n, role]));
  return names.map(([name, role]) => section(name, role)).join('');
}

const general = ({ base, me, logFile, six }) => `base_dir = ${base}/run
state_dir = ${base}/state
log_path = ${logFile}
info_log_path = ${logFile}
protocols = imap lmtp submission
listen = 127.0.0.1${six ? ', ::1' : ''}
instance_name = postroom-sample
default_internal_user = ${me.user}
default_internal_group = ${me.group}
default_login_user = ${me.user}
default_process_limit = 1024
default_client_limit = 20000
first_valid_uid = 1
first_valid_gid = 1
`;

const mailSettings = ({ relayPort }) => `mail_location = maildir:~/mail:LAYOUT=fs:UTF-8:INBOX=~/mail/INBOX
mail_max_userip_connections = 5000
mail_max_keyword_length = 200
# The kernel gives one user 128 inotify instances; sessions beyond them look for new mail by this interval.
mailbox_idle_check_interval = 1s
imap_hibernate_timeout = 30s
hostname = mail.lampworks.example
postmaster_address = postmaster@lampworks.example
submission_relay_host = 127.0.0.1
submission_relay_port = ${relayPort}
submission_relay_trusted = yes
submission_max_mail_size = 150M
namespace inbox {
  inbox = yes
  separator = /
${specialUse()}}
`;

/** With a quota (KiB) everybody has one, and the server tells of it (RFC 9208). */
const quotaSettings = (kibibytes) => (kibibytes ? `mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_rule = *:storage=${kibibytes}K
  quota_vsizes = yes
}
` : '');

const security = ({ conf, tls }) => `auth_mechanisms = plain login xoauth2 oauthbearer
auth_master_user_separator = *
auth_username_format = %Lu
auth_failure_delay = 0
auth_cache_size = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <${tls.certFile}
ssl_key = <${conf}/server.key
ssl_min_protocol = TLSv1.2
`;

/** An inet_listener of a service. */
const listener = (service, name, port, ssl = false) => `service ${service} {
  inet_listener ${name} {
    port = ${port}
    ssl = ${ssl ? 'yes' : 'no'}
  }
}
`;

function mainConfig(parts) {
  const { conf, me, ports, quota } = parts;
  return [
    general(parts), mailSettings(parts), quotaSettings(quota), security(parts), services(me), passdbs(conf, `${conf}/master`),
    listener('imap-login', 'imap', ports.imap), listener('imap-login', 'imaps', ports.imaps, true),
    listener('submission-login', 'submission', ports.submission), listener('submission-login', 'submissions', ports.submissions, true),
    listener('lmtp', 'lmtp', ports.lmtp),
  ].join('');
}

/** One line per address, so that UPN, address and aliases all open the same home. */
function userLines(people, owner, maildirRoot) {
  return people.flatMap((p) => addressesOf(p).map((a) => `${a.toLowerCase()}::${owner.uid}:${owner.gid}::${homeOf(maildirRoot, p)}::`)).join('\n') + '\n';
}

function writeConfig({ conf, people, owner, maildirRoot, introspectUrl, tls, masterPassword }) {
  const put = (name, text) => {
    fs.writeFileSync(path.join(conf, name), text, { mode: 0o600 });
    if (owner.root) fs.chownSync(path.join(conf, name), owner.uid, owner.gid);
  };
  put('oauth-upn.conf', oauthFile(introspectUrl, 'username'));
  put('oauth-mail.conf', oauthFile(introspectUrl, 'email'));
  put('passwords', people.filter((p) => p.flags.plain).map((p) => `${p.upn}:{PLAIN}${p.password}`).join('\n') + '\n');
  put('master', `service:{PLAIN}${masterPassword}\n`);
  put('users', userLines(people, owner, maildirRoot));
  put('server.key', fs.readFileSync(tls.keyFile));
  return put;
}

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.once('data', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => resolve(false));
  socket.setTimeout(500, () => { socket.destroy(); resolve(false); });
});

/** Starts the program once; resolves to the child, or to null when a port was taken meanwhile. */
async function startOnce(confFile, owner, ports, logFile) {
  const child = spawnTied(findProgram('dovecot'), ['-F', '-c', confFile], { owner, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => { complaint = (complaint + chunk).slice(-2000); });
  const deadline = Date.now() + 30000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    if (await answers(ports.imap) && await answers(ports.submission) && await answers(ports.lmtp)) return child;
    await sleep(25);
  }
  child.kill('SIGKILL');
  const log = fs.existsSync(logFile) ? fs.readFileSync(logFile, 'utf8').slice(-2000) : '';
  if (/Address already in use/.test(complaint + log)) return null;
  throw new Error(`Dovecot did not start: ${(complaint || log).trim() || 'no reason given'}`);
}

async function choosePorts(wanted) {
  const free = await freePorts(SERVICES.length);
  return Object.fromEntries(SERVICES.map((name, i) => [name, wanted[`dovecot_${name}`] ?? free[i]]));
}

/**
 * Returns {ports: {imap, imaps, submission, submissions, lmtp}, maildirRoot, owner, masterUser, masterPassword, close()}.
 * masterUser and masterPassword open any mailbox as LOGIN address*masterUser.
 */
export async function startDovecot({ people, owner, maildirRoot, introspectUrl, relayPort, tls, quota = 0, wanted = {} }) {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'prd-')); // short: socket paths end at 107 bytes
  if (owner.root) fs.chownSync(base, owner.uid, owner.gid);
  const conf = path.join(base, 'etc');
  for (const d of ['etc', 'run', 'state']) makeDir(path.join(base, d), owner);
  const tlsHere = { ...tls, certFile: path.join(conf, 'server.pem') };
  const six = await hasIpv6();
  const masterPassword = randomBytes(18).toString('hex');
  const put = writeConfig({ conf, people, owner, maildirRoot, introspectUrl, tls, masterPassword });
  put('server.pem', tls.cert);
  const logFile = path.join(base, 'dovecot.log');
  put('../dovecot.log', '');
  const remove = () => fs.rmSync(base, { recursive: true, force: true });
  try {
    for (let attempt = 0; attempt < 6; attempt++) {
      const ports = await choosePorts(attempt === 0 ? wanted : {});
      put('dovecot.conf', mainConfig({ conf, base, me: owner, ports, tls: tlsHere, relayPort, logFile, six, quota }));
      const child = await startOnce(path.join(conf, 'dovecot.conf'), owner, ports, logFile);
      if (child) return running({ child, ports, maildirRoot, owner, masterPassword, logFile, remove });
    }
    throw new Error('no free ports for Dovecot');
  } catch (error) {
    remove();
    throw error;
  }
}

function running({ child, ports, maildirRoot, owner, masterPassword, logFile, remove }) {
  const gone = new Promise((done) => child.once('exit', done));
  const close = async () => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 3000);
    if (child.exitCode === null && child.signalCode === null) await gone;
    clearTimeout(hard);
    remove();
  };
  return { ports, maildirRoot, owner, masterUser: 'service', masterPassword, logFile, pid: child.pid, gone, close };
}
