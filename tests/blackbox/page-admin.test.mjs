// What administrators do in the page: invite, change, disable and remove people; who may see which mailbox; the log of acts; all mailboxes. And what
// everybody does with their own ways in, by password and by Microsoft.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { inGoodShape } from './support/shape.mjs';
import { passSignInService } from './support/sign-in-service.mjs';
import { isBroken, step } from './support/steps.mjs';

const MEMBER = { email: 'maeve.oneill@northlight.example', name: 'Maeve O’Neill', password: 'maeve chose this' };

let org, postroom, browser, admin, page, anna, james;

const arrive = (options) => Visitor.arrive(browser, [postroom.url, new URL(org.authority).origin], options);
const settings = (section) => page.goto(`${postroom.url}/settings/${section}`);
const rowOf = (email) => page.locator(`tr[data-user="${email}"]`);

async function choose(email, action) {
  await rowOf(email).getByRole('button').click();
  await page.getByRole('menuitem', { name: action }).click();
}

describe('administration in the page', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [org, browser] = await Promise.all([startOrganisation(['--mails', '40']), launchBrowser()]);
    anna = org.person('anna.berg@northlight.example');
    james = org.person('james.okafor@northlight.example');
    postroom = new Postroom();
    postroom.addUser();
    postroom.setProvider(org);
    await postroom.serve();
    const client = await postroom.signIn();
    await client.linked(anna);
    await postroom.settled(anna.mail);
    admin = await arrive({ width: 1440, height: 900 });
    page = admin.page;
    await admin.signIn(postroom.url, ADMIN);
    await page.locator('.sidebar').waitFor();
  }, { timeout: 200000 });

  after(async () => {
    if (isBroken() && admin) await admin.screen('admin-failed').catch(() => {});
    await browser?.close();
    await postroom?.close();
    await org?.close();
  });

  step('a person is invited by a link that works once, and chooses a password', async () => {
    await settings('users');
    await rowOf(ADMIN.email).waitFor();
    await page.getByRole('button', { name: 'Invite a person' }).click();
    await page.getByLabel('E-mail').fill(MEMBER.email);
    await page.getByLabel('Name', { exact: true }).fill(MEMBER.name);
    await inGoodShape(admin, 'admin-01-invite');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    const url = await page.locator('.invite-url').innerText();
    await page.getByText(`The link was mailed to ${MEMBER.email}`).waitFor();
    assert.match(url, new RegExp(`^${postroom.url}/invite/[\\w-]{43}$`));
    await inGoodShape(admin, 'admin-02-link');
    await page.locator('dialog').getByRole('button', { name: 'Close' }).last().click();
    await rowOf(MEMBER.email).getByText('Invited').waitFor();
    const guest = await arrive({ width: 390, height: 844 });
    await guest.page.goto(url);
    await guest.page.getByText('Welcome to Postroom').waitFor();
    await inGoodShape(guest, 'admin-03-invited-narrow');
    await guest.page.getByLabel('New password', { exact: true }).fill(MEMBER.password);
    await guest.page.getByLabel('New password again').fill(MEMBER.password);
    await guest.page.getByRole('button', { name: 'Save and sign in' }).click();
    await guest.page.getByText('Welcome to Postroom').waitFor();
    await until('the page after signing in', () => guest.page.url() === `${postroom.url}/`);
    await guest.page.goto(url);
    await guest.page.getByText('This link no longer works').waitFor();
    assert.deepEqual(guest.complaints().filter((text) => !text.includes('404')), []);
    await guest.context.close();
    await page.reload();
    await rowOf(MEMBER.email).getByText('Active').waitFor();
  });

  step('the invitation went out by mail from the inviter’s mailbox', async () => {
    const mail = await until('the invitation', async () => (await org.control('messages', { person: MEMBER.email })).find((one) => one.subject === 'Your invitation to Postroom'), { ms: 30000, every: 300 });
    assert.ok(mail);
  });

  step('the last administrator is neither demoted, disabled nor removed', async () => {
    for (const action of ['Make a member', 'Disable']) {
      await choose(ADMIN.email, action);
      await page.getByText('Make somebody else an administrator first').waitFor();
      await page.reload();
    }
    await choose(ADMIN.email, 'Remove');
    await page.getByText('is removed here for everybody').waitFor();
    await page.locator('dialog').getByText(anna.mail).waitFor();
    await inGoodShape(admin, 'admin-04-remove');
    await page.getByRole('button', { name: 'Remove for good' }).click();
    await page.getByText('Make somebody else an administrator first').waitFor();
    await settings('users');
  });

  step('a member sees no administration, and the server gives them none', async () => {
    const client = await postroom.signIn(MEMBER.email, MEMBER.password);
    const accountId = client.user.id;
    await assert.rejects(client.call('FleetAccount/get', { accountId, ids: null }), /forbidden/);
    await assert.rejects(client.call('User/set', { accountId, update: { [accountId]: { role: 'administrator' } } }), /forbidden/);
    const { list } = await client.call('User/get', { accountId, ids: null });
    assert.deepEqual(Object.keys(list[0]).sort(), ['email', 'id', 'isSelf', 'name']);
  });

  step('a mailbox is shared to read, which is seen, held and noted', async () => {
    await page.goto(`${postroom.url}/accounts`);
    await page.getByRole('button', { name: 'Share', exact: true }).first().click();
    await page.locator('dialog').getByText('Linked this mailbox').waitFor();
    await page.getByLabel('Share with').selectOption({ label: `${MEMBER.name} (${MEMBER.email})` });
    await page.locator('dialog').getByRole('button', { name: 'Share', exact: true }).click();
    await page.locator('.share-row', { hasText: MEMBER.email }).waitFor();
    await inGoodShape(admin, 'admin-05-share');
    const client = await postroom.signIn(MEMBER.email, MEMBER.password);
    const accountId = await client.account(anna.mail);
    const { ids } = await client.call('Email/query', { accountId, filter: {}, limit: 1 });
    assert.equal(ids.length, 1);
    const [[, refused]] = await client.calls([['Email/set', { accountId, update: { [ids[0]]: { 'keywords/$flagged': true } } }]]);
    assert.equal(refused.type, 'accountReadOnly');
    const { list: [mine] } = await client.call('LinkedAccount/get', { accountId: client.user.id, ids: [accountId] });
    assert.deepEqual([mine.isOwner, mine.access, mine.owner], [false, 'read', ADMIN.email]);
    const reader = await Visitor.arrive(browser, [postroom.url], { width: 1440, height: 900 });
    await reader.signIn(postroom.url, MEMBER, '.mail');
    await reader.page.locator(ROW).first().click();
    await reader.page.locator('.reader-shared').getByText(`Shared with you by ${ADMIN.email}, to read only`).waitFor();
    await reader.page.getByRole('button', { name: 'Reply', exact: true }).first().waitFor();
    const bar = reader.page.locator('.reader-bar');
    for (const name of ['Archive', 'Delete', 'Move to…', 'Mark as unread']) assert.equal(await bar.getByRole('button', { name }).count(), 0, name);
    assert.ok(await bar.getByRole('button').count() > 0);
    await inGoodShape(reader, 'admin-05-shared-reader');
    await reader.page.emulateMedia({ colorScheme: 'dark' });
    await reader.page.setViewportSize({ width: 390, height: 844 });
    await inGoodShape(reader, 'admin-05-shared-reader-390-dark');
    assert.equal(await reader.page.locator('.toast').count(), 0);
    await reader.context.close();
    await page.locator('.share-row', { hasText: MEMBER.email }).getByRole('button').click();
    await page.locator('.share-row', { hasText: MEMBER.email }).waitFor({ state: 'detached' });
    await assert.rejects(client.call('Email/query', { accountId, filter: {} }), /accountNotFound/);
  });

  step('the log of acts tells it, by person and kind, and comes as a safe CSV', async () => {
    const member = await postroom.signIn(MEMBER.email, MEMBER.password);
    await member.call('ApiToken/set', { accountId: member.user.id, create: { a: { name: '=HYPERLINK("http://evil.example")' } } });
    const own = await postroom.signIn();
    await own.call('Provider/set', { accountId: own.user.id, update: { microsoft: { signIn: 'off', cloud: 'custom' } } });
    await settings('audit');
    await page.getByText('Sign in to Postroom with Microsoft and Microsoft cloud').waitFor();
    await page.getByText('Read in another’s mailbox').first().waitFor();
    await page.getByText('Shared a mailbox').first().waitFor();
    await inGoodShape(admin, 'admin-06-audit');
    await page.locator('.people-filters').getByLabel('Person').selectOption({ label: MEMBER.name });
    await page.locator('.people-filters').getByLabel('Act').selectOption({ label: 'API tokens' });
    await page.getByText('1 entry').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as CSV' }).click()]);
    const text = readFileSync(await download.path(), 'utf8');
    assert.match(text, /,"'=HYPERLINK/);
    const { list } = await member.call('AuditEntry/query', { accountId: member.user.id }).then(({ ids }) => member.call('AuditEntry/get', { accountId: member.user.id, ids }));
    assert.ok(list.every((entry) => entry.userId === member.user.id), 'a member is told of their own acts only');
  });

  step('all mailboxes are shown with their state, and follow it', async () => {
    await settings('fleet');
    const line = page.locator(`.fleet-line[data-address="${anna.mail}"]`);
    await line.waitFor();
    await inGoodShape(admin, 'admin-07-fleet');
    const client = await postroom.signIn();
    const id = await client.account(anna.mail);
    await client.call('LinkedAccount/set', { accountId: client.user.id, update: { [id]: { paused: true } } });
    await line.getByText('Paused').waitFor();
    await page.getByLabel('With problems only').check();
    await line.waitFor({ state: 'detached' });
    await page.getByLabel('With problems only').uncheck();
    await client.call('LinkedAccount/set', { accountId: client.user.id, update: { [id]: { paused: false } } });
    await line.getByText('Paused').waitFor({ state: 'detached' });
  });

  step('one’s own password, sessions and tokens', async () => {
    const elsewhere = await postroom.signIn();
    await settings('profile');
    await page.getByText('This one').waitFor();
    await page.getByLabel('Password you have now').fill('not this');
    await page.getByLabel('New password', { exact: true }).fill('a new long one');
    await page.getByLabel('New password again').fill('a new long one');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('This is not the password you have now').waitFor();
    await page.getByLabel('Password you have now').fill(ADMIN.password);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Password changed').waitFor();
    assert.equal((await elsewhere.fetch('auth/session')).status, 401);
    await page.getByRole('button', { name: 'New token' }).click();
    await page.locator('dialog input').fill('reporting');
    await page.locator('dialog').getByRole('button', { name: 'New token' }).click();
    const token = await page.locator('.token-value').innerText();
    const answer = await fetch(`${postroom.url}/jmap/session`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200);
    await inGoodShape(admin, 'admin-08-profile');
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Token revoked').waitFor();
    assert.equal((await fetch(`${postroom.url}/jmap/session`, { headers: { Authorization: `Bearer ${token}` } })).status, 401);
  });

  step('Microsoft lets in who linked it, and nobody else', async () => {
    const client = await postroom.signIn(ADMIN.email, 'a new long one');
    await client.call('Provider/set', { accountId: client.user.id, update: { microsoft: { signIn: 'linked' } } });
    const stranger = await arrive();
    await stranger.page.goto(postroom.url);
    await stranger.page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
    await passSignInService(stranger.page, anna);
    await stranger.page.getByText('Nobody here signs in with this Microsoft account').waitFor();
    await inGoodShape(stranger, 'admin-09-stranger');
    await settings('profile');
    await page.getByRole('link', { name: 'Link a Microsoft account' }).click();
    await passSignInService(page, anna);
    await page.getByText('Your Microsoft account is linked').waitFor();
    await stranger.page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
    await passSignInService(stranger.page, anna);
    await stranger.page.locator('.sidebar').waitFor();
    assert.deepEqual((await stranger.page.evaluate(() => fetch('auth/session').then((answer) => answer.json()))).user.email, ADMIN.email);
    await stranger.context.close();
  });

  step('a disabled person is out at once', async () => {
    const client = await postroom.signIn(MEMBER.email, MEMBER.password);
    await settings('users');
    await choose(MEMBER.email, 'Disable');
    await rowOf(MEMBER.email).getByText('Disabled').waitFor();
    assert.equal((await client.fetch('auth/session')).status, 401);
    const refused = await client.fetch('auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: postroom.url }, body: JSON.stringify(MEMBER) });
    assert.equal(refused.status, 401);
    await choose(MEMBER.email, 'Remove');
    await page.getByRole('button', { name: 'Remove for good' }).click();
    await rowOf(MEMBER.email).waitFor({ state: 'detached' });
  });

  step('in Hebrew, in the dark and narrow, and in Chinese', async () => {
    const storageState = await admin.context.storageState();
    for (const [locale, dark, width] of [['he-IL', false, 1024], ['zh-CN', true, 1440], ['de-DE', true, 390]]) {
      const who = await arrive({ locale, dark, width, height: 844, storageState });
      for (const section of ['users', 'fleet', 'audit', 'profile']) {
        await who.page.goto(`${postroom.url}/settings/${section}`);
        await who.page.locator('.page-title h1').waitFor();
        await who.page.locator('.quiet-table, .fleet-line').first().waitFor();
        await inGoodShape(who, `admin-${locale}-${width}-${section}`);
      }
      assert.deepEqual(who.complaints(), []);
      await who.context.close();
    }
    assert.deepEqual(admin.complaints().filter((text) => !/status of 40[134]|status of 422/.test(text)), []);
  });
});
