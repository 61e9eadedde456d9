// How the walks write: the window of a letter, its fields, and what is kept of it.

import { until } from '../../blackbox/support/organisation.mjs';
import { atServer } from './letters.mjs';

export const composer = (w) => w.page.locator('.composer').last();
export const editor = (w) => composer(w).locator('.composer-editor');

/** The folders, which may be open already: the outbox leaves them so. */
export async function foldersOpen(w) {
  const sidebar = w.page.locator('.sidebar');
  return w.width < 1100 && await sidebar.isVisible() ? sidebar : w.folders();
}

/** A new letter, from wherever one is. to: typed as one does, and taken by Enter. */
export async function newLetter(w, { to = null, subject = null, words = null } = {}) {
  await w.tap(w.button('compose.new', { within: await foldersOpen(w) }));
  await editor(w).waitFor();
  if (to) {
    await w.field('compose.to', { within: composer(w) }).fill(to);
    await w.press('Enter');
  }
  if (subject) await w.field('compose.subject', { within: composer(w) }).fill(subject);
  if (words) await typeInto(w, words);
}

/** Types at the end of what stands there. */
export async function typeInto(w, words) {
  /* At its beginning: in the middle there may be a quotation. */
  await (w.narrow ? editor(w).tap({ position: { x: 20, y: 12 } }) : editor(w).click({ position: { x: 20, y: 12 } }));
  await w.press('Control+End');
  await w.page.keyboard.type(words);
}

export async function saved(w) {
  await composer(w).getByText(w.t('compose.saved')).waitFor();
}

export async function closed(w) {
  await w.page.locator('.composer').waitFor({ state: 'detached' });
}

/** Saves and closes, as the button says. */
export async function close(w) {
  await w.tap(w.button('compose.close', { within: composer(w) }));
  await closed(w);
}

/** Discards, and says yes where it is asked. */
export async function discard(w, look = null) {
  await w.tap(w.button('compose.discard', { within: composer(w) }));
  await w.dialog().waitFor();
  if (look) await w.look(look);
  await w.tap(w.button('compose.discard', { within: w.dialog() }));
  await closed(w);
}

/* RFC 2047, as Postroom writes it. */
function readable(subject) {
  const bytes = (kind, word) => (/b/i.test(kind) ? Buffer.from(word, 'base64') : Buffer.from(word.replaceAll('_', ' ').replace(/=(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1'));
  return subject.replace(/(\?=)\s+(=\?)/g, '$1$2').replace(/(?:=\?utf-8\?[bq]\?[^?]*\?=)+/gi, (run) => Buffer.concat([...run.matchAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi)].map(([, kind, word]) => bytes(kind, word))).toString());
}

/** Until so many mails of this subject are in the folder at the mail server. */
export async function mailsThere(w, folder, subject, count = 1) {
  await until(`${count} of "${subject}" in ${folder}`, async () => (await atServer(w.world, folder)).filter((one) => readable(one.subject ?? '') === subject).length === count, { ms: 30000 });
}

/** The person's settings, before they sign in. */
export async function preferences({ client }, update) {
  const accountId = Object.keys((await client.session()).accounts).find((id) => id.startsWith('u'));
  await client.call('Preferences/set', { accountId, update: { singleton: update } });
}

/** Until a mail of this subject is in somebody's inbox. */
export async function arrives({ world: { org } }, person, subject) {
  await until(`"${subject}" at ${person}`, async () => (await org.control('messages', { person, folder: 'INBOX' })).some((one) => readable(one.subject ?? '') === subject), { ms: 40000 });
}
