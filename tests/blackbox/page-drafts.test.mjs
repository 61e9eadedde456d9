// Drafts in a browser: one for each letter, found again elsewhere, and nothing lost when the page, the connection or the server dies while one types.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { noBrowser, ROW } from './support/browser.mjs';
import { sleep, until } from './support/organisation.mjs';
import { startPage } from './support/page.mjs';

let all, page, visitor;

const box = (where = page) => where.locator('.composer').last();
const editor = (where = page) => box(where).locator('.composer-editor');
const draftsThere = async (subject) => (await all.org.control('messages', { person: all.person.mail, folder: 'Drafts' })).filter((mail) => mail.subject === subject);

async function write(subject, words, where = page) {
  await where.getByRole('button', { name: 'New mail', exact: true }).first().click();
  await editor(where).waitFor();
  await box(where).getByLabel('Subject').fill(subject);
  await editor(where).click();
  await where.keyboard.type(words);
}

async function openDraft(subject, where = page) {
  await where.locator('.mailbox', { hasText: 'Drafts' }).first().click();
  await where.locator('.row', { hasText: subject }).first().click();
  await where.getByRole('button', { name: 'Continue writing' }).first().click();
  await editor(where).waitFor();
}

const hasCopy = (where, words) => where.evaluate((wanted) => new Promise((resolve) => {
  const request = indexedDB.open('postroom-letters');
  request.onsuccess = () => {
    const all = request.result.transaction('letters').objectStore('letters').getAll();
    all.onsuccess = () => { request.result.close(); resolve(all.result.some((copy) => copy.letter.html.includes(wanted))); };
  };
}), words);

const toast = (text, where = page) => where.locator('.toast', { hasText: text });

