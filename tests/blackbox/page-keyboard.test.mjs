// The page by keyboard alone: a day's work without a pointer, and on every screen: each control is reached by Tab, shows that it is, and lets go again.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { furnish } from './support/furnished.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';
import { allScreens, visit } from './support/screens.mjs';
import { isBroken, step } from './support/steps.mjs';

const ANSWER = 'Thursday suits me well.';
/* Shadows are not drawn then: each kind of control is marked by a line as well. */
const IN_FORCED_COLOURS = ['list', 'composer', 'settings-labels', 'settings-microsoft', 'template-editor'];
/* All of it is on other screens as well. */
const KNOWN = ['invitation', 'note-editor'];
let world, browser, visitor, page, anna, james;

const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className || document.activeElement?.tagName);
const serverHas = async (folder, subject, person = anna) => (await world.org.control('messages', { person: person.mail, folder })).some((one) => one.subject === subject);

/* By Tab, as often as it takes, to what matches. */
async function tabTo(selector, key = 'Tab') {
  for (let step = 0; step < 120; step++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`no way to ${selector}`);
}

/* By arrow to the entry of the open menu with these words. */
async function choose(words) {
  for (let step = 0; step < 30; step++) {
    if ((await page.evaluate(() => document.activeElement?.textContent ?? '')).includes(words)) return press('Enter');
    await page.keyboard.press('ArrowDown');
  }
  assert.fail(`no entry ${words}`);
}

/* Up or down to the conversation with this subject. */
async function walkTo(subject) {
  const row = page.locator('.row', { hasText: subject });
  await row.waitFor();
  if (!(await page.locator('.row-active').count())) await press('j');
  for (let step = 0; step < 60; step++) {
    const [wanted, at] = await Promise.all([row, page.locator('.row-active')].map(async (one) => Number(await one.getAttribute('aria-rowindex'))));
    if (wanted === at) return;
    await press(wanted > at ? 'j' : 'k');
  }
  assert.fail(`${subject} was not come by`);
}

const letter = (subject, minutes) => `From: James Okafor <${james.mail}>\nTo: Anna Berg <${anna.mail}>\nSubject: ${subject}\nMessage-ID: <${subject.replaceAll(' ', '-')}@northlight.example>\nDate: ${new Date(Date.now() - minutes * 60e3).toUTCString()}\n\nWhen can we meet? The lamps are ready.\n`;

