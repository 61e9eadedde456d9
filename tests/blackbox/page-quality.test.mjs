// What holds of every screen: nothing that axe-core finds against WCAG 2.2 AA, no text too faint, nothing that sticks out, no English where another
// language was chosen, and room for texts that are 40 % longer. Each screen is visited once and then changes its language, light and size in place.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { startLinked } from './support/linked.mjs';
import { ADMIN } from './support/postroom.mjs';
import { allScreens, visit } from './support/screens.mjs';
import { LANGUAGES, untranslated } from './support/shape.mjs';

const WIDE = [1440, 900];
/* A laptop, one at 200 % zoom, a telephone. */
const SIZES = [[1024, 768], [720, 450], [390, 844]];

let world, browser, inside, outside;

async function problemsOf(who) {
  return [...await who.axe(), ...await who.faintTexts(), ...await who.overflow()];
}

/* Everything that is wrong with the screen that is shown, each with the circumstances. */
async function faults(who) {
  const found = [];
  const look = async (name, what) => found.push(...what.map((one) => `${name}: ${one}`));
  await look('light', await problemsOf(who));
  await who.light('dark');
  await look('dark', await problemsOf(who));
  await who.light('light');
  for (const language of LANGUAGES) {
    await who.speak(language);
    await look(language, [...await untranslated(who), ...await who.overflow(), ...(language === 'he' ? await problemsOf(who) : [])]);
  }
  await who.speak('en');
  for (const size of SIZES) {
    await who.resize(...size);
    await look(`${size[0]} pixels wide`, await who.overflow());
  }
  await who.resize(1024, 768);
  await look('longer texts', await who.cutTexts());
  return found;
}

async function inspect(who, screen) {
  await who.resize(...WIDE);
  await visit(who.page, world.postroom.url, screen);
  await who.atRest();
  assert.deepEqual(await faults(who), []);
}

describe('every screen', { skip: noBrowser, timeout: 600000 }, () => {
  before(async () => {
    world = await startLinked('anna.berg@northlight.example', { mails: 60 });
    browser = await launchBrowser();
    [inside, outside] = await Promise.all([1, 2].map(() => Visitor.arrive(browser, [world.postroom.url], { width: WIDE[0], height: WIDE[1] })));
    await inside.signIn(world.postroom.url, ADMIN);
    await inside.page.locator(ROW).first().waitFor();
  }, { timeout: 300000 });

  after(async () => {
    await browser?.close();
    await world?.close();
  });

  test('is in good shape', async (context) => {
    for (const screen of await allScreens(inside.page, world.postroom.url))
      await context.test(screen.name, () => inspect(screen.signedOut ? outside : inside, screen));
  });

  test('caused no complaint and no request elsewhere', () => {
    assert.deepEqual([...inside.complaints(), ...outside.complaints()], []);
  });
});