describe('drafts in a browser', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    all = await startPage('main', { mails: 10 });
    ({ page, visitor } = all);
  }, { timeout: 200000 });
  after(async () => { await all?.close(); });

  test('many savings leave one draft in the mailbox, the newest', async () => {
    await write('One draft', 'first');
    for (const word of [' second', ' third', ' fourth']) {
      await box().getByText('Saved to Drafts').waitFor();
      await page.keyboard.type(word);
      await until('another saving', async () => (await box().locator('.composer-status').innerText()) !== 'Saved to Drafts');
    }
    await box().getByText('Saved to Drafts').waitFor();
    await until('one draft with the last words', async () => {
      const kept = await draftsThere('One draft');
      return kept.length === 1;
    });
    await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
  });

  test('what is typed last before the window closes is saved, and nothing of it stays behind', async () => {
    await write('Closed at once', 'first');
    await box().getByText('Saved to Drafts').waitFor();
    await page.keyboard.type(' and last');
    await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
    await until('all of it in Drafts', async () => (await all.client.call('Email/query', { accountId: all.account, filter: { hasKeyword: '$draft', text: '"first and last"' } })).ids.length === 1);
    await until('no copy on this machine', async () => !(await hasCopy(page, 'and last')), { ms: 5000 });
    assert.equal((await draftsThere('Closed at once')).length, 1);
    assert.equal(await page.locator('.toast-problem').count(), 0);
  });

  test('a draft is found again on another machine, and written on there', async () => {
    const other = await all.arrive();
    await openDraft('One draft', other.page);
    assert.equal((await editor(other.page).innerText()).trim(), 'first second third fourth');
    await editor(other.page).click();
    await other.page.keyboard.press('Control+End');
    await other.page.keyboard.type(' fifth');
    await box(other.page).getByText('Saved to Drafts').waitFor();
    await other.page.keyboard.press('Escape');
    assert.deepEqual(other.complaints(), []);
    await other.context.close();
    await until('still one', async () => (await draftsThere('One draft')).length === 1);
    const { client, account } = all;
    const { ids } = await client.call('Email/query', { accountId: account, filter: { text: 'fifth' } });
    assert.equal(ids.length, 1);
  });

  test('two pages with one draft are told of each other', async () => {
    await openDraft('One draft');
    const second = await visitor.context.newPage();
    await second.goto(all.postroom.url);
    await second.locator(ROW).first().waitFor();
    await openDraft('One draft', second);
    await second.getByText('also open in another tab').waitFor();
    await page.getByText('also open in another tab').waitFor();
    await second.close();
    await page.bringToFront();
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('a page that dies while one types loses nothing', async () => {
    const second = await visitor.context.newPage();
    await second.goto(all.postroom.url);
    await second.locator(ROW).first().waitFor();
    await second.route('**/jmap', (route) => (route.request().postData()?.includes('"create":{"draft"') ? route.abort() : route.continue()));
    await write('Died in the middle', 'words that no server has seen', second);
    await until('the copy', () => hasCopy(second, 'no server has seen'));
    await second.close({ runBeforeUnload: false });
    assert.equal((await draftsThere('Died in the middle')).length, 0);
    await page.reload();
    const offer = toast('Died in the middle');
    await offer.waitFor();
    await visitor.screen('drafts-recovered');
    await offer.getByRole('button', { name: 'Continue writing' }).click();
    assert.equal((await editor().innerText()).trim(), 'words that no server has seen');
    await box().getByText('Saved to Drafts').waitFor();
    await until('it is in Drafts', async () => (await draftsThere('Died in the middle')).length === 1);
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
    await page.reload();
    await page.locator(ROW).first().waitFor();
    await page.waitForTimeout(500);
    assert.equal(await toast('Died in the middle').count(), 0);
  });

  const kept = async (subject) => (await all.client.call('Email/query', { accountId: all.account, filter: { hasKeyword: '$draft', subject } })).ids.length;
  const SAVING = '"create":{"draft"';

  test('a reload while the first saving is under way leaves one draft, with all that was typed', async () => {
    const second = await visitor.context.newPage();
    await second.goto(all.postroom.url);
    await second.locator(ROW).first().waitFor();
    let held = null;
    await second.route('**/jmap', async (route) => {
      if (!route.request().postData()?.includes(SAVING)) return route.continue();
      await route.fetch();
      held = route;
    });
    await write('Reloaded in the middle', 'first words', second);
    await until('the draft at the server, whose answer does not come', () => held);
    await second.keyboard.type(' and some more');
    await until('the copy', () => hasCopy(second, 'and some more'));
    await Promise.all([second.reload(), until('the page going', async () => held.request().failure())]);
    await second.unrouteAll();
    await toast('Reloaded in the middle', second).getByRole('button', { name: 'Continue writing' }).click();
    await until('the words', async () => (await editor(second).innerText().catch(() => '')).trim() === 'first words and some more');
    await box(second).getByText('Saved to Drafts').waitFor();
    assert.equal(await kept('Reloaded in the middle'), 1);
    await until('one at the server', async () => (await draftsThere('Reloaded in the middle')).length === 1);
    await second.keyboard.press('Escape');
    await second.close();
  });

  test('what was saved whole as the page went is not offered again', async () => {
    await write('Saved as it went', 'all of it');
    let held = null;
    await page.route('**/jmap', async (route) => {
      if (!route.request().postData()?.includes(SAVING)) return route.continue();
      await route.fetch();
      held = route;
    });
    await until('the draft at the server, whose answer does not come', () => held);
    await Promise.all([page.reload(), until('the page going', async () => held.request().failure())]);
    await page.unrouteAll();
    await page.locator(ROW).first().waitFor();
    await until('the copy gone', async () => !(await hasCopy(page, 'all of it')));
    assert.equal(await toast('Saved as it went').count(), 0);
    assert.equal(await kept('Saved as it went'), 1);
  });

  test('a saving whose answer is lost on the way leaves one draft', async () => {
    await write('Lost on the way', 'first words');
    await page.route('**/jmap', async (route) => {
      if (!route.request().postData()?.includes(SAVING)) return route.continue();
      /* As a proxy does that tries again. */
      await route.fetch();
      await route.fetch();
      return route.abort('connectionreset');
    });
    await box().getByText('kept on this device').waitFor();
    await page.unrouteAll();
    await page.keyboard.type(' and some more');
    await box().getByText('Saved to Drafts').waitFor();
    assert.equal(await kept('Lost on the way'), 1);
    assert.equal(await page.getByText('changed or deleted elsewhere').count(), 0);
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('a server that dies while one types is waited for', async () => {
    await write('The server died', 'before');
    await box().getByText('Saved to Drafts').waitFor();
    await all.postroom.kill();
    await page.keyboard.type(' and after');
    await box().getByText('kept on this device').waitFor();
    await visitor.screen('drafts-offline');
    await all.postroom.serve();
    await box().getByText('Saved to Drafts').waitFor({ timeout: 40000 });
    await until('one draft', async () => (await draftsThere('The server died')).length === 1);
    const found = await until('its words', async () => {
      const { client, account } = all;
      return (await client.call('Email/query', { accountId: account, filter: { text: '"before and after"' } })).ids.length === 1;
    });
    assert.ok(found);
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('an answer that nobody wrote in leaves no draft', async () => {
    await page.locator('.mailbox', { hasText: 'Inbox' }).first().click();
    await page.locator(ROW).first().click();
    await page.locator('.message[data-open=true]').last().waitFor();
    const count = async () => (await all.client.call('Email/query', { accountId: all.account, filter: { hasKeyword: '$draft' } })).ids.length;
    const before = await count();
    await page.keyboard.press('r');
    await box().locator('.quote-node').waitFor();
    await sleep(4000);
    assert.equal(await box().locator('.composer-status').innerText(), '');
    await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
    await sleep(1000);
    assert.equal(await count(), before);
  });

  test('who answers a mail again is offered the draft there is', async () => {
    await page.locator('.mailbox', { hasText: 'Inbox' }).first().click();
    await page.locator(ROW).first().click();
    await page.locator('.message[data-open=true]').waitFor();
    await page.keyboard.press('r');
    await editor().waitFor();
    await page.keyboard.type('Half an answer');
    await box().getByText('Saved to Drafts').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'Use the draft you have?' }).waitFor();
    await visitor.screen('drafts-offer');
    await page.getByRole('button', { name: 'Use the draft', exact: true }).click();
    await editor().waitFor();
    assert.match(await editor().innerText(), /Half an answer/);
    await box().getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('a new letter to the people of a draft points at it', async () => {
    const to = async () => {
      await page.getByRole('button', { name: 'New mail', exact: true }).first().click();
      await editor().waitFor();
      await box().getByRole('combobox', { name: 'To', exact: true }).fill('somebody@example.org, other@example.org');
      await page.keyboard.press('Enter');
    };
    await to();
    await editor().click();
    await page.keyboard.type('Begun before');
    await box().getByText('Saved to Drafts').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
    await to();
    await box().getByText('You have a draft to the same recipients').waitFor();
    await visitor.screen('drafts-similar');
    await box().getByRole('button', { name: 'Use the draft', exact: true }).click();
    await until('the draft', async () => /Begun before/.test(await editor().innerText().catch(() => '')));
    assert.equal(await page.locator('.composer').count(), 1);
  });

  test('nothing went wrong that was not made to', () => {
    assert.deepEqual(visitor.complaints().filter((text) => !/ERR_|Failed to load resource|WebSocket|50[23]/.test(text)), []);
  });
});
