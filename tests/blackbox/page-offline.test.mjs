// The page without its server: what is done is kept, shown, and carried out in order when the server or the network is back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { noBrowser, ROW } from './support/browser.mjs';
import { deliver, startDesk } from './support/desk.mjs';
import { until } from './support/organisation.mjs';

let desk, visitor, page, anna, james;

const row = (subject) => page.locator(ROW, { hasText: subject });
const pill = (text) => page.locator('.strip-waiting', { hasText: text });
const messages = (folder = 'INBOX') => desk.org.control('messages', { person: anna.mail, folder });
const subjectsIn = async (folder) => (await messages(folder)).map((m) => m.subject);
const kept = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('postroom.waiting.')).map((key) => localStorage.getItem(key)).join(''));

/* What a browser says of a server that is not there is no mistake of the page. */
const complaints = () => visitor.complaints().filter((text) => !/ERR_(CONNECTION|INTERNET|EMPTY_RESPONSE|INCOMPLETE|NETWORK)/.test(text));

describe('without a server', { skip: noBrowser, timeout: 240000 }, () => {
  before(async () => {
    desk = await startDesk(['main', 'james.okafor@northlight.example']);
    [anna, james] = desk.people;
    for (let n = 1; n <= 8; n++) await deliver(desk.org, anna, `Parcel ${n} of 8`);
    visitor = await desk.arrive({ width: 1440 });
    page = visitor.page;
    await row('Parcel 6 of 8').waitFor();
  }, { timeout: 200000 });

  after(async () => {
    if (visitor) await visitor.screen('offline-last').catch(() => {});
    await desk?.close();
  });

  test('while the server is away changes are shown, kept and counted, and the page goes on', async () => {
    await desk.postroom.stop();
    await page.locator('.strip', { hasText: 'Reconnecting' }).waitFor({ timeout: 30000 });
    await row('Parcel 1 of 8').click({ modifiers: ['Control'] });
    await page.keyboard.press('e');
    await row('Parcel 1 of 8').waitFor({ state: 'detached' });
    await pill('1 change will be made').waitFor();
    await row('Parcel 2 of 8').click({ modifiers: ['Control'] });
    await page.keyboard.press('s');
    await row('Parcel 2 of 8').locator('.row-starred').waitFor();
    await pill('2 changes will be made').waitFor();
    await pill('2 changes').click();
    await page.locator('.waiting-list li', { hasText: 'archived' }).waitFor();
    await visitor.screen('offline-waiting');
    await page.keyboard.press('Escape');
    assert.doesNotMatch(await kept(), /Parcel/, 'no subject is written down');
  });

  test('when it is back they are carried out without a reload', async () => {
    const mark = await page.evaluate(() => { window.stillHere = true; return performance.timeOrigin; });
    await desk.postroom.serve();
    await until('the first at the mail server', async () => (await subjectsIn('Archive')).includes('Parcel 1 of 8'));
    await until('the second at the mail server', async () => (await messages()).some((m) => m.subject === 'Parcel 2 of 8' && m.flags.includes('\\Flagged')));
    await page.locator('.strip-waiting').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => window.stillHere && performance.timeOrigin), mark);
    assert.equal(await row('Parcel 1 of 8').count(), 0);
    assert.equal(await kept(), '');
    await deliver(desk.org, anna, 'After the restart');
    await row('After the restart').waitFor({ timeout: 40000 });
  });

  test('they outlive the tab', async () => {
    await page.keyboard.press('Escape');
    await visitor.context.setOffline(true);
    await row('Parcel 3 of 8').click({ modifiers: ['Control'] });
    await page.keyboard.press('#');
    await pill('1 change will be made').waitFor();
    const storageState = await visitor.context.storageState();
    await visitor.context.close();
    assert.ok((await subjectsIn('INBOX')).includes('Parcel 3 of 8'));
    const { Visitor } = await import('./support/browser.mjs');
    visitor = await Visitor.arrive(desk.browser, [desk.postroom.url], { width: 1440, storageState });
    page = visitor.page;
    await page.goto(desk.postroom.url);
    await row('Parcel 6 of 8').waitFor();
    await until('it in the trash', async () => (await subjectsIn('Deleted Items').catch(() => subjectsIn('Trash'))).includes('Parcel 3 of 8'));
    await row('Parcel 3 of 8').waitFor({ state: 'detached' });
  });

  test('mail goes into another account when it can, once', async () => {
    await visitor.context.setOffline(true);
    await row('Parcel 6 of 8').click({ modifiers: ['Control'] });
    await page.keyboard.press('v');
    await page.locator('dialog[open] input').fill('archive');
    await page.locator('dialog[open]').getByRole('option').last().click();
    await row('Parcel 6 of 8').waitFor({ state: 'detached' });
    await pill('1 change will be made').waitFor();
    assert.doesNotMatch(await kept(), /Parcel/, 'no subject is written down');
    assert.ok((await subjectsIn('INBOX')).includes('Parcel 6 of 8'));
    await visitor.context.setOffline(false);
    const arrived = async () => (await desk.org.control('messages', { person: james.mail, folder: 'Archive' })).filter((m) => m.subject === 'Parcel 6 of 8').length;
    await until('it at James', async () => (await arrived()) === 1);
    await until('it gone here', async () => !(await subjectsIn('INBOX')).includes('Parcel 6 of 8'));
    await page.locator('.strip-waiting').waitFor({ state: 'detached' });
    assert.equal(await arrived(), 1);
    assert.equal(await row('Parcel 6 of 8').count(), 0);
  });

  test('what is refused later is put back, with the reason', async () => {
    await visitor.context.setOffline(true);
    await row('Parcel 4 of 8').click({ modifiers: ['Control'] });
    await page.keyboard.press('e');
    await pill('1 change will be made').waitFor();
    await row('Parcel 4 of 8').waitFor({ state: 'detached' });
    /* The archive is gone by then. */
    const { archive } = await desk.client.mailboxes(desk.accounts[0]);
    await desk.client.call('Mailbox/set', { accountId: desk.accounts[0], update: { [archive.id]: { role: null } } });
    await desk.client.call('Mailbox/set', { accountId: desk.accounts[0], destroy: [archive.id], onDestroyRemoveEmails: true });
    await visitor.context.setOffline(false);
    await page.locator('.toast-problem').waitFor({ timeout: 40000 });
    await row('Parcel 4 of 8').waitFor();
    await page.locator('.strip-waiting').waitFor({ state: 'detached' });
    assert.ok((await subjectsIn('INBOX')).includes('Parcel 4 of 8'));
    assert.deepEqual(complaints(), []);
  });
});
