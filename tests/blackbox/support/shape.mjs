// What no screen may have.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

const LOCALES = new URL('../../../web/locales/', import.meta.url);

const catalogue = (language) => Object.assign({}, ...readdirSync(new URL(`${language}/`, LOCALES)).map((file) => JSON.parse(readFileSync(new URL(`${language}/${file}`, LOCALES), 'utf8'))));
const ENGLISH = catalogue('en');

export const LANGUAGES = readdirSync(LOCALES, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);

/** Texts of the screen that are English where its language has others, and those that are a key for lack of any. */
export async function untranslated(who) {
  const [language] = await who.direction();
  const other = catalogue(language);
  const english = new Set(Object.keys(ENGLISH).filter((key) => ENGLISH[key] !== other[key]).map((key) => ENGLISH[key]));
  const texts = await who.texts();
  return [...texts.filter((text) => english.has(text) && /\p{L}/u.test(text)).map((text) => `in English: ${text}`), ...texts.filter((text) => text in ENGLISH).map((text) => `no text for ${text}`)];
}

/** Leaves a picture of the screen; texts too faint, something sticking out, and texts of another language fail the test. */
export async function inGoodShape(who, name) {
  await who.screen(name);
  assert.deepEqual(await who.overflow(), [], name);
  assert.deepEqual(await who.faintTexts(), [], name);
  assert.deepEqual(await untranslated(who), [], name);
}
