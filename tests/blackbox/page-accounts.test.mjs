// Linking by the wizard and Account > Health in a browser, against the sample organisation: each check with its evidence and fix, nothing fetched
// before the start date is agreed to, and what can go wrong on the way. Pictures of every screen are left in build-logs/screens.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { launchBrowser, noBrowser, Visitor } from './support/browser.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { inGoodShape } from './support/shape.mjs';
import { passSignInService } from './support/sign-in-service.mjs';
import { isBroken, step } from './support/steps.mjs';

let org, postroom, browser, visitor, page, anna, james, maeve, dmytro, elif, workshop;

const row = (name) => page.locator('.check').filter({ has: page.locator('.check-head strong', { hasText: name }) });
const linkedTo = (address) => postroom.json('account', 'list').some((one) => one.email === address);

/* The same screen narrow, from right to left and dark. */
async function otherLooks(name) {
  for (const width of [1024, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await inGoodShape(visitor, `accounts-${name}-${width}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await inGoodShape(visitor, `accounts-${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
}

const oauth = async (person, address = person.mail) => {
  await page.goto(`${postroom.url}/accounts/link`);
  await page.getByLabel('E-mail address of the mailbox').fill(address);
  await page.getByRole('button', { name: 'Continue at Microsoft' }).click();
  await passSignInService(page, person);
  await page.locator('.wizard, .result').first().waitFor();
};

async function fillPlain({ address = workshop.mail, password = workshop.password, imap = org.dovecot.imapsPort, smtp = org.dovecot.submissionsPort, host = 'localhost' } = {}) {
  await page.goto(`${postroom.url}/accounts/link`);
  await page.getByLabel('E-mail address of the mailbox').fill(address);
  await page.getByLabel('Another mailbox (IMAP)').check();
  await page.getByText('No settings are published').or(page.getByText('could not be looked up')).waitFor();
  for (const [label, port] of [['IMAP server (incoming)', imap], ['SMTP server (outgoing)', smtp]]) {
    await page.getByLabel(`${label}, Host name`).fill(host);
    await page.getByLabel(`${label}, Port`).fill(String(port));
  }
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
}

describe('linking and health in a browser', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [org, browser] = await Promise.all([startOrganisation(['--mails', '60']), launchBrowser()]);
    [anna, james, maeve, dmytro, elif, workshop] = ['main', 'james.okafor@northlight.example', 'maeve.oneill@northlight.example', 'imapOff', 'smtpAuthOff', 'workshop@lampworks.example'].map(org.person);
    // Names are asked of a server that is not there: autoconfiguration has nothing to find, and says so soon.
    postroom = new Postroom({ env: { SSL_CERT_FILE: org.caFile } });
    postroom.addUser();
    postroom.setProvider(org);
    await postroom.serve();
    visitor = await Visitor.arrive(browser, [postroom.url, new URL(org.authority).origin], { width: 1440, height: 900 });
    page = visitor.page;
    await visitor.signIn(postroom.url, ADMIN);
    await page.getByText('Welcome to Postroom').waitFor();
  }, { timeout: 120000 });

  after(async () => {
    if (isBroken() && visitor) await visitor.screen('accounts-failed').catch(() => {});
    await browser?.close();
    await postroom?.close();
    await org?.close();
  });

  step('the wizard asks for no more than it needs', async () => {
    await page.goto(`${postroom.url}/accounts/link`);
    await page.getByRole('heading', { name: 'Link a mailbox' }).waitFor();
    await page.getByRole('button', { name: 'Continue at Microsoft' }).click();
    await page.getByRole('alert').getByText('Enter an e-mail address').waitFor();
    await inGoodShape(visitor, 'accounts-01-wizard');
    await otherLooks('01-wizard');
  });

  step('the servers of a well-known address are filled in, with what it needs', async () => {
    await page.getByLabel('E-mail address of the mailbox').fill('somebody@yahoo.com');
    await page.getByText('Found: imap.mail.yahoo.com and smtp.mail.yahoo.com.').waitFor();
    assert.ok(await page.getByLabel('Another mailbox (IMAP)').isChecked());
    const host = page.getByLabel('IMAP server (incoming), Host name');
    assert.equal(await host.inputValue(), 'imap.mail.yahoo.com');
    assert.equal(await page.getByLabel('SMTP server (outgoing), Port').inputValue(), '465');
    await page.getByText('This provider wants an app password').waitFor();
    await inGoodShape(visitor, 'accounts-01-found');
    await page.getByLabel('E-mail address of the mailbox').fill('somebody@outlook.com');
    await page.getByText('This address is at Microsoft.').waitFor();
    await page.getByRole('button', { name: 'Continue at Microsoft' }).waitFor();
    /* A password does not go to the servers of another address. */
    await page.getByLabel('E-mail address of the mailbox').fill('somebody@yahoo.com');
    await page.getByText('Found: imap.mail.yahoo.com and smtp.mail.yahoo.com.').waitFor();
    assert.equal(await host.inputValue(), 'imap.mail.yahoo.com');
    await page.getByLabel('E-mail address of the mailbox').fill('somebody@lampworks.example');
    await page.getByLabel('Another mailbox (IMAP)').check();
    await until('no server', async () => (await host.inputValue()) === '');
    await page.reload();
  });

  step('Microsoft: back from the provider it goes on with its checks, and fetches only when told to', async () => {
    await oauth(anna);
    await page.getByRole('heading', { name: `Set up ${anna.mail}` }).waitFor();
    for (const name of ['Provider and address', 'Permission', 'Access token', 'Signing in to read', 'Folders', 'Signing in to send', 'Amount of mail']) await row(name).getByText('In order').waitFor();
    await row('Access token').getByText(anna.mail).waitFor();
    await row('Folders').getByText('Inbox').waitFor();
    await row('Signing in to send').getByText('Nothing was sent').waitFor();
    await row('Access token').getByText('Details').click();
    await row('Access token').getByText('IMAP.AccessAsUser.All').waitFor();
    assert.equal(postroom.status(anna.mail).emails, 0);
    await page.locator('.start-estimate').getByText(/mails, about/).waitFor();
    const quarter = await page.locator('.start-estimate').innerText();
    await page.getByRole('button', { name: 'Everything' }).click();
    await until('another estimate', async () => { const text = await page.locator('.start-estimate').innerText(); return /mails, about/.test(text) && text !== quarter; });
    await inGoodShape(visitor, 'accounts-02-set-up');
    await otherLooks('02-set-up');
    await page.getByRole('button', { name: 'Link and fetch mail' }).click();
    await page.getByRole('heading', { name: `${anna.mail} is linked` }).waitFor();
    await postroom.settled(anna.mail);
    await page.getByText('Everything since the start date is here.').waitFor();
    await inGoodShape(visitor, 'accounts-03-linked');
    assert.deepEqual(await org.control('outside'), [], 'no test mail was sent');
  });

  step('a link that is left leaves nothing', async () => {
    await oauth(james);
    await page.getByRole('button', { name: 'Do not link' }).click();
    await page.getByText('Nothing was linked').waitFor();
    assert.ok(!linkedTo(james.mail));
  });

  const failure = () => page.locator('.link-failure');

  /* "Try again" of a failure is the same once more: the mailbox asked for, the same provider. */
  async function tryAgain(person) {
    await failure().getByRole('button', { name: 'Try again' }).click();
    await passSignInService(page, person);
    await page.getByRole('heading', { name: `Set up ${person.mail}` }).waitFor();
    await page.getByRole('button', { name: 'Do not link' }).click();
    await page.getByText('Nothing was linked').waitFor();
    await page.getByRole('heading', { name: 'Linked mailboxes' }).waitFor();
  }

  /* Back in the wizard, with what was asked for still there, and nothing linked. */
  async function backInWizard(title, person, address = person.mail) {
    await failure().getByRole('heading', { name: title }).waitFor();
    await page.getByRole('heading', { name: 'Link a mailbox' }).waitFor();
    assert.equal(await page.getByLabel('E-mail address of the mailbox').inputValue(), address);
    assert.ok(await failure().getByRole('heading').evaluate((node) => node === document.activeElement));
    assert.ok(!linkedTo(person.mail));
  }

  /* As far as the provider's question whether to grant. */
  async function toConsent(person) {
    await page.goto(`${postroom.url}/accounts/link`);
    await page.getByLabel('E-mail address of the mailbox').fill(person.mail);
    await page.getByRole('button', { name: 'Continue at Microsoft' }).click();
    await page.locator('#username, #other-account, #decline, #return-to-app').first().waitFor();
    if (await page.locator('#other-account').count()) await page.locator(`[data-upn="${person.upn}"], #other-account`).first().click();
    await page.locator('#username, #decline, #return-to-app').first().waitFor();
    if (await page.locator('#username').count() === 0) return;
    await page.locator('#username').fill(person.upn);
    await page.locator('#password').fill(person.password);
    await page.locator('#signin').click();
    await page.locator('#decline, #return-to-app').first().waitFor();
  }

  step('the wrong account is refused in the wizard, and the right one is a press away', async () => {
    await oauth(james, 'maeve.oneill@northlight.example');
    await backInWizard('You signed in with another account', james, 'maeve.oneill@northlight.example');
    await failure().getByText(james.mail).waitFor();
    await inGoodShape(visitor, 'accounts-03-wrong-account');
    await tryAgain(maeve);
  });

  step('consent that is declined comes back into the wizard', async () => {
    await org.control('idp/consent', [james.upn, null]);
    await toConsent(james);
    await page.locator('#decline').click();
    await backInWizard('You declined the permissions', james);
    await inGoodShape(visitor, 'accounts-03-declined');
    await tryAgain(james);
  });

  step('only an administrator may consent: the link to send them is there, and works', async () => {
    await org.control('idp/consent', [maeve.upn, null]);
    await org.control('idp/flags', [maeve.upn, { noUserConsent: true }]);
    await toConsent(maeve);
    await page.locator('#return-to-app').click();
    await failure().locator('.link-consent code').waitFor();
    const link = new URL(await failure().locator('.link-consent code').innerText());
    assert.ok(link.pathname.endsWith('/v2.0/adminconsent'), link.href);
    assert.equal(link.origin, new URL(org.authority).origin);
    assert.match(link.searchParams.get('scope'), /IMAP\.AccessAsUser\.All/);
    await inGoodShape(visitor, 'accounts-03-admin-consent');
    await otherLooks('03-admin-consent');
    const back = page.url();
    await page.goto(link.href);
    await passSignInService(page, james);
    await page.getByRole('heading', { name: 'Microsoft' }).first().waitFor();
    assert.equal(new URL(page.url()).pathname, '/settings/microsoft');
    await page.goto(back);
    await tryAgain(maeve);
  });

  step('a state that is used up or expired: this tab still knows what was asked for', async () => {
    await page.goto(`${postroom.url}/oauth/microsoft/callback?state=long-gone&code=x`);
    await backInWizard('The link has expired or was used twice', maeve);
    await tryAgain(maeve);
  });

  step('a provider that cannot be reached comes back into the wizard', async () => {
    await org.control('idp/fault', [{ endpoint: 'token', drop: true }]);
    await oauth(james);
    await backInWizard('The provider cannot be reached', james);
    await org.control('idp/clearFaults');
    await tryAgain(james);
  });

  step('a guest of another organization is told so', async () => {
    await org.control('idp/fault', [{ endpoint: 'token', code: 50020, grant: 'authorization_code', times: 1 }]);
    await oauth(james);
    await backInWizard('This account belongs to another organization', james);
    await tryAgain(james);
  });

  step('linking again with another account comes back to the health of the mailbox', async () => {
    await page.goto(`${postroom.url}/accounts`);
    await page.locator('.card', { hasText: anna.mail }).getByRole('link', { name: 'Health' }).click();
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await passSignInService(page, james);
    await failure().getByRole('heading', { name: 'You signed in with another account' }).waitFor();
    await page.getByRole('heading', { name: anna.mail }).waitFor();
    await failure().getByText(james.mail).waitFor();
    await inGoodShape(visitor, 'accounts-03-relink-failed');
    await failure().getByRole('button', { name: 'Try again' }).click();
    await passSignInService(page, anna);
    await page.getByRole('heading', { name: `${anna.mail} is linked` }).waitFor();
  });

  step('IMAP that is off: named before anything starts', async () => {
    await oauth(dmytro);
    await row('Signing in to read').getByText('Does not work').waitFor();
    await page.getByText('Mail cannot be fetched yet').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Link and fetch mail' }).isDisabled());
    await inGoodShape(visitor, 'accounts-04-imap-off');
    await page.getByRole('button', { name: 'Do not link' }).click();
    await page.getByText('Nothing was linked').waitFor();
  });

  step('SMTP AUTH that is off: reading can begin all the same', async () => {
    await oauth(elif);
    await row('Signing in to send').getByText('Sending is switched off for this mailbox').waitFor();
    await page.locator('.start-estimate').getByText(/mails, about/).waitFor();
    await inGoodShape(visitor, 'accounts-05-smtp-off');
    await page.getByRole('button', { name: 'Link and fetch mail' }).click();
    await page.getByRole('heading', { name: `${elif.mail} is linked` }).waitFor();
    await postroom.settled(elif.mail);
  });

  step('a plain mailbox: a wrong password and a host that is away show in their rows, and nothing is linked', async () => {
    await fillPlain({ password: 'not this one' });
    await row('Signing in to read').getByText('The password was refused').waitFor();
    await row('Folders').getByText('Not checked').waitFor();
    await inGoodShape(visitor, 'accounts-06-wrong-password');
    await fillPlain({ imap: 1 });
    await row('Signing in to read').getByText('The mail server cannot be reached').waitFor();
    assert.ok(!linkedTo(workshop.mail));
    assert.equal(await page.getByRole('button', { name: 'Link and fetch mail' }).count(), 0);
  });

  step('a plain mailbox is tried, then linked', async () => {
    await fillPlain();
    await row('Amount of mail').getByText('In order').waitFor();
    assert.ok(!linkedTo(workshop.mail));
    await page.getByRole('button', { name: 'Everything' }).click();
    await page.locator('.start-estimate').getByText(/mails, about/).waitFor();
    await inGoodShape(visitor, 'accounts-07-plain');
    await page.getByRole('button', { name: 'Link and fetch mail' }).click();
    await page.getByRole('heading', { name: `${workshop.mail} is linked` }).waitFor();
    await postroom.settled(workshop.mail);
  });

  step('health: what works, folders here and there, checks, the log', async () => {
    await page.goto(`${postroom.url}/accounts`);
    await page.locator('.card', { hasText: elif.mail }).getByRole('link', { name: 'Health' }).click();
    await page.getByRole('heading', { name: elif.mail }).waitFor();
    await page.locator('.facts').getByText('Does not work').waitFor();
    await page.locator('.facts').getByText('Is fetched').waitFor({ timeout: 60000 });
    await page.goto(`${postroom.url}/accounts`);
    await page.locator('.card', { hasText: anna.mail }).getByRole('link', { name: 'Health' }).click();
    await page.getByRole('heading', { name: anna.mail }).waitFor();
    const inbox = page.locator('.health-table tr', { hasText: 'INBOX' });
    const [here, there] = await inbox.locator('td').allInnerTexts();
    assert.equal(here, there);
    assert.ok(Number(here) > 0);
    await page.locator('.sync-log').getByText('folders compared').waitFor();
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.locator('.sync-log').getByText('Checked: all in order.').nth(1).waitFor();
    await inGoodShape(visitor, 'accounts-08-health');
    await page.locator('.sync-log').scrollIntoViewIfNeeded();
    await inGoodShape(visitor, 'accounts-08-health-log');
    await otherLooks('08-health');
  });

  step('pause, go on, another start date', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.facts').getByText('Is paused').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.facts').getByText('Is fetched').waitFor({ timeout: 60000 });
    await page.getByRole('button', { name: 'Change start date' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'A year' }).click();
    await page.getByRole('dialog').locator('.start-estimate').getByText(/mails, about/).waitFor();
    await inGoodShape(visitor, 'accounts-09-since');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  step('resync from the page', async () => {
    await page.getByRole('button', { name: 'Resync' }).click();
    await inGoodShape(visitor, 'accounts-10-resync');
    await page.getByRole('dialog').getByRole('button', { name: 'Resync' }).click();
    await page.locator('.sync-log').getByText('A resync was begun.').waitFor();
    await postroom.settled(anna.mail);
    assert.ok(postroom.status(anna.mail).emails > 0);
  });

  for (const [locale, direction] of [['he-IL', 'rtl'], ['zh-CN', 'ltr'], ['de-DE', 'ltr']]) step(`in ${locale}`, async () => {
    const language = locale.slice(0, 2);
    const other = await Visitor.arrive(browser, [postroom.url], { locale, width: 1440, height: 900, storageState: await visitor.context.storageState() });
    const url = page.url();
    const [english, before] = [visitor, page];
    [visitor, page] = [other, other.page];
    await page.goto(url);
    await page.locator('.sync-log li').first().waitFor();
    await page.locator('.health-table').waitFor();
    assert.deepEqual(await other.direction(), [language, direction]);
    await inGoodShape(visitor, `accounts-11-health-${language}`);
    await page.goto(`${postroom.url}/accounts/link`);
    await page.locator('.link-form').waitFor();
    await inGoodShape(visitor, `accounts-11-wizard-${language}`);
    await page.setViewportSize({ width: 390, height: 844 });
    await inGoodShape(visitor, `accounts-11-wizard-${language}-390`);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${postroom.url}/link/failed?code=admin-consent&aadsts=90094`);
    await page.locator('.link-consent code').waitFor();
    await inGoodShape(visitor, `accounts-11-admin-consent-${language}`);
    assert.deepEqual(other.complaints(), []);
    await other.context.close();
    [visitor, page] = [english, before];
  });

  step('unlinking spells out what goes, and wants the address typed', async () => {
    await page.goto(`${postroom.url}/accounts`);
    await page.locator('.card', { hasText: workshop.mail }).getByRole('link', { name: 'Health' }).click();
    await page.getByRole('button', { name: 'Unlink' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('kept here are removed').waitFor();
    await dialog.getByText('At the provider nothing changes').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Unlink' }).isDisabled());
    await inGoodShape(visitor, 'accounts-12-unlink');
    await dialog.getByLabel(`To confirm, type ${workshop.mail}`).fill(workshop.mail);
    await dialog.getByRole('button', { name: 'Unlink' }).click();
    await page.getByText('Mailbox unlinked').waitFor();
    await until('it to be gone', () => !linkedTo(workshop.mail));
    assert.deepEqual(visitor.complaints(), []);
  });
});
