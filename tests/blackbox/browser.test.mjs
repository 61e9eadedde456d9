// The whole story in a browser, as a person sees it: sign in, set Microsoft up, link a mailbox, watch the first sync, read, mark, answer, lose access
// and regain it; then the main screens in Hebrew and in the dark. Pictures of every screen are left in build-logs/screens.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';

import { beam } from '../../dev/mail/generate/png.mjs';
import { benchTalk, PROTOCOL, SUBJECT } from './support/bench-talk.mjs';
import { launchBrowser, noBrowser, Visitor } from './support/browser.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';
import { inGoodShape } from './support/shape.mjs';
import { passSignInService } from './support/sign-in-service.mjs';
import { isBroken, step } from './support/steps.mjs';

const ANSWER = 'Thank you both. The beam is just what Priya asked for; the signed offer is attached.';

let org, postroom, pictures, browser, visitor, page, anna, james, account;

/* A web server outside, where a mail's remote picture lies. Only Postroom may ask it, and only when told to. */
async function startPictureServer() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'Content-Type': 'image/png' }).end(beam(560, 150, [255, 214, 140]));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

const row = (subject) => page.locator('.row', { hasText: subject });
const mailFrame = () => page.frameLocator('.message[data-open=true] .mail-frame iframe').last();
const inInbox = async (subject) => (await org.control('messages', { person: anna.mail })).find((m) => m.subject === subject);