describe('by keyboard alone', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    world = await startLinked('anna.berg@northlight.example', { mails: 30 });
    anna = world.person;
    james = world.org.person('james.okafor@northlight.example');
    for (const [subject, minutes] of [['Meeting on Thursday', 3], ['Old price list', 2], ['Receipt for the van', 1]]) await world.org.control('append', { person: anna.mail, message: letter(subject, minutes) });
    browser = await launchBrowser();
    visitor = await Visitor.arrive(browser, [world.postroom.url], { width: 1440, height: 900 });
    page = visitor.page;
  }, { timeout: 120000 });

  after(async () => {
    if (isBroken() && visitor) await visitor.screen('keyboard-failed').catch(() => {});
    await browser?.close();
    await world?.close();
  });

  step('one signs in', async () => {
    await page.goto(world.postroom.url);
    await page.locator('input[name=email]:focus').waitFor();
    await page.keyboard.type(ADMIN.email);
    await press('Tab');
    await page.keyboard.type(ADMIN.password);
    await press('Enter');
    await page.locator('.row', { hasText: 'Receipt for the van' }).waitFor();
  });

  step('one skips to the list, opens a conversation and reads it', async () => {
    await press('Tab');
    await page.locator('.skip:focus').waitFor();
    await press('Enter');
    await page.locator('#list:focus').waitFor();
    await walkTo('Meeting on Thursday');
    assert.equal(await page.locator('#list').getAttribute('aria-activedescendant'), await page.locator('.row-active').getAttribute('id'));
    await press('Enter');
    await page.locator('.message[data-open=true]').getByText('The lamps are ready').waitFor();
  });

  step('one answers and sends', async () => {
    await press('r');
    await page.locator('.composer-editor:focus, .composer-plain:focus').waitFor();
    await page.keyboard.type(ANSWER);
    await press('Control+Enter');
    await page.locator('.composer').waitFor({ state: 'detached' });
    await until('the answer at the colleague', () => serverHas('INBOX', 'Re: Meeting on Thursday', james));
  });

  step('one archives, and takes it back', async () => {
    await press('u');
    await page.locator('#list:focus').waitFor();
    await walkTo('Old price list');
    await press('e');
    await page.locator('.row', { hasText: 'Old price list' }).waitFor({ state: 'detached' });
    await until('it in the archive', () => serverHas('Archive', 'Old price list'));
    await press('z');
    await page.locator('.row', { hasText: 'Old price list' }).waitFor();
    await until('it in the inbox', () => serverHas('INBOX', 'Old price list'));
    assert.equal(await focused(), 'list', 'the list still has the keyboard');
  });

  step('one searches, and leaves the search', async () => {
    await press('/');
    await page.locator('#search:focus').waitFor();
    await page.keyboard.type('receipt van');
    await press('Enter');
    await page.locator('.row mark').first().waitFor();
    await page.locator('#list:focus').waitFor();
    await press('/');
    await page.locator('#search:focus').waitFor();
    await press('Control+a', 'Delete', 'Enter');
    await page.locator('.row mark').first().waitFor({ state: 'detached' });
  });

  step('one moves a conversation to a folder', async () => {
    await page.locator('#list:focus').waitFor();
    await walkTo('Receipt for the van');
    await press('x');
    await page.locator('.selection-bar').waitFor();
    await press('v');
    await page.locator('dialog input:focus').waitFor();
    await press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await focused(), 'list', 'the dialog gave the keyboard back');
    await press('v');
    await page.locator('dialog input:focus').waitFor();
    await page.keyboard.type('Germany');
    await press('Enter');
    await page.locator('.row', { hasText: 'Receipt for the van' }).waitFor({ state: 'detached' });
    await until('it in the folder', () => serverHas('Germany', 'Receipt for the van').catch(() => serverHas('Customers/Germany', 'Receipt for the van')));
    assert.equal(await focused(), 'list', 'the dialog gave the keyboard back');
  });

  step('a menu opens, closes, and gives the keyboard back', async () => {
    await tabTo('.sidebar-foot [aria-haspopup=menu]');
    await press('Enter');
    await page.locator('[role=menu] button:focus').waitFor();
    await press('Escape');
    await page.locator('[role=menu]').waitFor({ state: 'detached' });
    await page.locator('.sidebar-foot [aria-haspopup=menu]:focus').first().waitFor();
  });

  step('one goes to the settings and back', async () => {
    await press('Enter');
    await page.locator('[role=menu] button:focus').waitFor();
    await choose('Settings');
    await page.locator('.settings-content h1').waitFor();
    assert.match(await page.title(), /^\S.+ – Postroom$/);
    assert.equal(await focused(), 'page-body', 'the page has the keyboard');
    await tabTo('.settings-nav a:not([aria-current])');
    const section = await page.evaluate(() => document.activeElement.textContent);
    await press('Enter');
    await page.locator('.settings-nav a[aria-current]', { hasText: section }).waitFor();
    await tabTo('.page-back', 'Shift+Tab');
    await press('Enter');
    await page.locator(ROW).first().waitFor();
  });

  step('every screen is gone through by Tab: marked, in view, and to the end', async () => {
    const wrong = [];
    Object.assign(world, await furnish(world));
    for (const screen of (await allScreens(page, world.postroom.url)).filter((one) => !one.signedOut && !KNOWN.includes(one.name))) {
      await visit(page, world, screen);
      wrong.push(...(await visitor.tabThrough()).map((what) => `${screen.name}: ${what}`));
    }
    await page.emulateMedia({ forcedColors: 'active' });
    for (const screen of (await allScreens(page, world.postroom.url)).filter((one) => IN_FORCED_COLOURS.includes(one.name))) {
      await visit(page, world, screen);
      wrong.push(...(await visitor.tabThrough()).map((what) => `${screen.name} in forced colours: ${what}`));
    }
    await page.emulateMedia({ forcedColors: 'none' });
    assert.deepEqual(wrong, []);
  });

  step('one signs out', async () => {
    await page.goto(world.postroom.url);
    await page.locator(ROW).first().waitFor();
    await tabTo('.sidebar-foot [aria-haspopup=menu]');
    await press('Enter');
    await page.locator('[role=menu] button:focus').waitFor();
    await choose('Sign out');
    await page.locator('input[name=email]:focus').waitFor();
    assert.deepEqual(visitor.complaints(), []);
  });
});
