// The Microsoft settings page: Test configuration row by row, a wrong field named, the second secret taken and promoted, reminders by mail that come
// once, the guide in each language; and signing in by OpenID Connect with swapped values and by a foreign tenant.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';

import { launchBrowser, noBrowser, Visitor } from './support/browser.mjs';
import { Client } from './support/client.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { isBroken, step } from './support/steps.mjs';

let org, postroom, browser, admin, page, client, anna;

const provider = async () => (await client.call('Provider/get', { accountId: client.user.id, ids: ['microsoft'] })).list[0];
const set = (patch) => client.call('Provider/set', { accountId: client.user.id, update: { microsoft: patch } });
const day = (days) => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10);
const remindersTo = async (address) => (await org.control('messages', { person: address })).filter((mail) => /client secret/.test(mail.subject));

async function runTest() {
  await page.getByRole('button', { name: 'Test now' }).click();
  await page.getByText(/Everything answers|Something is wrong/).waitFor({ timeout: 60000 });
  return Object.fromEntries(await page.locator('.test-row').evaluateAll((rows) => rows.map((row) => [row.dataset.check, row.dataset.state])));
}

/* A browser without a screen that starts to sign in by Microsoft; the callback's address, not opened yet. */
async function signInAt(visitor, person) {
  let at = await visitor.fetch('oauth/microsoft/sign-in');
  const submit = async (html, url, fields) => {
    const action = /<form[^>]*action="([^"]+)"/.exec(html)[1].replaceAll('&amp;', '&');
    const flow = /name="flow"[^>]*value="([^"]*)"/.exec(html)[1];
    return visitor.fetch(new URL(action, url), { method: 'POST', body: new URLSearchParams({ flow, ...fields }) });
  };
  for (let hops = 0; hops < 12; hops++) {
    const next = at.headers.get('location');
    if (next && new URL(next, at.url).pathname.endsWith('/callback')) return new URL(next, at.url);
    if (next) { at = await visitor.fetch(new URL(next, at.url)); continue; }
    const html = await at.text();
    if (html.includes('id="other-account"')) at = await submit(html, at.url, { account: '' });
    else if (html.includes('id="signin-form"')) at = await submit(html, at.url, { username: person.upn, password: person.password });
    else if (html.includes('id="accept"')) at = await submit(html, at.url, { answer: 'accept' });
    else assert.fail(`a page of the sign-in service: ${html.slice(0, 300)}`);
  }
  return assert.fail('the sign-in service does not come to an end');
}

const endOf = async (visitor, callback) => new URL((await visitor.fetch(callback)).headers.get('location'), postroom.url);
const whoIs = async (visitor) => { const answer = await visitor.fetch('auth/session'); return answer.ok ? (await answer.json()).user.email : null; };

