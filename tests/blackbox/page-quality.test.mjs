// What holds of every screen: nothing that axe-core finds against WCAG 2.2 AA, no text too faint, nothing that sticks out, no English where another
// language was chosen, and room for texts that are 40 % longer. Each screen is visited once and then changes its language, light and size in place.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { lostInForcedColours, motion } from './support/forced.mjs';
import { furnish } from './support/furnished.mjs';
import { startLinked } from './support/linked.mjs';
import { ADMIN } from './support/postroom.mjs';
import { allScreens, visit } from './support/screens.mjs';
import { LANGUAGES, untranslated } from './support/shape.mjs';

const WIDE = [1440, 900];
/* A laptop, one at 200 % zoom, a telephone. */
const SIZES = [[1024, 768], [720, 450], [390, 844]];

/* SCREENS='outbox|share' looks at some of them only. */
const ONLY = process.env.SCREENS && new RegExp(process.env.SCREENS);

let world, browser, people, outside;

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
  await look('forced colours', await lostInForcedColours(who));
  await look('less motion', await motion(who));
  for (const language of LANGUAGES) {
    await who.speak(language);
    await look(language, [...await untranslated(who), ...await who.overflow(), ...(language === 'he' ? await problemsOf(who) : [])]);
  }
  await who.speak('en');
  for (const size of SIZES) {
    await who.resize(...size);
    await look(`${size[0]} pixels wide`, await who.crampedTexts());
  }
  await who.stretch();
  for (const size of [SIZES[2], SIZES[0], WIDE]) {
    await who.resize(...size);
    await look(`longer texts, ${size[0]} pixels wide`, await who.crampedTexts());
  }
  return found;
}

async function inspect(who, screen) {
  await who.resize(...WIDE);
  await visit(who.page, world, screen);
  await who.atRest();
  assert.deepEqual(await faults(who), []);
}

describe('every screen', { skip: noBrowser, timeout: 600000 }, () => {
  before(async () => {
    world = await startLinked('anna.berg@northlight.example', { mails: 60 });
    browser = await launchBrowser();
    Object.assign(world, await furnish(world));
    [outside, ...people] = await Promise.all([1, 2, 3].map(() => Visitor.arrive(browser, [world.postroom.url], { width: WIDE[0], height: WIDE[1] })));
    await Promise.all(people.map((who) => who.signIn(world.postroom.url, ADMIN, ROW)));
  }, { timeout: 300000 });

  after(async () => {
    await browser?.close();
    await world?.close();
  });

  /* Two go through the list at once, each with screens of their own: much of the time is waiting. */
  test('is in good shape', { concurrency: 2 }, async (context) => {
    const left = (await allScreens(people[0].page, world.postroom.url)).filter((screen) => !ONLY || ONLY.test(screen.name));
    await Promise.all(people.map(async (who) => {
      for (let screen = left.shift(); screen; screen = left.shift()) {
        const at = screen;
        await context.test(at.name, () => inspect(at.signedOut ? outside : who, at));
      }
    }));
  });

  test('caused no complaint and no request elsewhere', () => {
    assert.deepEqual([outside, ...people].flatMap((who) => who.complaints()), []);
  });
});
