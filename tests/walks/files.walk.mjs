// Files of a letter by hand: their progress, paused and gone on with, broken off, too large, measured against the limit, and missing where one was promised.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { arrives, composer, newLetter, preferences, typeInto } from './support/composer.mjs';
import { walk } from './support/walk.mjs';

const JAMES = 'james.okafor@northlight.example';
const SUBJECT = 'The plan of the stand';
const PLAN = 'תוכנית הדוכן, אולם 4.pdf', CONTRACT = '合同与附件.docx', FILM = 'A walk through all the halls, uncut.mov';
const PROMISE = { en: 'The plan is attached.', he: 'התוכנית מצורפת.', zh: '平面图见附件。' };

const prepare = (world) => preferences(world, { undoSendSeconds: 0 });

const picker = (w) => composer(w).locator('input[type=file]:not([accept])');
const file = (w, name) => composer(w).locator('.composer-attachment', { hasText: name });
const send = (w) => w.tap(w.button('compose.send', { within: composer(w) }));
const UPLOADS = '**/jmap/upload/**';

async function promised(w) {
  await newLetter(w, { to: JAMES, subject: SUBJECT, words: PROMISE[w.language] });
  await send(w);
  await w.dialog().getByRole('heading', { name: w.t('compose.attachmentForgotten') }).waitFor();
  await w.look('is-one-missing');
  await w.tap(w.button('common.cancel', { within: w.dialog() }).or(w.button('common.close', { within: w.dialog() })).first());
  await w.page.locator('dialog[open]').waitFor({ state: 'detached' });
}

/* The second slice of the file is under way until it is let go. */
async function underWay(w) {
  let slices = 0;
  await w.page.route(UPLOADS, (route) => (++slices === 1 ? route.continue() : undefined));
  await picker(w).setInputFiles({ name: PLAN, mimeType: 'application/pdf', buffer: Buffer.alloc(7_500_000, 'p') });
  const pause = w.button('compose.uploadPause', { values: { name: PLAN }, within: composer(w) });
  await pause.waitFor();
  await file(w, PLAN).getByText(/[1-9]\d? %/).waitFor();
  await w.look('under-way');
  await w.tap(pause);
  await file(w, PLAN).getByText(w.t('compose.uploadPaused')).waitFor();
  await w.look('paused');
  await w.page.unroute(UPLOADS);
  await w.tap(w.button('compose.uploadResume', { values: { name: PLAN }, within: composer(w) }));
  await file(w, PLAN).locator('.upload-bar').waitFor({ state: 'detached' });
  await composer(w).locator('.size-meter').waitFor();
}

async function brokenOff(w) {
  await w.page.route(UPLOADS, (route) => route.abort('connectionreset'));
  await picker(w).setInputFiles({ name: CONTRACT, mimeType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', buffer: Buffer.alloc(300_000, 'c') });
  await file(w, CONTRACT).getByText(w.t('compose.uploadWaiting')).waitFor();
  await w.look('waits-for-a-connection');
  await w.page.unroute(UPLOADS);
  const retry = w.button('compose.uploadRetry', { values: { name: CONTRACT }, within: composer(w) });
  /* It may have tried by itself in the meantime. */
  if (await retry.isVisible()) await w.tap(retry).catch(() => undefined);
  await file(w, CONTRACT).locator('.upload-bar').waitFor({ state: 'detached' });
  assert.equal(await file(w, CONTRACT).count(), 1, 'the file that a finger tried again is still there');
}

async function tooLarge(w) {
  const folder = mkdtempSync(path.join(tmpdir(), 'postroom-walk-'));
  try {
    writeFileSync(path.join(folder, FILM), '');
    truncateSync(path.join(folder, FILM), 200_000_000);
    await picker(w).setInputFiles(path.join(folder, FILM));
    await w.page.locator('.toast', { hasText: FILM }).waitFor();
    await w.look('too-large');
    assert.equal(await file(w, FILM).count(), 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

walk('files', { prepare, ignore: /ERR_|Failed to load resource/ }, async (w) => {
  await promised(w);
  await underWay(w);
  await brokenOff(w);
  await tooLarge(w);
  await w.tap(w.button('compose.removeAttachment', { values: { name: CONTRACT }, within: composer(w) }));
  await file(w, CONTRACT).waitFor({ state: 'detached' });
  await typeInto(w, ' ✓');
  await send(w);
  await w.page.locator('.composer').waitFor({ state: 'detached', timeout: 40000 });
  await arrives(w, JAMES, SUBJECT);
});
