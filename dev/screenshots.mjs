// Pictures of the page for README and the guide: starts the sample organisation and Postroom, walks through the screens, and writes
// docs/screenshots/NAME-LANGUAGE-THEME-WIDTH.png. Every screen once, the main ones in three languages, light and dark, at three widths.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { benchTalk } from '../tests/blackbox/support/bench-talk.mjs';
import { launchBrowser, Visitor } from '../tests/blackbox/support/browser.mjs';
import { furnish } from '../tests/blackbox/support/furnished.mjs';
import { startLinked } from '../tests/blackbox/support/linked.mjs';
import { ROOT } from '../tests/blackbox/support/organisation.mjs';
import { ADMIN } from '../tests/blackbox/support/postroom.mjs';
import { allScreens, visit } from '../tests/blackbox/support/screens.mjs';
import { smaller } from './smaller-png.mjs';

const FOLDER = process.argv[2] ?? path.join(ROOT, 'docs/screenshots');
const ONLY = process.argv[3];
const SIZES = { 1440: [1440, 900], 1024: [1024, 768], 390: [390, 844] };
const MAIN = ['list', 'conversation', 'reply', 'settings-microsoft'];

/* [language, theme, width] of every picture of a screen. */
function variantsOf(name) {
  if (!MAIN.includes(name)) return [['en', 'light', 1440]];
  return ['en', 'he', 'zh'].flatMap((language) => ['light', 'dark'].flatMap((theme) => Object.keys(SIZES).map((width) => [language, theme, Number(width)])));
}

async function picture(who, name, [language, theme, width]) {
  await who.resize(...SIZES[width]);
  await who.light(theme);
  await who.speak(language);
  await who.page.mouse.move(0, 0);
  /* The frame of a mail takes its height from its text, which runs anew when the width changes. */
  await who.page.waitForTimeout(250);
  const png = smaller(await who.page.screenshot({ animations: 'disabled', caret: 'hide' }));
  writeFileSync(path.join(FOLDER, `${name}-${language}-${theme}-${width}.png`), png);
  return png.length;
}

async function walk(world, browser) {
  const { url } = world.postroom;
  const [inside, outside] = await Promise.all([1, 2].map(() => Visitor.arrive(browser, [url], { width: 1440, height: 900 })));
  await inside.signIn(url, ADMIN);
  await inside.page.locator('.row').first().waitFor();
  let bytes = 0, count = 0, more = null;
  for (const screen of (await allScreens(inside.page, url)).filter(({ name }) => ONLY === undefined || name === ONLY)) {
    const who = screen.signedOut ? outside : inside;
    await who.resize(...SIZES[1440]);
    if (screen.furnished) more ??= await furnish(world);
    await visit(who.page, { ...world, ...more }, screen);
    await who.atRest();
    for (const variant of variantsOf(screen.name)) {
      bytes += await picture(who, screen.name, variant);
      count++;
    }
    await who.light('light');
    await who.speak('en');
  }
  console.log(`${count} pictures, ${(bytes / 1e6).toFixed(1)} MB, in ${FOLDER}`);
}

/* A colleague's mailbox beside one's own, and a conversation with pictures on top. */
async function begin(world) {
  const [asked, shown] = benchTalk('https://pictures.northlight.example');
  for (const [raw, flags] of [[asked, ['\\Seen']], [shown, []]]) await world.org.control('append', { person: world.person.mail, raw: raw.toString('base64'), flags });
  const james = world.org.person('james.okafor@northlight.example');
  await world.client.linked(james);
  await world.postroom.settled(james.mail);
}

const world = await startLinked('anna.berg@northlight.example', { mails: 60 });
const browser = await launchBrowser();
try {
  await begin(world);
  mkdirSync(FOLDER, { recursive: true });
  if (ONLY === undefined) for (const file of readdirSync(FOLDER)) if (file.endsWith('.png')) rmSync(path.join(FOLDER, file));
  await walk(world, browser);
} finally {
  await browser.close();
  await world.close();
}
