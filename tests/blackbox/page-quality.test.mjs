// What holds of every screen: nothing that axe-core finds against WCAG 2.2 AA, no text too faint, nothing that sticks out, no English where another
// language was chosen, and room for texts that are 40 % longer.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { launchBrowser, noBrowser, Visitor } from './support/browser.mjs';
import { startLinked } from './support/linked.mjs';
import { ADMIN } from './support/postroom.mjs';
import { allScreens, visit } from './support/screens.mjs';

const LOCALES = new URL('../../web/locales/', import.meta.url);
const LANGUAGES = readdirSync(LOCALES, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
const catalogue = (language) => Object.assign({}, ...readdirSync(new URL(`${language}/`, LOCALES)).map((file) => JSON.parse(readFileSync(new URL(`${language}/${file}`, LOCALES), 'utf8'))));
const ENGLISH = catalogue('en');

let world, browser, storageState;

/* Everybody who looks at the screens is signed in already, but where the screen is the door. */
async function arrive(screen, options) {
  return Visitor.arrive(browser, [world.postroom.url], { width: 1440, height: 900, ...options, ...(screen.signedOut ? {} : { storageState }) });
}

async function eachScreen(options, look) {
  const screens = await (async () => {
    const who = await arrive({}, options);
    const all = await allScreens(who.page, world.postroom.url);
    await who.context.close();
    return all;
  })();
  const wrong = [];
  const inside = await arrive({}, options), outside = await arrive({ signedOut: true }, options);
  for (const screen of screens) {
    const who = screen.signedOut ? outside : inside;
    try {
      await visit(who.page, world.postroom.url, screen);
      wrong.push(...(await look(who)).map((what) => `${screen.name}: ${what}`));
    } catch (error) {
      wrong.push(`${screen.name}: ${error.message.split('\n')[0]}`);
    }
  }
  wrong.push(...inside.complaints(), ...outside.complaints());
  await inside.context.close();
  await outside.context.close();
  assert.deepEqual(wrong, []);
}

/* Texts of the screen that are the English ones, where the language has others. */
async function english(who, language) {
  const other = catalogue(language);
  const untranslated = new Set(Object.keys(ENGLISH).filter((key) => ENGLISH[key] !== other[key]).map((key) => ENGLISH[key]));
  return (await who.texts()).filter((text) => untranslated.has(text)).map((text) => `in English: ${text}`);
}

describe('every screen', { skip: noBrowser, timeout: 600000 }, () => {
  before(async () => {
    world = await startLinked('anna.berg@northlight.example', { mails: 60 });
    browser = await launchBrowser();
    const who = await Visitor.arrive(browser, [world.postroom.url]);
    await who.page.goto(world.postroom.url);
    await who.page.locator('input[name=email]').fill(ADMIN.email);
    await who.page.locator('input[name=password]').fill(ADMIN.password);
    await who.page.locator('form button[type=submit]').click();
    await who.page.locator('.row').first().waitFor();
    storageState = await who.context.storageState();
    await who.context.close();
  }, { timeout: 300000 });

  after(async () => {
    await browser?.close();
    await world?.close();
  });

  for (const [name, options] of [['in English', {}], ['in Hebrew', { locale: 'he-IL' }], ['in the dark', { dark: true }]])
    test(`has nothing against WCAG 2.2 AA ${name}`, () => eachScreen(options, async (who) => [...await who.axe(), ...await who.faintTexts(), ...await who.overflow()]));

  for (const language of LANGUAGES.filter((one) => one !== 'en'))
    test(`is whole in ${language}`, () => eachScreen({ locale: language }, async (who) => [...await english(who, language), ...await who.overflow()]));

  test('has room on a telephone', () => eachScreen({ width: 390, height: 844 }, (who) => who.overflow()));

  test('has room for longer texts', () => eachScreen({ width: 1024 }, (who) => who.cutTexts()));
});
