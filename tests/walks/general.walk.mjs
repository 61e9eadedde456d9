// What one sets for oneself: language and appearance while one looks, word of new mail, which opens it, and the palette that goes anywhere.

import assert from 'node:assert/strict';

import { deliver } from '../blackbox/support/desk.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { walk } from './support/walk.mjs';
import { words } from './support/words.mjs';

const KNOCK = 'Knock knock';

async function speakAnother(w) {
  const within = w.page.locator('.cards'), other = words('uk');
  await w.button('language.label', { within, role: 'combobox' }).selectOption('uk');
  await w.page.getByRole('heading', { name: other('settings.general'), level: 1 }).waitFor();
  assert.deepEqual(await w.page.evaluate(() => [document.documentElement.lang.slice(0, 2), document.dir]), ['uk', 'ltr']);
  await within.getByRole('combobox', { name: other('language.label'), exact: true }).selectOption(w.language);
  await w.page.getByRole('heading', { name: w.t('settings.general'), level: 1 }).waitFor();
  await w.button('theme.label', { within, role: 'combobox' }).selectOption('dark');
  assert.equal(await w.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
  await w.button('theme.label', { within, role: 'combobox' }).selectOption('system');
}

async function notifications(w) {
  await w.field('notify.on').check();
  await w.look('general');
  await deliver(w.world.org, w.world.person, KNOCK);
  await until('word of it', () => w.page.evaluate(() => window.notes.length === 1), { ms: 30000 });
  assert.equal(await w.page.evaluate(() => window.notes[0].title), 'Priya Raman');
  await w.page.evaluate(() => window.notes[0].onclick());
  await w.page.locator('.reader-subject', { hasText: KNOCK }).waitFor();
  if (!w.narrow) await w.row(KNOCK).waitFor();
  await w.look('opened-by-its-notification');
}

async function palette(w) {
  const field = w.page.getByRole('combobox', { name: w.t('palette.hint') });
  await w.press('Control+k');
  await field.waitFor();
  await w.look('palette');
  await field.fill('Projects');
  await w.look('folders-of-that-name');
  await field.fill('xqzz');
  await w.text('palette.search', { text: 'xqzz' }).waitFor();
  await w.look('nothing-of-that-name');
  await field.fill(w.t('view.compact'));
  await w.press('Enter');
  await field.waitFor({ state: 'detached' });
  await w.backToList();
  await w.page.locator('.rows[data-density=compact]').waitFor();
}

walk('general', {}, async (w) => {
  await w.who.keepNotifications();
  await w.page.goto(`${w.world.postroom.url}/settings/general`);
  await speakAnother(w);
  await notifications(w);
  await palette(w);
});