describe('the story in a browser', { skip: noBrowser, timeout: 600000 }, () => {
  before(async () => {
    [org, pictures, browser] = await Promise.all([startOrganisation(), startPictureServer(), launchBrowser()]);
    anna = org.person('main');
    james = org.person('james.okafor@northlight.example');
    const [asked, shown] = benchTalk(pictures.url);
    await org.control('append', { person: anna.mail, raw: asked.toString('base64'), flags: ['\\Seen'] });
    await org.control('append', { person: anna.mail, raw: shown.toString('base64') });
    postroom = new Postroom();
    postroom.addUser();
    await postroom.serve();
    visitor = await Visitor.arrive(browser, [postroom.url, new URL(org.authority).origin]);
    page = visitor.page;
    await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: postroom.url });
  }, { timeout: 300000 });

  after(async () => {
    if (isBroken() && visitor) await visitor.screen('failed').catch(() => {});
    await browser?.close();
    await postroom?.close();
    await pictures?.close();
    await org?.close();
  });

  step('a wrong password is refused in plain words, the right one opens the door', async () => {
    await visitor.signIn(postroom.url, { ...ADMIN, password: 'not this one' });
    await page.getByRole('alert').getByText('do not match').waitFor();
    await inGoodShape(visitor, '01-sign-in');
    await visitor.signIn(postroom.url, ADMIN);
    await page.getByText('Welcome to Postroom').waitFor();
    await inGoodShape(visitor, '02-welcome');
  });

  step('the administrator fills in the Microsoft settings and copies the redirect URI', async () => {
    const [app] = org.apps;
    await page.getByRole('link', { name: 'Microsoft settings' }).click();
    await page.getByRole('heading', { name: 'Microsoft settings' }).waitFor();
    await page.getByText('Not ready yet').waitFor();
    const uri = `${postroom.url}/oauth/microsoft/callback`;
    await page.locator('form .copy-line').getByText(uri).waitFor();
    await page.getByLabel('Any organization and personal accounts').check();
    await page.getByLabel('Application (client) ID').fill(app.clientId);
    await page.getByLabel('Client secret (Value)').fill(readFileSync(app.clientSecretFile, 'utf8').trim());
    await page.getByLabel('Microsoft cloud').selectOption({ label: 'Own endpoints' });
    await page.getByLabel('Authority').fill(org.authority);
    await page.getByLabel('Graph').fill(org.graph);
    await page.getByLabel('IMAP (HOST:PORT)').fill(`${org.imap.host}:${org.imap.port}`);
    await page.getByLabel('SMTP (HOST:PORT)').fill(`${org.smtp.host}:${org.smtp.port}`);
    await page.getByLabel('Scope prefix').fill('https://outlook.office.com/');
    await page.getByLabel('CA file on the server').fill(org.caFile);
    await inGoodShape(visitor, '03-microsoft-filled');
    await page.getByRole('button', { name: 'Save settings' }).click();
    await page.getByText('Microsoft settings saved').waitFor();
    await page.getByText('Ready to use').waitFor();
    await page.locator('form .copy-line').getByText(uri).waitFor();
    await page.locator('form .copy-line').getByRole('button', { name: 'Copy' }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), uri);
    assert.equal(await page.getByLabel('Client secret (Value)').inputValue(), '', 'the secret is not shown again');
    await page.evaluate(() => document.querySelector('.page-body')?.scrollTo(0, 0));
    await inGoodShape(visitor, '04-microsoft-saved');
  });

  step('linking goes through the sign-in and consent pages, and shows the first sync', async () => {
    await page.goto(`${postroom.url}/accounts`);
    await page.getByText('No mailbox is linked yet').waitFor();
    await inGoodShape(visitor, '05-no-mailbox');
    await page.getByRole('link', { name: 'Link a mailbox' }).or(page.getByRole('button', { name: 'Link a mailbox' })).first().click();
    await page.getByLabel('E-mail address of the mailbox').fill(anna.mail);
    await inGoodShape(visitor, '05-link');
    await org.control('addFault', { service: 'imap', kind: 'delay', person: anna.mail, command: 'UID FETCH', ms: 300, times: 200 });
    await page.getByRole('button', { name: 'Continue at Microsoft' }).click();
    await passSignInService(page, anna, { expected: anna.mail, look: (name) => visitor.screen({ 'sign-in': '06-provider-sign-in', consent: '07-provider-consent' }[name]) });
    await page.getByRole('heading', { name: `Set up ${anna.mail}` }).waitFor();
    await page.getByLabel('Fetch mail since').fill('2025-01-15');
    await page.locator('.start-estimate').getByText(/mails, about/).waitFor();
    await page.getByRole('button', { name: 'Link and fetch mail' }).click();
    await page.getByRole('heading', { name: `${anna.mail} is linked` }).waitFor();
    const bar = page.getByRole('progressbar');
    await until('progress with messages and bytes', async () => /\d of [\d,]+ mails/.test(await page.locator('.progress').innerText()) && /MB/.test(await page.locator('.progress').innerText()) && Number(await bar.getAttribute('aria-valuenow')) > 0);
    await inGoodShape(visitor, '08-first-sync');
    await org.control('clearFaults');
    await page.getByRole('link', { name: 'Open the inbox' }).click();
    await row(SUBJECT).waitFor();
    assert.equal((await postroom.settled(anna.mail)).error, null);
    account = new URL(page.url()).pathname.split('/')[2];
    await until('the progress to go', async () => (await page.getByRole('progressbar').count()) === 0);
  });

  step('the list shows conversations, folders and what is unread', async () => {
    const unread = (await org.control('messages', { person: anna.mail })).filter((m) => !m.flags.includes('\\Seen')).length;
    await page.locator('.mailbox', { hasText: 'Inbox' }).getByText(`${unread} unread`).waitFor({ state: 'attached' });
    await until('the title to count them', async () => (await page.title()) === `(${unread}) Postroom`);
    for (const name of ['Drafts', 'Sent', 'Archive', 'Junk', 'Trash', 'Germany', 'Newsletters']) await page.locator('.mailbox', { hasText: name }).first().waitFor();
    assert.match(await row(SUBJECT).innerText(), /James/);
    assert.ok(await row(SUBJECT).evaluate((node) => node.classList.contains('row-unread')));
    await page.locator('.row', { hasText: 'בדיקת מנורות במעבדה' }).waitFor();
    await inGoodShape(visitor, '09-list');
  });

  step('a conversation shows HTML, its pictures and its files; remote pictures only when asked for', async () => {
    await row(SUBJECT).click();
    await page.locator('.reader-subject', { hasText: SUBJECT }).waitFor();
    await mailFrame().getByText('straight from the bench').waitFor();
    for (const alt of ['The beam', 'Twelve heads']) await until(`the picture “${alt}”`, () => mailFrame().getByAltText(alt).evaluate((image) => image.complete && image.naturalWidth > 100));
    await page.getByText('A remote image is blocked').waitFor();
    assert.deepEqual(pictures.asked, []);
    await inGoodShape(visitor, '10-conversation');
    const arriving = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download NL-3 bench protocol.pdf' }).click();
    const file = await arriving;
    assert.equal(file.suggestedFilename(), 'NL-3 bench protocol.pdf');
    assert.ok(readFileSync(await file.path()).equals(PROTOCOL), 'the file arrived unchanged');
    await page.getByRole('link', { name: 'Download Messwerte Größe M.csv' }).waitFor();
    await page.getByRole('button', { name: 'Show images' }).click();
    await until('the remote picture', () => mailFrame().getByAltText('Wide shot').evaluate((image) => image.complete && image.naturalWidth === 560));
    assert.deepEqual(pictures.asked, ['/wide.png']);
    assert.equal(await page.getByText('remote image is blocked').count(), 0);
    await mailFrame().getByAltText('Wide shot').scrollIntoViewIfNeeded();
    await visitor.screen('11-remote-images');
    const fits = await page.locator('.message[data-open=true] .mail-frame iframe').last().evaluate((node) => Math.abs(node.contentDocument.documentElement.scrollHeight - node.getBoundingClientRect().height));
    assert.ok(fits <= 2, `the frame is off by ${fits} px`);
  });

  step('opening marks read, the star flags, and both reach the mail server', async () => {
    await page.getByRole('toolbar').getByRole('button', { name: 'Flag' }).click();
    await until('read and flagged at the server', async () => {
      const there = await inInbox(`Re: ${SUBJECT}`);
      return there.flags.includes('\\Seen') && there.flags.includes('\\Flagged');
    });
    await row(SUBJECT).locator('.row-starred').waitFor();
    assert.equal(await row(SUBJECT).evaluate((node) => node.classList.contains('row-unread')), false);
  });

  step('an answer with an attachment arrives, with exactly one copy in Sent', async () => {
    await page.keyboard.press('a');
    await page.locator('.composer-editor:focus').waitFor();
    await page.keyboard.type(ANSWER);
    await page.locator('.composer input[type=file]').first().setInputFiles({ name: 'Angebot Größe 7.pdf', mimeType: 'application/pdf', buffer: PROTOCOL });
    await page.locator('.composer-attachment', { hasText: 'Angebot Größe 7.pdf' }).getByText('KB').waitFor();
    await page.getByText('Saved to Drafts').waitFor();
    assert.deepEqual((await page.locator('.chip').allTextContents()).toSorted(), ['James Okafor', 'Maeve O\'Neill']);
    await inGoodShape(visitor, '12-reply');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('status').getByText('Sending…').waitFor();
    await inGoodShape(visitor, '13-sending');
    const arrived = await until('the answer at the colleague', async () => (await org.control('messages', { person: james.mail, raw: true })).find((m) => m.subject === `Re: ${SUBJECT}`));
    const raw = Buffer.from(arrived.raw, 'base64').toString('latin1');
    assert.match(raw, /^In-Reply-To:\s+<bench-2@northlight\.example>/im);
    assert.match(raw, /Thank you both/);
    assert.match(raw, /application\/pdf/);
    assert.ok(raw.replaceAll('\r\n', '').includes(PROTOCOL.toString('base64')), 'the file arrived unchanged');
    const copies = async () => [(await org.control('messages', { person: anna.mail, folder: 'Sent Items' })).filter((m) => m.subject === `Re: ${SUBJECT}`).length,
      (await org.control('messages', { person: anna.mail, folder: 'Drafts' })).filter((m) => m.subject === `Re: ${SUBJECT}`).length];
    await until('one copy in Sent, none in Drafts', async () => (await copies()).join() === '1,0');
    await page.locator('.message-line', { hasText: 'Thank you both' }).click();
    await mailFrame().getByText('Thank you both').waitFor();
    for (const name of ['beam', 'chart']) assert.match(raw, new RegExp(`^Content-ID:\\s+<${name}@northlight\\.example>`, 'im'), 'the quoted pictures went along');
    assert.equal(raw.includes('mail-image/'), false, 'no address of this server is in the mail');
    await mailFrame().locator('summary').click();
    await until('the picture in the quotation', () => mailFrame().getByAltText('The beam').evaluate((image) => image.complete && image.naturalWidth > 100));
    await page.locator('.mailbox', { hasText: 'Sent' }).click();
    await page.getByRole('heading', { name: 'Sent' }).waitFor();
    await row(SUBJECT).waitFor();
    await page.waitForTimeout(2500);
    assert.deepEqual(await copies(), [1, 0]);
    assert.equal(await row(SUBJECT).count(), 1);
    await inGoodShape(visitor, '14-sent');
  });

  step('withdrawn access is told in a banner, and its button mends it', async () => {
    await page.locator('.mailbox', { hasText: 'Inbox' }).click();
    await org.control('idp/revoke', [anna.upn]);
    await org.control('endSessions', { person: anna.mail });
    const banner = page.locator('.banners [role=alert]');
    await banner.waitFor();
    const text = await banner.innerText();
    assert.match(text, new RegExp(anna.mail));
    assert.match(text, /Sign in again/);
    assert.doesNotMatch(text, /AADSTS/);
    await row(SUBJECT).click();
    await mailFrame().getByText('Thank you both').waitFor();
    await inGoodShape(visitor, '15-banner');
    await banner.getByRole('button', { name: 'Sign in again' }).click();
    await passSignInService(page, anna, { expected: anna.mail });
    await page.getByRole('heading', { name: `${anna.mail} is linked` }).waitFor();
    await inGoodShape(visitor, '16-linked-again');
    await page.getByRole('link', { name: 'Open the inbox' }).click();
    await row(SUBJECT).waitFor();
    await until('the banner to go', async () => (await banner.count()) === 0);
    assert.equal(new URL(page.url()).pathname.split('/')[2], account);
    await postroom.settled(anna.mail);
    await org.control('append', { person: anna.mail, message: `From: James Okafor <james.okafor@northlight.example>\nTo: ${anna.mail}\nSubject: The van is here\nMessage-ID: <van@northlight.example>\nDate: ${new Date().toUTCString()}\n\nFour pallets are going down now.\n` });
    await row('The van is here').waitFor();
  });

  step('questions are asked by the page itself, and No means no', async () => {
    await page.getByRole('button', { name: 'New mail' }).click();
    await page.getByLabel('To', { exact: true }).fill(james.mail);
    await page.locator('.composer-editor').click();
    await page.keyboard.type('The plan is attached, see ');
    await page.getByRole('button', { name: 'Link', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Address of the link').fill('northlight.example/plan');
    await inGoodShape(visitor, '17-link-question');
    await page.getByRole('button', { name: 'Insert the link' }).click();
    await page.locator('.composer-editor a[href="https://northlight.example/plan"]').waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Send without a subject?' }).waitFor();
    await page.getByRole('button', { name: 'Send anyway' }).click();
    await page.getByRole('heading', { name: 'Is an attachment missing?' }).waitFor();
    await inGoodShape(visitor, '18-forgotten');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('dialog[open]').getByRole('button', { name: 'Discard the draft' }).click();
    await page.getByText('Draft discarded').waitFor();
    await page.locator('.mailbox', { hasText: 'Inbox' }).click();
    await row('The van is here').click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await page.locator('.mailbox', { hasText: 'Trash' }).click();
    await row('The van is here').click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Delete this mail for good?' }).waitFor();
    await inGoodShape(visitor, '19-delete-for-good');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await row('The van is here').count(), 1);
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await until('the mail to be gone at the server', async () => (await org.control('messages', { person: anna.mail, folder: 'Deleted Items' })).every((m) => m.subject !== 'The van is here'));
    assert.equal((await org.control('messages', { person: james.mail })).some((m) => m.subject === ''), false, 'nothing was sent');
  });

  step('nothing complained and nobody else was asked', async () => {
    assert.deepEqual(visitor.complaints(), []);
    assert.deepEqual(await visitor.faintTexts(), []);
  });

  step('all of it in Hebrew, from right to left', async () => {
    const one = await Visitor.arrive(browser, [postroom.url], { locale: 'he-IL' });
    const he = one.page;
    await he.goto(postroom.url);
    await he.getByRole('heading', { name: 'כניסה' }).waitFor();
    assert.deepEqual(await one.direction(), ['he', 'rtl']);
    await inGoodShape(one, 'he-01-sign-in');
    await one.signIn(postroom.url, ADMIN);
    await he.locator('.row', { hasText: SUBJECT }).waitFor();
    assert.ok(await one.startOf('.sidebar') > await one.startOf('.list-pane'), 'folders stand to the right of the list');
    assert.ok(await one.startOf('.list-pane') > await one.startOf('.reader-pane'), 'the list stands to the right of the reader');
    await he.locator('.row', { hasText: 'בדיקת מנורות במעבדה' }).click();
    await he.locator('.message[data-open=true]').getByText('תודה רבה').waitFor();
    await inGoodShape(one, 'he-02-conversation');
    await he.locator('#list').evaluate((list) => list.scrollTo(0, 0));
    await he.locator('.row', { hasText: SUBJECT }).click();
    await he.frameLocator('.message[data-open=true] .mail-frame iframe').last().getByText('Thank you both').waitFor();
    await he.keyboard.press('r');
    await he.locator('.composer-editor:focus').waitFor();
    await he.keyboard.type('תודה רבה, נדבר ביום ראשון.');
    await inGoodShape(one, 'he-03-reply');
    await he.getByRole('button', { name: 'מחיקת הטיוטה' }).click();
    await he.locator('dialog[open]').getByRole('button', { name: 'מחיקת הטיוטה' }).click();
    await he.keyboard.press('?');
    await he.getByRole('dialog').waitFor();
    await inGoodShape(one, 'he-04-keys');
    await he.goto(`${postroom.url}/settings/microsoft`);
    await he.getByRole('heading', { name: 'Microsoft' }).first().waitFor();
    await inGoodShape(one, 'he-05-microsoft');
    await he.goto(`${postroom.url}/accounts`);
    await he.locator('.card', { hasText: anna.mail }).waitFor();
    await inGoodShape(one, 'he-06-mailboxes');
    await he.goto(`${postroom.url}/accounts/link`);
    await he.locator('.link-form input[type=email]').fill('noa.peretz@harborline.example');
    await inGoodShape(one, 'he-07-link');
    await he.setViewportSize({ width: 420, height: 800 });
    await he.goto(postroom.url);
    await he.locator('.row', { hasText: SUBJECT }).waitFor();
    await inGoodShape(one, 'he-08-narrow');
    assert.deepEqual(one.complaints(), []);
    await one.context.close();
  });

  step('all of it in the dark', async () => {
    const one = await Visitor.arrive(browser, [postroom.url], { dark: true, storageState: await visitor.context.storageState() });
    const dark = one.page;
    await dark.goto(postroom.url);
    await dark.locator('.row', { hasText: SUBJECT }).click();
    await dark.frameLocator('.message[data-open=true] .mail-frame iframe').last().getByText('Thank you both').waitFor();
    await dark.locator('.message-line', { hasText: 'Hi Maeve' }).click();
    const ground = await dark.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
    assert.ok(Math.max(...ground) < 60, `the ground is rgb(${ground})`);
    await inGoodShape(one, 'dark-01-conversation');
    await dark.keyboard.press('r');
    await dark.locator('.composer-editor:focus').waitFor();
    assert.match(await dark.locator('.composer-editor').evaluate((node) => getComputedStyle(node, '::before').content), /Write your mail/);
    await inGoodShape(one, 'dark-02-reply');
    await dark.getByRole('button', { name: 'Discard the draft' }).click();
    await dark.keyboard.press('v');
    await dark.getByRole('dialog').getByRole('combobox').waitFor();
    await inGoodShape(one, 'dark-03-move');
    await dark.goto(`${postroom.url}/settings/microsoft`);
    await dark.getByText('Ready to use').waitFor();
    await inGoodShape(one, 'dark-04-microsoft');
    await dark.goto(`${postroom.url}/accounts/link`);
    await dark.locator('.link-form').getByText('Outlook or Microsoft 365').waitFor();
    await inGoodShape(one, 'dark-05-link');
    await dark.goto(`${postroom.url}/link/failed?code=wrong-account&aadsts=50020&expected=${anna.mail}&got=${james.mail}`);
    await dark.getByText('You signed in with another account').waitFor();
    await inGoodShape(one, 'dark-06-link-failed');
    await dark.getByText('Details').waitFor();
    assert.deepEqual(one.complaints(), []);
    await one.context.close();
  });
});
