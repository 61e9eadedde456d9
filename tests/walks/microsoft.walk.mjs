// The Microsoft settings from nothing: guide beside the form, values to copy, a pasted Secret ID, the test, expiry, the second secret, signing in by it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { startEmpty } from '../blackbox/support/linked.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const day = (days) => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10);
const provider = async (client) => (await client.call('Provider/get', { accountId: client.user.id, ids: ['microsoft'] })).list[0];
const copied = (w) => w.page.evaluate(() => navigator.clipboard.readText());
const secretOf = (org) => readFileSync(org.apps[0].clientSecretFile, 'utf8').trim();

async function save(w) {
  await w.tap(w.button('ms.save'));
  await w.toast('ms.saved').waitFor();
  await w.tap(w.toast('ms.saved').getByRole('button').last());
}

async function runTest(w, outcome) {
  await w.tap(w.button('ms.testRun'));
  await w.text(outcome).waitFor({ timeout: 60000 });
  await w.text(outcome).scrollIntoViewIfNeeded();
  return Object.fromEntries(await w.page.locator('.test-row').evaluateAll((rows) => rows.map((row) => [row.dataset.check, row.dataset.state])));
}

async function guideAndForm(w) {
  const uri = `${w.world.postroom.url}/oauth/microsoft/callback`;
  await w.tap(w.button('menu.microsoft', { role: 'link' }));
  await w.page.getByRole('heading', { name: w.t('ms.title') }).waitFor();
  await w.look('from-nothing');
  await w.tap(w.page.locator('form .copy-line').getByRole('button'));
  assert.equal(await copied(w), uri);
  await w.page.locator('.guide .copy-line').getByText(uri).scrollIntoViewIfNeeded();
  await w.look('guide');
  await w.page.locator('.guide .card').last().scrollIntoViewIfNeeded();
  await w.look('guide-mailboxes');
}

async function fillIn(w) {
  const { org } = w.world;
  const [app] = org.apps;
  await w.field('ms.typeCommon').check();
  await w.field('ms.clientId').fill('not-a-guid');
  await w.field('ms.secret').fill('4d6a6d0e-93a8-4b1c-8a53-6d2f2f0e7c11');
  await w.tap(w.button('ms.save'));
  await w.text('ms.guidInvalid').waitFor();
  await w.text('ms.secretIsId').waitFor();
  await w.look('secret-id');
  await w.field('ms.clientId').fill(app.clientId);
  await w.field('ms.secret').fill('not~the~secret');
  await w.field('ms.secretExpires').fill(day(12));
  await w.text('ms.secretExpiresSoon', { days: 12 }).waitFor();
  await w.field('ms.cloud').selectOption({ label: w.t('ms.cloudCustom') });
  for (const [id, value] of [['ms.authority', org.authority], ['ms.graph', org.graph], ['ms.imap', `${org.imap.host}:${org.imap.port}`],
    ['ms.smtp', `${org.smtp.host}:${org.smtp.port}`], ['ms.scopePrefix', 'https://outlook.office.com/'], ['ms.caFile', org.caFile]]) await w.field(id).fill(value);
  await w.field('ms.secretExpires').scrollIntoViewIfNeeded();
  await w.look('expires-soon');
  await w.field('ms.caFile').scrollIntoViewIfNeeded();
  await w.look('endpoints');
  await save(w);
}

async function testIt(w, client) {
  assert.equal((await runTest(w, 'ms.testFailed')).client, 'bad');
  await w.look('test-bad');
  await w.tap(w.page.locator('.copy-report').getByRole('button'));
  assert.match(await copied(w), /BAD client app-secret-wrong/);
  assert.ok(!(await copied(w)).includes(w.world.org.apps[0].clientId));
  await w.tap(w.button('ms.testShowField'));
  assert.equal(await w.page.evaluate(() => document.activeElement.id), 'clientSecret');
  await w.look('field-shown');
  await w.tap(w.page.locator('.advanced summary', { hasText: w.t('ms.second') }));
  await w.field('ms.secondValue').fill(secretOf(w.world.org));
  await w.field('ms.secondExpires').fill(day(400));
  await save(w);
  assert.equal((await provider(client)).hasSecondSecret, true);
}

async function rollOver(w, client) {
  await client.linked(w.world.org.person('james.okafor@northlight.example'));
  await until('the second secret to be taken', async () => (await provider(client)).secondSecretTakenAt);
  await w.page.reload();
  await w.button('ms.secondPromote').scrollIntoViewIfNeeded();
  await w.look('second-taken');
  await w.tap(w.button('ms.secondPromote'));
  await w.button('ms.secondPromote', { within: w.dialog() }).waitFor();
  await w.look('promote');
  await w.tap(w.button('ms.secondPromote', { within: w.dialog() }));
  await until('the roll-over', async () => !(await provider(client)).hasSecondSecret);
  assert.equal((await runTest(w, 'ms.testGood')).client, 'ok');
  await w.look('test-good');
  await w.button('ms.testMailbox', { role: 'link' }).waitFor();
}

/* People sign in by Microsoft once that is allowed: who linked it gets in, others do not. */
async function signInByIt(w) {
  await w.field('ms.signInLinked').check();
  await save(w);
  const stranger = await w.another();
  await stranger.page.goto(w.world.postroom.url);
  await stranger.page.locator('input[name=password]').waitFor();
  await stranger.look('door');
  await stranger.tap(stranger.page.locator('a[href*="oauth/microsoft/sign-in"]'));
  await passSignInService(stranger.page, w.world.org.person('anna.berg@northlight.example'));
  await stranger.page.locator('.sign-in [role=alert]').waitFor();
  await stranger.look('nobody');
}

walk('microsoft', { begin: () => startEmpty({ mails: 20, provider: false }), start: '.empty', ignore: /status of (40[04]|502)/, minutes: 6 }, async (w) => {
  await w.who.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: w.world.postroom.url });
  const client = await w.world.postroom.signIn();
  await guideAndForm(w);
  await fillIn(w);
  await testIt(w, client);
  await rollOver(w, client);
  await signInByIt(w);
});
