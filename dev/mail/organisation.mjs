// The whole sample organisation in one process: identity provider, Dovecot, the tiny relay, the Exchange-like fronts, the control API.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { apps, people, redirectUris, tenants } from '../people.mjs';
import { startIdp } from '../idp/idp.mjs';
import { makeCertificates } from './certs.mjs';
import { startDovecot } from './dovecot.mjs';
import { startFronts } from './fronts.mjs';
import { PostOffice } from './postoffice.mjs';
import { seedMailboxes } from './seed.mjs';
import { startRelay } from './smtp-relay.mjs';
import { mailOwner, ownedDir, rememberedPorts, writeAtomically } from './runtime.mjs';

/** Files that hold the apps' secrets, so that they can be handed to programs that take secrets from files only. */
function writeSecrets(dir) {
  const folder = path.join(dir, 'secrets');
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return apps.map((app) => {
    const [good, expired] = ['', '.expired'].map((suffix, i) => {
      const file = path.join(folder, `${app.clientId}${suffix}`);
      writeAtomically(file, `${app.secrets[i].value}\n`);
      return file;
    });
    return { clientId: app.clientId, name: app.name, audience: app.audience, tenant: app.tenant, clientSecretFile: good, expiredSecretFile: expired };
  });
}

/** A random string that stays the same for this directory, so that refresh tokens outlive a restart. */
function lastingSeed(dir) {
  const file = path.join(dir, 'secrets', 'idp.seed');
  if (!fs.existsSync(file)) writeAtomically(file, randomBytes(24).toString('hex'));
  return fs.readFileSync(file, 'utf8');
}

/** Refuses a directory that is in use; clears away what a killed organisation left there. */
function takeOver(dir) {
  const file = path.join(dir, 'org.json');
  if (!fs.existsSync(file)) return;
  const { pid, dovecot } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const command = fs.existsSync(`/proc/${pid}/cmdline`) ? fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  if (command.includes('node') && pid !== process.pid) throw new Error(`${dir} is in use by process ${pid}`);
  const base = path.dirname(dovecot.logFile);
  if (path.basename(base).startsWith('prd-')) fs.rmSync(base, { recursive: true, force: true });
  fs.rmSync(file);
}

/** Ends what was started, last first; all are tried. */
async function closeAll(parts) {
  let failure = null;
  for (const part of [...parts].reverse()) {
    try { await part.close(); } catch (error) { failure ??= error; }
  }
  if (failure) throw failure;
}

async function startIdentity({ tls, controlKey, seed, ports }) {
  const options = { people: people.filter((p) => !p.flags.plain), tenants, apps, tls: { key: tls.key, cert: tls.cert }, controlKey, seed };
  try {
    return await startIdp({ ...options, port: ports.idp ?? 0, tlsPort: ports.idpTls ?? 0 });
  } catch (error) {
    if (error.code !== 'EADDRINUSE' || !ports.idp) throw error;
    return startIdp({ ...options, port: 0, tlsPort: 0 });
  }
}

function describe({ idp, dovecot, fronts, tls, appList, controlKey }) {
  const portOf = (url) => Number(new URL(url).port);
  const ports = { idp: portOf(idp.url), idpTls: portOf(idp.tlsUrl), imap: fronts.imapPort, smtp: fronts.smtpPort, control: fronts.controlPort, ...prefixed(dovecot.ports) };
  return {
    authority: idp.url, authorityTls: idp.tlsUrl, graph: idp.url, graphTls: idp.tlsUrl,
    controlUrl: `http://127.0.0.1:${fronts.controlPort}`, idpControlUrl: idp.controlUrl, controlKey,
    tenants: tenants.map(({ id, name, kind, domains }) => ({ id, name, kind, domains })), apps: appList,
    imap: { host: 'localhost', port: fronts.imapPort, tls: 'implicit' }, smtp: { host: 'localhost', port: fronts.smtpPort, tls: 'starttls' },
    dovecot: {
      host: 'localhost', imapsPort: dovecot.ports.imaps, imapPort: dovecot.ports.imap, submissionPort: dovecot.ports.submission,
      submissionsPort: dovecot.ports.submissions, lmtpPort: dovecot.ports.lmtp, maildirRoot: dovecot.maildirRoot, logFile: dovecot.logFile,
      starttls: ['imapPort', 'submissionPort'], masterUser: dovecot.masterUser, masterPassword: dovecot.masterPassword,
    },
    caFile: tls.caFile, redirectUris, people, ports, pid: process.pid,
  };
}

const prefixed = (ports) => Object.fromEntries(Object.entries(ports).map(([name, port]) => [`dovecot_${name}`, port]));

/**
 * Starts everything. dir: private directory, made if needed. mails: least number in the main mailbox. port: first of ten ports, or 0
 * for those used the last time in this directory, or free ones. quota: KiB of each mailbox, 0: as many as it takes. Returns {json, idp, dovecot, fronts, close()}; DIR/org.json is written last
 * and goes away with the organisation.
 */
export async function startOrganisation({ dir, mails = 420, port = 0, quota = 0, now }) {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  takeOver(dir);
  const parts = [];
  const keep = (part) => { parts.push(part); return part; };
  try {
    const tls = makeCertificates(path.join(dir, 'tls'));
    const appList = writeSecrets(dir);
    const controlKey = randomBytes(18).toString('base64url');
    const ports = rememberedPorts(path.join(dir, 'ports.json'), port);
    const idp = keep(await startIdentity({ tls, controlKey, seed: lastingSeed(dir), ports }));
    const owner = mailOwner();
    const maildirRoot = ownedDir(path.resolve(dir, 'mail'), owner);
    seedMailboxes({ root: maildirRoot, owner, mails, now });
    const office = new PostOffice({ people, maildirRoot, owner });
    const relay = keep(await startRelay(office));
    const dovecot = keep(await startDovecot({ people, owner, maildirRoot, introspectUrl: `${idp.url}/introspect`, relayPort: relay.port, tls, quota, wanted: ports }));
    const fronts = keep(await startFronts({ idp, dovecot, office, tls, controlKey, ports }));
    const json = describe({ idp, dovecot, fronts, tls, appList, controlKey });
    writeAtomically(path.join(dir, 'ports.json'), JSON.stringify(json.ports));
    keep({ close: async () => fs.rmSync(path.join(dir, 'org.json'), { force: true }) });
    writeAtomically(path.join(dir, 'org.json'), `${JSON.stringify(json, null, 2)}\n`);
    return { json, idp, dovecot, fronts, close: () => closeAll(parts) };
  } catch (error) {
    await closeAll(parts).catch(() => {});
    throw error;
  }
}
