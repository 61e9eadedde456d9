// What helps with writing, in a browser: signatures, templates, addresses and their proof, automatic replies, links to addresses. Against the real
// organisation, where press@ is another address of Maeve's mailbox and sales@ is none. Pictures of the screens are left in build-logs/screens.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { beam } from '../../dev/mail/generate/png.mjs';
import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';
import { inGoodShape } from './support/shape.mjs';
import { isBroken, step } from './support/steps.mjs';

const ALIAS = 'press@northlight.example';
const STRANGER = 'sales@northlight.example';
const JAMES = 'james.okafor@northlight.example';

let linked, org, postroom, client, account, maeve, browser, visitor, page;

const settings = async (section) => {
  await page.goto(`${postroom.url}/settings/${section}`);
  await page.locator('.settings-content h1').waitFor();
};
const dialog = () => page.locator('dialog[open]');
const button = (name) => page.getByRole('button', { name, exact: true });
const vacation = async () => (await (await client.post({ using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:vacationresponse'], methodCalls: [['VacationResponse/get', { accountId: account, ids: null }, '0']] })).json()).methodResponses[0][1].list[0];
const identities = async () => (await client.call('Identity/get', { accountId: account, ids: null })).list;
const editor = () => page.locator('.composer .composer-editor');
const signature = () => page.locator('.composer .postroom-signature');
const arrived = async (subject, person = JAMES) => {
  const { raw } = await until(`${subject} at ${person}`, async () => (await org.control('messages', { person, raw: true })).find((one) => one.subject === subject));
  return Buffer.from(raw, 'base64').toString('latin1');
};

async function compose({ to, subject } = {}) {
  await page.goto(postroom.url);
  await page.locator(ROW).first().waitFor();
  await page.keyboard.press('c');
  await editor().waitFor();
  if (to) {
    await page.getByLabel('To', { exact: true }).fill(to);
    await page.keyboard.press('Tab');
  }
  if (subject) await page.locator('.composer [aria-label="Subject"]').first().fill(subject);
}

async function discard() {
  await page.locator('.composer').getByRole('button', { name: 'Discard the draft' }).click();
  await dialog().locator('.button-danger').click();
  await editor().waitFor({ state: 'detached' });
}

describe('writing', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [linked, browser] = await Promise.all([startLinked('maeve.oneill@northlight.example', { mails: 5 }), launchBrowser()]);
    ({ org, postroom, client, account, person: maeve } = linked);
    visitor = await Visitor.arrive(browser, [postroom.url], { width: 1440, height: 900 });
    page = visitor.page;
    await visitor.signIn(postroom.url, ADMIN, ROW);
  }, { timeout: 120000 });

  after(async () => {
    if (isBroken() && visitor) await visitor.screen('writing-failed').catch(() => {});
    await browser?.close();
    await linked?.close();
  });

  step('signatures are written with a picture, and other programs see the default', async () => {
    await settings('signatures');
    await inGoodShape(visitor, 'writing-01-no-signatures');
    await button('New signature').click();
    await dialog().getByLabel('Name').fill('Work');
    await dialog().locator('.rich-editor').click();
    await page.keyboard.type('Maeve O’Neill');
    await page.keyboard.press('Enter');
    await dialog().locator('input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: beam(120, 30, [255, 214, 140]) });
    await dialog().locator('.rich-editor img[src^="data:"]').waitFor();
    await inGoodShape(visitor, 'writing-02-signature');
    await button('Save').click();
    await page.locator('.writing-list .card', { hasText: 'Work' }).waitFor();
    await button('New signature').click();
    await dialog().getByLabel('Name').fill('Short');
    await dialog().locator('.rich-editor').click();
    await page.keyboard.type('M.');
    await button('Save').click();
    await page.locator('.writing-list .card', { hasText: 'Short' }).waitFor();
    await page.getByLabel('For new mail').selectOption('Work');
    await page.getByLabel('For answers and forwards').selectOption('Short');
    const [identity] = await until('the identity to have it', async () => { const all = await identities(); return all[0].htmlSignature && all; });
    assert.match(identity.htmlSignature, /Maeve O’Neill.*data:image\/png/s);
    assert.match(identity.textSignature, /Maeve O’Neill/);
    await inGoodShape(visitor, 'writing-03-signatures');
  });

  step('a template has placeholders, a question and a file', async () => {
    await settings('templates');
    await button('New template').click();
    await dialog().getByLabel('Name').fill('Offer');
    await dialog().getByLabel('Category').fill('Sales');
    await dialog().getByLabel('Subject').fill('Offer {{ask: Offer number}}');
    await dialog().locator('.rich-editor').click();
    await page.keyboard.type('Dear ');
    await dialog().getByRole('button', { name: 'Placeholder' }).click();
    await page.getByRole('menuitem', { name: 'Recipient’s first name' }).click();
    await page.keyboard.type(', here is {{ask: Offer number}}. {{nonsense}}');
    await dialog().getByText('Nothing is known by these names').waitFor();
    await dialog().locator('input[type=file][multiple]').setInputFiles({ name: 'prices.txt', mimeType: 'text/plain', buffer: Buffer.from('price list') });
    await dialog().locator('.composer-attachment', { hasText: 'prices.txt' }).waitFor();
    await dialog().getByLabel('Who can use it').selectOption('everybody');
    await dialog().getByRole('button', { name: 'Preview' }).click();
    await dialog().frameLocator('.writing-preview iframe').getByText('Dear Robin, here is [Offer number].').waitFor();
    await inGoodShape(visitor, 'writing-04-template');
    await button('Save').click();
    await page.locator('.writing-row', { hasText: 'Offer' }).waitFor();
    await page.getByRole('button', { name: 'Copy Offer' }).click();
    await page.locator('.writing-row', { hasText: 'Offer (copy)' }).waitFor();
    await inGoodShape(visitor, 'writing-05-templates');
    await page.getByRole('button', { name: 'Delete Offer (copy)' }).click();
    await page.locator('.writing-row', { hasText: 'Offer (copy)' }).waitFor({ state: 'detached' });
    await button('Undo').click();
    await page.locator('.writing-row', { hasText: 'Offer (copy)' }).waitFor();
  });

  step('a new letter begins with the signature, and a template goes before it', async () => {
    await compose({ to: `James Okafor <${JAMES}>` });
    await signature().getByText('Maeve O’Neill').waitFor();
    await editor().click({ position: { x: 5, y: 5 } });
    await page.keyboard.press('Alt+Shift+T');
    await dialog().getByLabel('Search templates').fill('offer sales');
    await dialog().frameLocator('.writing-preview iframe').getByText('Dear James').waitFor();
    await inGoodShape(visitor, 'writing-06-insert');
    await page.keyboard.press('Enter');
    await dialog().getByLabel('Offer number').fill('A-17');
    await page.keyboard.press('Enter');
    await editor().getByText('Dear James, here is A-17.').waitFor();
    await page.locator('.composer-attachment', { hasText: 'prices.txt' }).waitFor();
    assert.equal(await page.locator('.composer [aria-label="Subject"]').first().inputValue(), 'Offer A-17');
    assert.equal(await editor().locator('.variable-left').innerText(), '{{nonsense}}');
    const order = await editor().evaluate((node) => node.innerText.indexOf('Dear James') < node.innerText.indexOf('Maeve O’Neill'));
    assert.ok(order, 'the template stands before the signature');
    await inGoodShape(visitor, 'writing-07-letter');
  });

  step('what was not filled in is asked about before it goes; then it arrives as it was seen', async () => {
    await page.keyboard.press('Control+Enter');
    await dialog().getByText('{{nonsense}}').waitFor();
    await button('Cancel').click();
    await editor().locator('.variable-left').dblclick();
    await page.keyboard.press('Control+Enter');
    await button('Send anyway').click();
    await editor().waitFor({ state: 'detached' });
    const raw = await arrived('Offer A-17');
    assert.match(raw, /prices\.txt/);
    assert.match(raw, /Dear James, here is A-17/);
    assert.equal(raw.match(/Content-ID:/gi).length, 1, 'the picture of the signature, once');
  });

  step('a draft that is opened again has its signature once', async () => {
    await compose({ to: JAMES, subject: 'Opened again' });
    await signature().waitFor();
    await page.keyboard.press('Escape');
    await editor().waitFor({ state: 'detached' });
    await until('the draft', async () => (await client.call('Email/query', { accountId: account, filter: { subject: 'Opened again' } })).ids.length === 1);
    await page.waitForLoadState('networkidle');
    const boxes = await client.mailboxes(account);
    await page.goto(`${postroom.url}/mail/${account}/${boxes.drafts.id}`);
    await until('one draft of the letter', async () => (await page.locator('.row', { hasText: 'Opened again' }).count()) === 1, { ms: 8000 });
    await page.locator('.row', { hasText: 'Opened again' }).click();
    await page.locator('.message-draft').getByRole('button').click();
    await editor().waitFor();
    await signature().waitFor();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await signature().count(), 1);
    await discard();
  });

  step('another address is proven by the mail that arrives', async () => {
    await settings('identities');
    await button('Add an address').click();
    await dialog().getByLabel('E-mail address').fill(ALIAS);
    await dialog().getByLabel('Your name').fill('Northlight Press');
    await inGoodShape(visitor, 'writing-08-address');
    await button('Add').click();
    await page.locator('.card', { hasText: ALIAS }).waitFor();
    await until('the address to be proven', async () => (await identities()).find((one) => one.email === ALIAS)?.['postroom:verification'] === null);
    await page.locator('.card', { hasText: ALIAS }).locator('.writing-proof').waitFor({ state: 'detached' });
    await arrived(`Postroom: code ${/code (\d{8})/.exec((await org.control('messages', { person: maeve.mail })).find((one) => one.subject.startsWith('Postroom: code')).subject)[1]} for ${ALIAS}`, maeve.mail);
    await page.locator('.card', { hasText: ALIAS }).getByLabel('For new mail').selectOption('Short');
    await until('its signature', async () => (await identities()).find((one) => one.email === ALIAS).htmlSignature.includes('M.'));
  });

  step('an address that the server does not let one send from is told so, and sends nothing', async () => {
    await button('Add an address').click();
    await dialog().getByLabel('E-mail address').fill(STRANGER);
    await button('Add').click();
    const card = page.locator('.card', { hasText: STRANGER });
    await card.getByText('The mail server does not let you send from this address').waitFor({ timeout: 30000 });
    await card.locator('summary').click();
    await card.getByText(/send as/i).last().waitFor();
    await inGoodShape(visitor, 'writing-09-addresses');
    const stranger = (await identities()).find((one) => one.email === STRANGER);
    const boxes = await client.mailboxes(account);
    const results = await client.calls([
      ['Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: STRANGER }], to: [{ email: JAMES }], subject: 'Never', textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'x' } } } } }],
      ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: stranger.id } } }],
    ]);
    assert.equal(results[1][1].notCreated.s.type, 'forbiddenFrom');
    await page.getByRole('button', { name: `Delete ${STRANGER}` }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await card.waitFor({ state: 'detached' });
  });

  step('another address brings its signature, unless the one that is there was changed', async () => {
    await compose({ to: JAMES, subject: 'From another address' });
    await signature().getByText('Maeve O’Neill').waitFor();
    const from = page.getByLabel('From', { exact: true });
    const value = (email) => from.locator('option', { hasText: email }).getAttribute('value');
    await from.selectOption(await value(ALIAS));
    await signature().getByText('M.', { exact: true }).waitFor();
    assert.equal(await signature().count(), 1);
    await signature().getByText('M.', { exact: true }).click();
    await page.keyboard.press('End');
    await page.keyboard.type(' changed');
    await from.selectOption(await value(maeve.mail));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await signature().innerText()).trim(), 'M. changed');
    await page.getByRole('button', { name: 'Signature' }).click();
    await page.getByRole('menuitemradio', { name: 'No signature' }).click();
    await signature().waitFor({ state: 'detached' });
    await from.selectOption(await value(ALIAS));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await signature().count(), 0, 'taken away, it stays away');
    await page.getByRole('button', { name: 'Signature' }).click();
    await page.getByRole('menuitemradio', { name: 'Short' }).click();
    await signature().getByText('M.', { exact: true }).waitFor();
    await page.keyboard.press('Control+Enter');
    await editor().waitFor({ state: 'detached' });
    const raw = await arrived('From another address');
    assert.match(raw, /^From: .*press@northlight\.example/m);
  });

  step('automatic replies are written, seen while they are on, and turned off from the mail', async () => {
    await settings('vacation');
    await page.getByRole('switch').check();
    await page.getByLabel('Subject').fill('Away until Monday');
    await page.locator('.rich-editor').click();
    await page.keyboard.type('I am away.');
    await page.getByLabel('Until', { exact: true }).fill('2099-01-01T09:00');
    await button('Preview').click();
    await page.frameLocator('.writing-preview iframe').getByText('I am away.').waitFor();
    await inGoodShape(visitor, 'writing-10-vacation');
    await button('Save').click();
    await page.getByText('Automatic replies are on', { exact: true }).waitFor();
    const { isEnabled, subject, textBody, toDate } = await vacation();
    assert.deepEqual([isEnabled, subject, textBody, toDate], [true, 'Away until Monday', 'I am away.', '2099-01-01T09:00:00Z']);
    await page.goto(postroom.url);
    await page.locator('.vacation-banner').waitFor();
    await inGoodShape(visitor, 'writing-11-banner');
    await page.locator('.vacation-banner').getByRole('button', { name: 'Turn off' }).click();
    await page.locator('.vacation-banner').waitFor({ state: 'detached' });
    assert.equal((await vacation()).isEnabled, false);
  });

  step('a link to an address opens a letter', async () => {
    const link = `mailto:${JAMES}?cc=anna.berg@northlight.example&subject=By%20link%20%2B%20more&body=First%0D%0ASecond%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E`;
    await page.goto(`${postroom.url}/?compose=${encodeURIComponent(link)}`);
    await editor().waitFor();
    assert.equal(await page.locator('.composer [aria-label="Subject"]').first().inputValue(), 'By link + more');
    await page.locator('.composer .chip', { hasText: /james/i }).waitFor();
    await page.locator('.composer .chip', { hasText: /anna/i }).waitFor();
    assert.match(await editor().innerText(), /First\s+Second<img src=x onerror=alert\(1\)>/);
    await signature().waitFor();
    await discard();
    await settings('general');
    await button('Open e-mail links here').waitFor();
  });

  step('in Hebrew, in the dark and on a small screen all of it is in good shape', async () => {
    const { cookies, origins } = await visitor.context.storageState();
    for (const [name, options] of [['he', { locale: 'he-IL', width: 1024 }], ['dark', { dark: true, width: 1024 }], ['small', { width: 390, height: 780 }]]) {
      const who = await Visitor.arrive(browser, [postroom.url], { ...options, storageState: { cookies, origins: name === 'he' ? [] : origins } });
      for (const section of ['signatures', 'templates', 'identities', 'vacation']) {
        await who.page.goto(`${postroom.url}/settings/${section}`);
        await who.page.locator('.settings-content .card').first().waitFor();
        await inGoodShape(who, `writing-${name}-${section}`);
      }
      await who.page.goto(`${postroom.url}/settings/templates`);
      await who.page.locator('.writing-row-tools button').first().click();
      await who.page.locator('dialog[open] .rich-editor').waitFor();
      await inGoodShape(who, `writing-${name}-template`);
      assert.deepEqual(who.complaints(), []);
      await who.context.close();
    }
  });

  step('nothing was complained about', () => {
    assert.deepEqual(visitor.complaints(), []);
  });
});
