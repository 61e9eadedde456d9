// src/imap against a real Dovecot and the Exchange-like front of the sample organisation, through
// imap_dovecot.c (its path comes in IMAP_DOVECOT).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';

import { startOrganisation } from '../blackbox/support/organisation.mjs';

let org;
let token;

before(async () => {
  org = await startOrganisation(['--mails', '60']);
  token = await org.control('idp/mint', [main().upn, 'https://outlook.office.com/IMAP.AccessAsUser.All']);
});

after(() => org?.close());

const main = () => org.people.find((p) => p.flags.main);
const asService = () => ({ IMAP_LOGIN: `${main().upn}*${org.dovecot.masterUser}`, IMAP_PASSWORD: org.dovecot.masterPassword });
const asPerson = () => ({ IMAP_LOGIN: main().upn, IMAP_TOKEN: token.access_token ?? token });

async function run(env) {
  const child = spawn(process.env.IMAP_DOVECOT, ['--tap'], { env: { ...process.env, IMAP_HOST: 'localhost', IMAP_CA: org.caFile, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { said += piece; });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, said);
  assert.match(said, /^ok 11 /m, said);
}

test('a password over TLS from the start', () => run({ IMAP_PORT: String(org.dovecot.imapsPort), IMAP_SECURITY: 'tls', ...asService() }));
test('a password after STARTTLS', () => run({ IMAP_PORT: String(org.dovecot.imapPort), IMAP_SECURITY: 'starttls', ...asService() }));
test('a token at Dovecot itself', () => run({ IMAP_PORT: String(org.dovecot.imapsPort), IMAP_SECURITY: 'tls', ...asPerson() }));
test('a token at the front that behaves like Exchange', () => run({ IMAP_PORT: String(org.imap.port), IMAP_SECURITY: 'tls', ...asPerson() }));
