// The search box in a browser: chips, completion, recent searches, mistakes, relevance, and searches that find nothing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { noBrowser, ROW } from './support/browser.mjs';
import { deliver, startDesk } from './support/desk.mjs';
import { until } from './support/organisation.mjs';

let desk, visitor, page;

const row = (subject) => page.locator(ROW, { hasText: subject });
const box = () => page.locator('#search');
const chip = (text) => page.locator('.search-chip', { hasText: text });
const offer = (text) => page.locator('#search-offers [role=option]', { hasText: text });
const asked = () => new URL(page.url()).searchParams.get('q');

async function search(text) {
  await page.keyboard.press('Escape');
  await box().click();
  if (await page.getByRole('button', { name: 'Clear the search' }).count()) await page.getByRole('button', { name: 'Clear the search' }).click();
  await page.keyboard.type(text);
}

describe('the search box', { skip: noBrowser, timeout: 240000 }, () => {
  before(async () => {
    desk = await startDesk();
    const [anna, james] = desk.people;
    await deliver(desk.org, anna, 'Zeppelin invoice', { text: 'The invoice for the zeppelin.' });
    await deliver(desk.org, anna, 'Minutes of Monday', { text: 'We also spoke of the zeppelin, at the very end, after everything else that had to be said.', date: new Date(Date.now() + 1000) });
    await deliver(desk.org, anna, 'Kept apart', { text: 'A walrus sleeps.', folder: 'Newsletters', flags: ['\\Seen'] });
    await deliver(desk.org, james, 'Only with James', { text: 'The okapi is awake.' });
    visitor = await desk.arrive({ width: 1440 });
    page = visitor.page;
    await row('Minutes of Monday').waitFor();
  }, { timeout: 200000 });

  after(async () => {
    if (visitor) await visitor.screen('search-last').catch(() => {});
    await desk?.close();
  });

  test('fields, people and states are completed by keys, and become chips', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('fr');
    await offer('from:').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await box().inputValue(), 'from:');
    await page.keyboard.type('pri');
    await offer('Priya Raman').first().waitFor();
    await visitor.screen('search-completion');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await chip(/^from:\S*@/).waitFor();
    await page.keyboard.type('is:unr');
    await offer('is:unread').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await chip('is:unread').waitFor();
    await page.keyboard.press('Enter');
    await until('the search in the address', () => /^from:\S+ is:unread$/.test(asked() ?? ''));
    assert.deepEqual(await visitor.overflow(), []);
    await visitor.screen('search-chips');
  });

  test('a chip goes by its button or by Backspace, which lets it be written on', async () => {
    await page.getByRole('button', { name: /^Remove from:/ }).click();
    await until('one term less', () => asked() === 'is:unread');
    await page.keyboard.press('Backspace');
    assert.equal(await box().inputValue(), 'is:unread');
    assert.equal(await page.locator('.search-chip').count(), 0);
  });

  test('folders are completed by their names', async () => {
    await search('in:news');
    await offer('in:Newsletters').click();
    await chip('in:Newsletters').waitFor();
    await page.keyboard.type('walrus');
    await row('Kept apart').waitFor();
  });

  test('hits are marked, by date or the best first', async () => {
    await search('zeppelin');
    await row('Zeppelin invoice').waitFor();
    await page.locator('.row mark', { hasText: /zeppelin/i }).first().waitFor();
    const subjects = () => page.locator('.row .row-subject').allInnerTexts();
    assert.deepEqual(await subjects(), ['Minutes of Monday', 'Zeppelin invoice']);
    await page.getByRole('button', { name: 'Best first' }).click();
    await until('the subject before the text', async () => (await subjects())[0] === 'Zeppelin invoice');
    await page.getByRole('button', { name: 'Best first' }).click();
  });

  test('what finds nothing offers what would, with its number', async () => {
    await search('okapi');
    const accounts = page.locator('.widen button', { hasText: 'All accounts' });
    await accounts.locator('.widen-count', { hasText: '1' }).waitFor();
    assert.equal(await page.locator('.widen button', { hasText: 'All folders' }).count(), 0, 'nothing is offered that finds nothing');
    await visitor.screen('search-widen');
    await accounts.click();
    await row('Only with James').waitFor();
    await page.goBack();
    await search('zeppelin submarine');
    await page.locator('.widen button', { hasText: 'Without submarine' }).locator('.widen-count', { hasText: '2' }).waitFor();
    await page.locator('.widen button', { hasText: 'Without submarine' }).click();
    await row('Zeppelin invoice').waitFor();
    await search('submarine');
    await page.getByText('A wider search finds nothing either.').waitFor();
  });

  test('a mistake is shown where it is', async () => {
    await search('form:anna zeppelin');
    await page.getByText('This search cannot be understood').waitFor();
    assert.equal(await page.locator('.mistake em').innerText(), 'form:');
    assert.equal(await box().getAttribute('aria-invalid'), 'true');
  });

  test('recent searches are kept for the person, found again elsewhere and forgotten', async () => {
    await search('zeppelin');
    await page.keyboard.press('Enter');
    await search('');
    await offer('zeppelin').first().waitFor();
    await visitor.screen('search-recent');
    const other = await desk.arrive({ width: 1024 });
    await other.page.locator('#search').click();
    await other.page.locator('#search-offers [role=option]', { hasText: 'zeppelin' }).first().click();
    await until('the search elsewhere', () => (new URL(other.page.url()).searchParams.get('q') ?? '').includes('zeppelin'));
    assert.deepEqual(other.complaints(), []);
    await other.context.close();
    const before = await offer('').count();
    await page.getByRole('button', { name: 'Forget the search “zeppelin”', exact: true }).click({ force: true });
    await until('one less', async () => (await offer('').count()) === before - 1);
  });

  test('in Hebrew, in the dark and on a phone it keeps its shape', async () => {
    for (const [name, options] of Object.entries({ he: { locale: 'he-IL', width: 1024 }, dark: { dark: true, width: 1440 }, phone: { width: 390, height: 780 } })) {
      const other = await desk.arrive(options);
      await other.page.locator('#search').click();
      await other.page.keyboard.type('is:unread from:priya@museum.example fi');
      await other.page.locator('#search-offers [role=option]').first().waitFor();
      await other.screen(`search-${name}`);
      assert.deepEqual(await other.overflow(), [], name);
      assert.deepEqual(await other.faintTexts(), [], name);
      assert.deepEqual(other.complaints(), [], name);
      await other.context.close();
    }
    assert.deepEqual(visitor.complaints(), []);
  });
});
