// Sending from a browser: taken back, for later, refused, without a connection; files that are paused and tried again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { noBrowser, ROW } from './support/browser.mjs';
import { until } from './support/organisation.mjs';
import { startPage } from './support/page.mjs';

let all, page, visitor, james;

const box = () => page.locator('.composer').last();
const editor = () => box().locator('.composer-editor');
const toast = (text) => page.locator('.toast', { hasText: text });
const mails = async (person, folder, subject) => (await all.org.control('messages', { person, folder })).filter((mail) => mail.subject === subject);
const arrived = (subject) => mails(james.mail, 'INBOX', subject);
const sendButton = () => box().getByRole('button', { name: 'Send', exact: true });
const outbox = () => page.locator('.outbox-link');
const outgoing = (subject) => page.locator('.outgoing', { hasText: subject });

async function write(subject, words = 'Some words.', to = james.mail) {
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click();
  await editor().waitFor();
  await box().getByRole('combobox', { name: 'To', exact: true }).fill(to);
  await page.keyboard.press('Enter');
  await box().getByLabel('Subject').fill(subject);
  await editor().click();
  await page.keyboard.type(words);
}

const closeDialog = async () => {
  await page.locator('dialog').getByRole('button', { name: 'Close' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
};

describe('sending in a browser', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    all = await startPage('main', { mails: 5 });
    ({ page, visitor } = all);
    page.setDefaultTimeout(8000);
    james = all.org.person('james.okafor@northlight.example');
    const { client } = all;
    await client.call('Preferences/set', { accountId: Object.keys((await client.session()).accounts).find((id) => id.startsWith('u')), update: { singleton: { undoSendSeconds: 5 } } });
    await page.reload();
    await page.locator(ROW).first().waitFor();
  }, { timeout: 200000 });
  after(async () => {
    await visitor?.screen('sending-last').catch(() => {});
    await all?.close();
  });

  test('what was sent can be taken back, and is open again as it was', async () => {
    await write('Taken back', 'I should not say this.');
    await page.keyboard.press('Control+Enter');
    await toast('Sending…').getByRole('button', { name: 'Undo' }).click();
    await until('the letter again', async () => /should not say/.test(await editor().innerText().catch(() => '')));
    await toast('Not sent. Your mail is open again.').waitFor();
    const { width, height } = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 844 });
    await box().getByRole('button', { name: 'Send later' }).click();
    const covered = await page.getByRole('menuitem').evaluateAll((items) => items.filter((item) => {
      const box = item.getBoundingClientRect();
      return !item.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
    }).map((item) => item.textContent));
    assert.deepEqual(covered, [], 'a telephone shows its messages over the menu');
    await toast('Not sent.').waitFor();
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(5500);
    assert.equal((await arrived('Taken back')).length, 0);
    assert.equal((await mails(all.person.mail, 'Drafts', 'Taken back')).length, 1);
  });

  test('sent again it goes out once its time is over, with the page closed or not', async () => {
    await sendButton().click();
    await toast('Sending…').waitFor();
    await page.goto('about:blank');
    await until('the arrival', async () => (await arrived('Taken back')).length === 1, { ms: 30000 });
    await page.goto(all.postroom.url);
    await page.locator(ROW).first().waitFor();
    await until('no draft left', async () => (await mails(all.person.mail, 'Drafts', 'Taken back')).length === 0);
    await until('one copy in Sent', async () => (await mails(all.person.mail, 'Sent Items', 'Taken back')).length === 1);
  });

  test('a promised attachment is asked for, in any language; a quoted promise is not', async () => {
    await write('A promise', 'Anbei das Angebot.');
    await sendButton().click();
    await page.getByRole('heading', { name: 'Is an attachment missing?' }).waitFor();
    await visitor.screen('sending-forgotten');
    await closeDialog();
    await box().locator('input[type=file]:not([accept])').setInputFiles({ name: 'Angebot.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(40000, 'a') });
    await box().locator('.composer-attachment small', { hasText: 'kB' }).or(box().locator('.composer-attachment small', { hasText: 'KB' })).waitFor();
    await sendButton().click();
    await until('the arrival', async () => (await arrived('A promise')).length === 1, { ms: 30000 });
  });

  test('a mail for later waits among the drafts and in the outbox, and is called off', async () => {
    await write('For another day');
    /* At once: the draft gets to the server while it waits for its time. */
    await box().getByRole('button', { name: 'Send later' }).click();
    await visitor.screen('sending-later');
    await page.getByRole('menuitem', { name: 'Another time…' }).click();
    await page.locator('dialog').getByLabel('Day').fill('2020-01-01');
    await page.getByRole('button', { name: 'Schedule' }).click();
    await page.waitForTimeout(200);
    const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    await page.locator('dialog').getByLabel('Day').fill(day);
    await page.locator('dialog').getByLabel('Time').fill('09:15');
    await page.getByRole('button', { name: 'Schedule' }).click();
    await toast('It will be sent on').waitFor();
    await outbox().click();
    await outgoing('For another day').getByText('Will be sent on').waitFor();
    await visitor.screen('sending-outbox');
    assert.deepEqual(await visitor.faintTexts(), []);
    await until('it among the drafts at the server', async () => (await mails(all.person.mail, 'Drafts', 'For another day')).length === 1);
    await outgoing('For another day').getByRole('button', { name: 'Cancel and edit' }).click();
    await editor().waitFor();
    await until('the letter', async () => (await box().getByLabel('Subject').inputValue()) === 'For another day');
    await until('nothing in the outbox', async () => (await outbox().count()) === 0);
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('what is scheduled before it is at the server gets there while it waits', async () => {
    const { client, account, person } = all;
    const boxes = await client.mailboxes(account);
    const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
    const results = await client.calls([
      ['Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: person.mail }], to: [{ email: james.mail }], subject: 'In one breath', textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'Soon.' } } } } }],
      ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: identity.id, 'postroom:moveToSent': true, envelope: { mailFrom: { email: person.mail, parameters: { HOLDFOR: '86400' } }, rcptTo: [{ email: james.mail, parameters: null }] } } } }],
    ]);
    const { id } = results[1][1].created.s;
    await until('it among the drafts at the server', async () => (await mails(person.mail, 'Drafts', 'In one breath')).length === 1, { ms: 20000 });
    const draft = results[0][1].created.d.id;
    await client.call('Email/set', { accountId: account, update: { [draft]: { mailboxIds: { [boxes.trash.id]: true } } } });
    const { list } = await client.call('EmailSubmission/get', { accountId: account, ids: [id] });
    assert.equal(list[0].undoStatus, 'canceled', 'a draft in Trash is not sent');
    await until('it in the trash there', async () => (await mails(person.mail, 'Drafts', 'In one breath')).length === 0);
  });

  test('what was scheduled goes at once when it is told to', async () => {
    await write('Now after all');
    await box().getByRole('button', { name: 'Send later' }).click();
    await page.getByRole('menuitem', { name: /^Tomorrow morning/ }).click();
    /* What was said of the mail before may still be there. */
    await toast(/It will be sent on .* at 8:00/).waitFor();
    await outbox().click();
    await outgoing('Now after all').getByRole('button', { name: 'Send now' }).click();
    await until('the arrival', async () => (await arrived('Now after all')).length === 1, { ms: 30000 });
    await closeDialog();
  });

  test('a refused mail says why in plain words, and goes out when it is tried again', async () => {
    await all.org.control('addFault', { service: 'smtp', kind: 'reply', person: all.person.mail, command: 'DATA', reply: '554 5.2.252 SendAsDenied; not allowed to send as this sender', times: 1 });
    await write('Refused once');
    await sendButton().click();
    await until('the outbox', async () => (await outbox().getAttribute('data-troubled').catch(() => null)) === 'true', { ms: 40000 });
    await outbox().click();
    const row = outgoing('Refused once');
    await row.getByText('Not sent').waitFor();
    await row.getByText('Details').click();
    await row.getByText('SendAsDenied').waitFor();
    await visitor.screen('sending-failed');
    assert.deepEqual(await visitor.faintTexts(), []);
    const top = async () => (await page.locator('dialog').boundingBox()).y;
    const before = await top();
    await row.getByRole('button', { name: 'Try again' }).click();
    await until('the arrival', async () => (await arrived('Refused once')).length === 1, { ms: 30000 });
    await row.waitFor({ state: 'detached' });
    assert.equal(await top(), before, 'what is in a dialog goes, and its buttons stay where they are');
    await closeDialog();
  });

  test('without a connection a mail waits here, and goes out with the next one, once', async () => {
    await write('Sent in a tunnel');
    await box().getByText('Saved to Drafts').waitFor();
    await visitor.context.setOffline(true);
    await page.keyboard.type(' More words.');
    await sendButton().click();
    await toast('goes out as soon as there is one').waitFor();
    await outbox().waitFor();
    await outbox().click();
    await outgoing('Sent in a tunnel').getByText('Waits for a connection').waitFor();
    await visitor.screen('sending-waiting');
    await closeDialog();
    await visitor.context.setOffline(false);
    await until('the arrival', async () => (await arrived('Sent in a tunnel')).length === 1, { ms: 40000 });
    await page.waitForTimeout(1500);
    assert.equal((await arrived('Sent in a tunnel')).length, 1);
    await until('no draft left', async () => (await mails(all.person.mail, 'Drafts', 'Sent in a tunnel')).length === 0);
  });

  test('a file whose upload breaks off is paused, and tried again', async () => {
    await write('With a large file', 'Here it is.');
    await page.route('**/jmap/upload/**', (route) => route.abort('connectionreset'), { times: 1 });
    await box().locator('input[type=file]:not([accept])').setInputFiles({ name: 'large.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(8_000_000, 'b') }, { timeout: 30000 });
    await box().getByText('Waits for a connection').waitFor();
    await box().getByRole('button', { name: 'Try large.bin again' }).click();
    await box().locator('.composer-attachment', { hasText: 'large.bin' }).locator('small', { hasText: /M?B/ }).waitFor({ timeout: 30000 });
    await box().locator('.size-meter').waitFor();
    await visitor.screen('sending-files');
    assert.deepEqual(await visitor.overflow(), []);
    await box().getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('nothing went wrong that was not made to', () => {
    assert.deepEqual(visitor.complaints().filter((text) => !/ERR_|Failed to load resource/.test(text)), []);
  });
});
