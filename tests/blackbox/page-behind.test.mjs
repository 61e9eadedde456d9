// The page behind a reverse proxy and below a sub-path, as a company runs it: everything stays inside that path, nothing is asked elsewhere, events arrive
// as they happen, and the policy is a strict one.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { PREFIX, startReverseProxy } from './support/reverse-proxy.mjs';
import { passSignInService } from './support/sign-in-service.mjs';

let org, postroom, proxy, browser, visitor, page, anna;

describe('behind a reverse proxy, below a sub-path', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [org, proxy, browser] = await Promise.all([startOrganisation(['--mails', '20']), startReverseProxy(), launchBrowser()]);
    anna = org.person('main');
    postroom = new Postroom();
    postroom.addUser();
    postroom.setProvider(org);
    await postroom.serve(['--public-url', `${proxy.url}/`]);
    proxy.target = postroom.port;
    visitor = await Visitor.arrive(browser, [`http://localhost:${proxy.port}`, new URL(org.authority).origin], { width: 1440 });
    page = visitor.page;
  }, { timeout: 120000 });

  after(async () => {
    await browser?.close();
    await postroom?.close();
    await proxy?.close();
    await org?.close();
  });

  test('the policy lets in nothing but the page’s own nonce', async () => {
    const answer = await fetch(`${proxy.url}/`);
    const policy = Object.fromEntries(answer.headers.get('content-security-policy').split(';').map((part) => part.trim().split(/\s+(.*)/)));
    assert.match(policy['script-src'], /^'nonce-[A-Za-z0-9+/_=-]+'$/);
    assert.equal(policy['default-src'], "'none'");
    assert.equal(policy['base-uri'], "'self'");
    for (const value of Object.values(policy)) assert.doesNotMatch(value ?? '', /https?:|\*/, 'nobody else is named');
    assert.match(await answer.text(), new RegExp(`<base href="${PREFIX}/"`));
  });

  test('one signs in, links a mailbox through the provider and comes back below the path', async () => {
    await visitor.signIn(proxy.url, ADMIN);
    await page.getByText('Welcome to Postroom').waitFor();
    const [cookie] = await visitor.context.cookies(`${proxy.url}/`);
    assert.equal(cookie.path, `${PREFIX}/`);
    await page.goto(`${proxy.url}/oauth/microsoft/start?login_hint=${anna.mail}&since=2025-01-15`);
    await passSignInService(page, anna, { expected: anna.mail });
    await page.waitForURL((url) => url.pathname.startsWith(`${PREFIX}/`));
    await postroom.settled(anna.mail);
  });

  test('mail is read, and new mail appears by itself', async () => {
    await page.goto(proxy.url);
    await page.locator(ROW).first().click();
    await page.locator('.message[data-open=true]').waitFor();
    await org.control('append', { person: anna.mail, message: `From: a@northlight.example\nTo: ${anna.mail}\nSubject: Through the proxy\nMessage-ID: <proxy@northlight.example>\nDate: ${new Date().toUTCString()}\n\nHello.\n` });
    await page.locator('.row', { hasText: 'Through the proxy' }).waitFor();
  });

  test('an address inside the page can be opened anew', async () => {
    await page.locator('.row', { hasText: 'Through the proxy' }).click();
    await page.locator('.reader-subject', { hasText: 'Through the proxy' }).waitFor();
    await page.reload();
    await page.locator('.reader-subject', { hasText: 'Through the proxy' }).waitFor();
    await page.goto(`${proxy.url}/settings/general`);
    await page.locator('.settings-content h1').waitFor();
  });

  test('a mail is written and sent', async () => {
    await page.goto(proxy.url);
    await page.locator(ROW).first().waitFor();
    await page.keyboard.press('c');
    await page.locator('.composer-editor').waitFor();
    await page.getByLabel('To', { exact: true }).fill('james.okafor@northlight.example');
    await page.locator('.composer input[name=subject], .composer [aria-label="Subject"]').first().fill('Sent through the proxy');
    await page.locator('.composer-editor').click();
    await page.keyboard.type('Hello James.');
    await page.keyboard.press('Control+Enter');
    await until('the mail at the colleague', async () => (await org.control('messages', { person: 'james.okafor@northlight.example' })).some((one) => one.subject === 'Sent through the proxy'));
  });

  test('nothing went astray', () => {
    assert.deepEqual(proxy.astray, []);
    assert.deepEqual(visitor.complaints(), []);
  });
});
