// A throw-away certificate authority and one server certificate, made with the openssl command at start.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { findProgram } from './runtime.mjs';

const NAMES = ['localhost', 'outlook.office365.example', 'smtp.office365.example', 'login.microsoftonline.example', 'mail.lampworks.example'];
const YEAR = '365';

function openssl(args, dir) {
  const run = spawnSync(findProgram('openssl'), args, { cwd: dir, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`openssl ${args[0]}: ${run.stderr.trim().split('\n').pop()}`);
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Returns {caFile, certFile, keyFile, cert, key}; all files are in `dir`. */
export function makeCertificates(dir, hosts = NAMES, authority = 'Postroom sample organisation CA') {
  fs.mkdirSync(dir, { recursive: true, mode: 0o755 });
  const file = (name) => path.join(dir, name);
  openssl(['req', '-x509', ...newKey, '-days', YEAR, '-subj', `/CN=${authority}`, '-keyout', 'ca.key', '-out', 'ca.pem',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'], dir);
  openssl(['req', ...newKey, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr'], dir);
  const names = [...hosts.map((n) => `DNS:${n}`), 'IP:127.0.0.1', 'IP:::1'].join(',');
  fs.writeFileSync(file('server.ext'), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
  openssl(['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', YEAR,
    '-extfile', 'server.ext', '-out', 'server.pem'], dir);
  for (const name of ['ca.key', 'ca.srl', 'server.csr', 'server.ext']) fs.rmSync(file(name), { force: true });
  const read = (name) => fs.readFileSync(file(name));
  return { caFile: file('ca.pem'), certFile: file('server.pem'), keyFile: file('server.key'), cert: read('server.pem'), key: read('server.key') };
}
