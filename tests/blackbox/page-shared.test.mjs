// Somebody else's mailbox in a browser: what may only be read is not offered for changes, and is answered from one's own.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { filePart, message, multipart, textPart } from '../../dev/mail/generate/mime.mjs';
import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';
import { inGoodShape } from './support/shape.mjs';
import { isBroken, step } from './support/steps.mjs';

const MEMBER = { email: 'james@northlight.example', password: 'a password of James' };

let world, org, anna, james, member, own, browser, visitor, page;

const row = (text) => page.locator(ROW, { hasText: text });
const button = (name, within = page) => within.getByRole('button', { name, exact: true });
const toast = (text) => page.locator('.toast', { hasText: text });
const section = (address) => page.locator(`.account[aria-label="${address}"]`);
const editor = () => page.locator('.composer-editor, .composer-plain');
const refused = () => toast('This account is shared with you for reading only.');
const messages = (person, folder) => org.control('messages', { person: person.mail, folder });

const quoted = () => message(
  ['From: Rosa Winkler <rosa.winkler@fairs.example>', `To: Anna Berg <${anna.mail}>`, 'Subject: Plan of the hall', `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, 'Message-ID: <hall-1@fairs.example>'],
  multipart('mixed', [textPart('Here is the plan.'), filePart({ name: 'plan.txt', type: 'text/plain', bytes: Buffer.from('Hall 4, stand 12\n') })], 'mix1'));

async function toInbox(address) {
  await section(address).locator('.mailbox', { hasText: 'Inbox' }).click();
  await page.waitForFunction((name) => document.querySelector('.mailbox[aria-current]')?.closest('.account')?.getAttribute('aria-label') === name, address);
  await page.locator(ROW).first().waitFor();
}

describe('a mailbox of somebody else', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [world, browser] = await Promise.all([startLinked('anna.berg@northlight.example', { mails: 6 }), launchBrowser()]);
    ({ org, person: anna } = world);
    james = org.person('james.okafor@northlight.example');
    world.postroom.addUser(MEMBER.email, MEMBER.password, false);
    member = await world.postroom.signIn(MEMBER.email, MEMBER.password);
    own = await member.linked(james);
    await member.call('Preferences/set', { accountId: member.user.id, update: { singleton: { undoSendSeconds: 0 } } });
    await world.postroom.settled(james.mail);
    await org.control('append', { person: anna.mail, raw: quoted().toString('base64'), flags: [] });
    await until('the mail', async () => (await world.client.call('Email/query', { accountId: world.account, filter: { subject: 'Plan of the hall' } })).ids.length === 1);
    await share('read');
    visitor = await Visitor.arrive(browser, [world.postroom.url], { width: 1440, height: 900 });
    page = visitor.page;
    await visitor.signIn(world.postroom.url, MEMBER, ROW);
  }, { timeout: 200000 });

  after(async () => {
    if (isBroken() && visitor) await visitor.screen('shared-failed').catch(() => {});
    await browser?.close();
    await world?.close();
  });

  async function share(access) {
    const accountId = world.client.user.id;
    const { list } = await world.client.call('AccountShare/get', { accountId, ids: null });
    const found = list.find((one) => one.linkedAccountId === world.account && one.userId === member.user.id);
    const answer = await world.client.call('AccountShare/set', { accountId, ...(found ? { update: { [found.id]: { access } } } : { create: { s: { linkedAccountId: world.account, userId: member.user.id, access } } }) });
    assert.equal(answer.notCreated ?? answer.notUpdated ?? null, null);
  }

  step('rows, selection and menus offer nothing that would be refused', async () => {
    await toInbox(anna.mail);
    await row('Plan of the hall').waitFor();
    assert.equal(await page.locator('.row button.row-star').count(), 0);
    await row('Plan of the hall').locator('.row-face').click();
    const bar = page.locator('.selection-bar');
    await bar.waitFor();
    assert.deepEqual(await bar.getByRole('button').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('aria-label'))), ['Clear the selection', 'Select all', 'Copy to…']);
    await inGoodShape(visitor, 'shared-01-selection');
    await button('Clear the selection', bar).click();
    await row('Plan of the hall').click({ button: 'right' });
    assert.deepEqual((await page.getByRole('menuitem').allInnerTexts()).map((text) => text.trim()), ['Open', 'Reply', 'Reply all', 'Forward', 'Copy to…']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.locator('dialog[open] input').fill('archive');
    assert.equal(await page.locator('dialog[open]').getByRole('option', { name: 'Archive e' }).count(), 0);
    await page.keyboard.press('Escape');
  });

  step('keys say why not, and nothing flickers', async () => {
    await row('Plan of the hall').click({ modifiers: ['Control'] });
    for (const key of ['e', '#', 's', 'v', 'l', 'Shift+i']) {
      await page.keyboard.press(key);
      await refused().first().waitFor();
      assert.equal(await page.locator('dialog[open]').count(), 0, key);
      assert.equal(await row('Plan of the hall').count(), 1, key);
      await refused().first().getByRole('button').first().click();
      await refused().first().waitFor({ state: 'detached' });
    }
    await page.keyboard.press('u');
    assert.deepEqual((await messages(anna, 'INBOX')).find((one) => one.subject === 'Plan of the hall').flags, []);
  });

  step('a copy goes into one’s own mailbox, by key and by hand', async () => {
    await row('Plan of the hall').click({ modifiers: ['Control'] });
    await page.keyboard.press('Shift+v');
    await page.locator('dialog[open] input').fill('archive');
    await page.keyboard.press('Enter');
    await toast('Copied to').waitFor();
    await until('the copy', async () => (await messages(james, 'Archive')).some((one) => one.subject === 'Plan of the hall'));
    await row('Plan of the hall').dragTo(section(james.mail).locator('.mailbox', { hasText: 'Inbox' }));
    await until('the other copy', async () => (await messages(james, 'INBOX')).some((one) => one.subject === 'Plan of the hall'));
    assert.ok((await messages(anna, 'INBOX')).some((one) => one.subject === 'Plan of the hall'));
    assert.equal(await row('Plan of the hall').count(), 1);
  });

  step('what is answered or forwarded there goes out from one’s own address, with its files', async () => {
    await row('Plan of the hall').click();
    await page.locator('.message[data-open=true]').first().waitFor();
    await page.keyboard.press('f');
    await editor().waitFor();
    await page.locator('.composer').getByText('plan.txt').waitFor();
    await page.locator('.composer').getByRole('combobox', { name: 'To', exact: true }).fill('maeve.oneill@northlight.example,');
    await inGoodShape(visitor, 'shared-02-forward');
    await button('Send', page.locator('.composer')).click();
    await until('the mail at Maeve', async () => (await messages(org.person('maeve.oneill@northlight.example'), 'INBOX')).some((one) => one.subject === 'Fwd: Plan of the hall'));
    const sent = await until('it in Sent', async () => {
      const { ids } = await member.call('Email/query', { accountId: own, filter: { subject: 'Fwd: Plan of the hall', inMailbox: (await member.mailboxes(own)).sent.id } });
      return ids.length > 0 && (await member.call('Email/get', { accountId: own, ids, properties: ['from', 'attachments'] })).list[0];
    });
    assert.deepEqual([sent.from[0].email, sent.attachments.map((one) => one.name)], [james.mail, ['plan.txt']]);
    await page.keyboard.press('r');
    await editor().waitFor();
    await page.getByRole('group', { name: 'Rosa Winkler <rosa.winkler@fairs.example>' }).waitFor();
    await editor().click();
    await page.keyboard.type('I answer from my own desk.');
    await until('the draft in one’s own mailbox', async () => (await member.call('Email/query', { accountId: own, filter: { text: 'own desk' } })).ids.length === 1);
    await button('Discard the draft', page.locator('.composer')).click();
    await button('Discard the draft', page.locator('dialog[open]')).click();
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  step('where one may work but not send, mail is filed there and written from one’s own', async () => {
    await toInbox(anna.mail);
    await share('work');
    await row('Plan of the hall').locator('button.row-star').click();
    await until('the star', async () => (await messages(anna, 'INBOX')).some((one) => one.subject === 'Plan of the hall' && one.flags.includes('\\Flagged')));
    await row('Plan of the hall').click();
    await page.locator('.message[data-open=true]').first().waitFor();
    await page.keyboard.press('r');
    await page.getByRole('group', { name: 'Rosa Winkler <rosa.winkler@fairs.example>' }).waitFor();
    await button('Send', page.locator('.composer')).click();
    await until('the mark that it is answered', async () => (await messages(anna, 'INBOX')).some((one) => one.subject === 'Plan of the hall' && one.flags.includes('\\Answered')));
    await page.keyboard.press('c');
    await editor().click();
    await page.keyboard.type('Written beside it.');
    await until('the draft in one’s own mailbox', async () => (await member.call('Email/query', { accountId: own, filter: { text: 'Written beside' } })).ids.length === 1);
    assert.equal(await page.locator('.composer select option', { hasText: anna.mail }).count(), 0);
    await button('Save and close', page.locator('.composer')).click();
  });

  step('nothing went wrong on the way', () => {
    assert.deepEqual(visitor.complaints(), []);
  });
});