describe('the Microsoft settings page', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [org, browser] = await Promise.all([startOrganisation(['--mails', '20']), launchBrowser()]);
    anna = org.person('anna.berg@northlight.example');
    postroom = new Postroom();
    postroom.addUser();
    postroom.setProvider(org);
    await postroom.serve();
    client = await postroom.signIn();
    await client.linked(anna);
    await postroom.settled(anna.mail);
    admin = await Visitor.arrive(browser, [postroom.url, new URL(org.authority).origin], { width: 1440, height: 1000 });
    page = admin.page;
    await admin.signIn(postroom.url, ADMIN);
    await page.locator('.sidebar').waitFor();
    await page.goto(`${postroom.url}/settings/microsoft`);
  }, { timeout: 200000 });

  after(async () => {
    if (isBroken() && admin) await admin.screen('microsoft-failed').catch(() => {});
    await browser?.close();
    await postroom?.close();
    await org?.close();
  });

  step('a right configuration passes in every row', async () => {
    const rows = await runTest();
    assert.deepEqual(Object.fromEntries(['reach', 'tls', 'discovery', 'client', 'graph', 'imap', 'smtp', 'clock'].map((check) => [check, rows[check]])),
      { reach: 'ok', tls: 'ok', discovery: 'ok', client: 'ok', graph: 'ok', imap: 'ok', smtp: 'ok', clock: 'ok' });
    await page.getByRole('link', { name: 'Sign in with a test mailbox' }).waitFor();
    await admin.screen('microsoft-01-test');
    assert.deepEqual(await admin.overflow(), []);
    assert.deepEqual(await admin.faintTexts(), []);
  });

  step('a wrong secret is named at its field, in a report without ids', async () => {
    await set({ clientSecret: 'not~the~secret' });
    await page.reload();
    const rows = await runTest();
    assert.equal(rows.client, 'bad');
    await page.getByRole('button', { name: 'Show the field' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'clientSecret');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: postroom.url });
    await page.locator('.copy-report').getByRole('button', { name: 'Copy' }).click();
    const report = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(report, /BAD client app-secret-wrong/);
    assert.ok(!report.includes(org.apps[0].clientId) && !report.includes('not~the~secret'));
  });

  step('the second secret goes on where the first is refused, is told, and becomes the first', async () => {
    await page.getByText('Second secret, for a roll-over').click();
    await page.getByLabel('Second secret (Value)').fill(readFileSync(org.apps[0].clientSecretFile, 'utf8').trim());
    await page.getByLabel('Second secret expires on').fill(day(400));
    await page.getByRole('button', { name: 'Save settings' }).click();
    await until('the second secret', async () => (await provider()).hasSecondSecret);
    const other = await postroom.signIn();
    await other.linked(org.person('james.okafor@northlight.example'));
    const taken = await until('it to be told', async () => (await provider()).secondSecretTakenAt);
    assert.ok(taken);
    await page.reload();
    await page.getByText('the second is in use').waitFor();
    await admin.screen('microsoft-02-second');
    await page.getByRole('button', { name: 'Make it the first' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Make it the first' }).click();
    await until('the roll-over', async () => !(await provider()).hasSecondSecret);
    const now = await provider();
    assert.deepEqual([now.hasClientSecret, now.secretExpires.slice(0, 10), now.secondSecretTakenAt], [true, day(400), null]);
    assert.equal((await runTest()).client, 'ok');
  });

  step('administrators are reminded by mail, once for each step, also over a restart', async () => {
    postroom.addUser(anna.mail, 'anna may see it', true);
    await set({ secretExpires: `${day(6)}T00:00:00Z` });
    const [first] = await until('a reminder', async () => { const list = await remindersTo(anna.mail); return list.length > 0 && list; }, { ms: 45000, every: 500 });
    assert.match(first.subject, new RegExp(`expires on ${day(6)}`));
    await postroom.stop();
    await postroom.serve();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.equal((await remindersTo(anna.mail)).length, 1);
    client = await postroom.signIn();
    await set({ secretExpires: null });
  });

  step('a swapped state, a used code and another browser let nobody in', async () => {
    await set({ signIn: 'linked' });
    assert.deepEqual(await (await fetch(`${postroom.url}/auth/ways`)).json(), { password: true, microsoft: true });
    const [one, two] = [new Client(postroom.url), new Client(postroom.url)];
    const [callback, foreign] = [await signInAt(one, anna), await signInAt(two, anna)];
    const swapped = new URL(callback);
    swapped.searchParams.set('state', foreign.searchParams.get('state'));
    for (const [who, url] of [[one, swapped], [one, swapped], [two, callback]]) {
      const end = await endOf(who, url);
      assert.match(end.searchParams.get('identity'), /link-expired/, String(end));
      assert.equal(await whoIs(who), null);
    }
    const [mine, theirs] = [await signInAt(one, anna), await signInAt(two, org.person('james.okafor@northlight.example'))];
    mine.searchParams.set('code', theirs.searchParams.get('code'));
    assert.notEqual((await endOf(one, mine)).searchParams.get('identity'), null, 'another’s code has another verifier and nonce');
    assert.equal(await whoIs(one), null);
  });

  step('only the linked identity comes in, and a link’s state is no sign-in’s', async () => {
    const stranger = new Client(postroom.url);
    assert.equal((await endOf(stranger, await signInAt(stranger, anna))).searchParams.get('identity'), 'unknown');
    const { done } = await client.link({ hint: anna.mail, person: anna, hold: true });
    const mixed = await signInAt(stranger, anna);
    const swapped = new URL(mixed);
    swapped.searchParams.set('state', done.searchParams.get('state'));
    assert.equal((await endOf(stranger, swapped)).searchParams.get('identity'), 'link-expired');
    assert.equal(await whoIs(stranger), null);
  });

  step('a foreign tenant with an address of ours stays outside', async () => {
    const foreign = org.people.find((person) => person.tenant !== anna.tenant && person.upn && !person.flags.plain);
    assert.ok(foreign, 'the organisation has a foreign person');
    postroom.addUser(foreign.upn, 'somebody of ours', false);
    for (const policy of ['linked', 'tenant']) {
      await set({ signIn: policy, tenant: policy === 'tenant' ? anna.tenant : 'common' });
      const visitor = new Client(postroom.url);
      const callback = await signInAt(visitor, foreign).catch(() => null);
      if (policy === 'linked') assert.ok(callback, 'the foreign person gets as far as to come back');
      if (callback) assert.notEqual((await endOf(visitor, callback)).searchParams.get('identity'), null);
      assert.equal(await whoIs(visitor), null);
    }
    const { notUpdated } = await set({ signIn: 'tenant', tenant: 'common' });
    assert.deepEqual(notUpdated.microsoft.properties, ['signIn']);
  });

  step('with membership of the one tenant a colleague comes in as a member', async () => {
    const lena = org.people.find((person) => person.tenant === anna.tenant && person.upn !== anna.upn && !person.flags.disabled && !person.flags.blocked);
    const visitor = new Client(postroom.url);
    await endOf(visitor, await signInAt(visitor, lena));
    assert.equal(await whoIs(visitor), lena.upn);
    const { list } = await client.call('User/get', { accountId: client.user.id, ids: null });
    const joined = list.find((person) => person.email === lena.upn);
    assert.deepEqual([joined.role, joined.state, joined.hasPassword, joined.hasIdentity], ['member', 'active', false, true]);
  });

  step('the guide stands beside the form in each language, with the values filled in', async () => {
    const storageState = await admin.context.storageState().then((state) => ({ ...state, cookies: [] }));
    for (const [locale, title, width] of [['de-DE', 'Einrichtung, Schritt für Schritt', 1440], ['he-IL', 'הגדרה, צעד אחר צעד', 1024], ['tr-TR', 'Adım adım kurulum', 1440], ['uk-UA', 'Налаштування крок за кроком', 390], ['zh-CN', '分步设置', 1440]]) {
      const who = await Visitor.arrive(browser, [postroom.url], { locale, width, height: 1000, dark: locale === 'zh-CN', storageState });
      await who.signIn(postroom.url, ADMIN);
      await who.page.locator('input[name=password]').waitFor({ state: 'detached' });
      await who.page.goto(`${postroom.url}/settings/microsoft`);
      await who.page.getByRole('heading', { name: title }).waitFor();
      await who.page.locator('.guide .copy-line').getByText(`${postroom.url}/oauth/microsoft/callback`).waitFor();
      await who.screen(`microsoft-guide-${locale}`);
      assert.deepEqual(await who.overflow(), [], locale);
      assert.deepEqual(await who.faintTexts(), [], locale);
      await who.context.close();
    }
    assert.deepEqual(admin.complaints().filter((text) => !/status of 40|a request to|ERR_CONNECTION_REFUSED|status of 502|Failed to load/.test(text)), []);
  });
});
