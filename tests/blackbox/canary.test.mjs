// A canary planted in every secret input is grepped for in logs, metrics, errors and data (SECURITY.md).

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { startOrganisation } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const CANARY = 'cAnArY7Q2xW9';
let org, postroom;

before(async () => {
  org = await startOrganisation(['--mails', '20']);
  postroom = new Postroom({ config: { 'server.log_level': 'debug' } });
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

function* files(dir) {
  for (const name of readdirSync(dir)) {
    const file = path.join(dir, name);
    const stat = statSync(file);
    if (stat.isDirectory()) yield* files(file);
    else if (stat.isFile()) yield file;
  }
}

test('no secret reaches a log, a metric, an error or the data in the clear', { timeout: 300000 }, async () => {
  const seen = [];
  const note = (what, text) => seen.push([what, String(text)]);
  const anna = org.person('main');

  postroom.addUser('admin@northlight.example', `${CANARY}-user-password`);
  postroom.setProvider(org);
  note('provider set with a wrong secret', JSON.stringify(postroom.command(['provider', 'set', 'other', '--type', 'microsoft', '--client-id', org.apps[0].clientId, '--client-secret-file', postroom.file('s', `${CANARY}~client-secret\n`), '--authority', org.authority, '--graph', org.graph])));
  await postroom.serve();
  const client = await postroom.signIn('admin@northlight.example', `${CANARY}-user-password`);
  const wrong = await fetch(`${postroom.url}/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: postroom.url }, body: JSON.stringify({ email: 'admin@northlight.example', password: `${CANARY}-wrong` }) });
  note('a wrong sign-in', await wrong.text());
  note('a wrong token', await (await fetch(`${postroom.url}/.well-known/jmap`, { headers: { Authorization: `Bearer ${CANARY}-bearer` } })).text());
  const { done } = await client.link({ provider: 'other', hint: anna.mail, person: anna });
  note('a link with a wrong secret', done?.href);
  note('a callback', (await client.fetch(`oauth/microsoft/callback?code=${CANARY}-code&state=${CANARY}-state`)).headers.get('location'));
  await org.control('append', { person: anna.mail, message: `From: x@elsewhere.example\nTo: ${anna.mail}\nSubject: ${CANARY}-subject\nMessage-ID: <canary@elsewhere.example>\n\n${CANARY}-body\n` });
  const account = await client.linked(anna);
  await postroom.settled(anna.mail);
  await client.call('Email/query', { accountId: account, filter: { text: `${CANARY}-query` } });
  note('an add with a wrong password', JSON.stringify(postroom.command(['account', 'add', 'workshop@lampworks.example', '--owner', 'admin@northlight.example', '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', 'smtps://localhost:1', '--password-file', postroom.file('p', `${CANARY}-mailbox-password\n`), '--ca-file', org.caFile])));
  note('metrics', await (await fetch(`${postroom.url}/metrics`)).text());
  note('doctor', postroom.command(['doctor', '--json']).out);
  note('status', postroom.command(['account', 'list', '--json']).out);
  await postroom.stop();
  note('the log', postroom.log());
  for (const [what, text] of seen) assert.equal(text.includes(CANARY), false, `${what}: ${text.slice(0, 300)}`);
  assert.equal(seen.find(([what]) => what === 'metrics')[1].includes('@'), false, 'an address in the metrics');

  /* Subjects and bodies are the data's business; secrets are not. */
  const secrets = ['user-password', 'client-secret', 'mailbox-password', '~client'].map((s) => Buffer.from(`${CANARY}-${s}`));
  const refresh = (await org.control('idp/log')).length;
  assert.ok(refresh > 0);
  for (const file of files(postroom.data)) {
    const bytes = readFileSync(file);
    for (const secret of secrets) assert.equal(bytes.includes(secret), false, `${file} holds ${secret}`);
    assert.equal(/eyJ[\w-]{20,}\.[\w-]{20,}\./.test(bytes.toString('latin1')), false, `${file} holds a token`);
  }
});
