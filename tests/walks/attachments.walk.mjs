// Attached files by hand: looked at without leaving the page, one after another, saved one by one and all at once.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { filePart, multipart, textPart } from '../../dev/mail/generate/mime.mjs';
import { barChart } from '../../dev/mail/generate/png.mjs';
import { docx, pdf } from '../blackbox/support/documents.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

const SUBJECT = 'Everything for the stand';
const CHART = 'chart.png', PLAN = 'תוכנית הדוכן.pdf', SIZES = 'Größen und Maße der Vitrinen, alle Hallen, letzte Fassung vom Montag.txt', HUM = 'hum.wav', CONTRACT = '合同与附件.docx', DATA = 'data.bin';

function silence() {
  const samples = Buffer.alloc(8000, 128), header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

const FILES = [
  { name: CHART, type: 'image/png', bytes: barChart([0.5, 0.7, 0.9], [53, 86, 200]) },
  { name: PLAN, type: 'application/pdf', bytes: pdf('Stand plan', 'Halle 4') },
  { name: SIZES, type: 'text/plain', bytes: Buffer.from('Die Größe M für den Stand.\nשלום, המידות בסנטימטרים.\n尺寸以厘米为单位。\n') },
  { name: HUM, type: 'audio/wav', bytes: silence() },
  { name: CONTRACT, type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', bytes: docx('合同：十二盏灯。') },
  { name: DATA, type: 'application/octet-stream', bytes: Buffer.from([0, 1, 2, 3]) },
];

const prepare = (world) => deliverAll(world, [{ subject: SUBJECT, minutes: 3, flags: ['\\Seen'], body: multipart('mixed', [textPart('Six files.'), ...FILES.map((file) => filePart(file))], 'mix') }]);

const open = (w, name) => w.tap(w.page.getByRole('button', { name: w.t('reader.openFile', { name }) }));
const next = (w) => w.tap(w.button('reader.nextFile'));

async function saved(w, control) {
  const arriving = w.page.waitForEvent('download');
  await w.tap(control);
  const file = await arriving;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

/* What has no preview is asked for in vain. */
walk('attachments', { prepare, ignore: /status of 404/ }, async (w) => {
  await w.open(SUBJECT);
  await w.page.locator('.attachment').nth(5).waitFor();
  await w.look('files');
  await open(w, CHART);
  const picture = w.page.getByRole('img', { name: CHART });
  await until('the picture', () => picture.evaluate((image) => image.complete && image.naturalWidth > 100));
  await w.look('picture');
  for (let i = 0; i < 3; i++) await w.tap(w.button('reader.zoomIn'));
  assert.equal(await picture.getAttribute('data-zoomed'), 'true');
  await w.look('picture-large');
  await w.tap(w.button('reader.fit'));
  await next(w);
  await until('the page', () => w.page.locator('.preview-pages img').evaluate((image) => image.complete && image.naturalWidth >= 800));
  await w.look('pdf');
  const sheet = async () => (await w.page.locator('.preview-pages img').boundingBox()).width;
  const fitting = await sheet();
  assert.ok(fitting <= w.width, 'the page fits');
  await w.tap(w.button('reader.zoomIn'));
  await w.tap(w.button('reader.zoomIn'));
  await until('a larger page', async () => (await sheet()) > 1.5 * fitting);
  await w.look('pdf-large');
  await next(w);
  await w.page.locator('.preview-text', { hasText: 'Die Größe M' }).waitFor();
  await w.look('text');
  await next(w);
  await until('the sound', () => w.page.locator('audio').evaluate((sound) => sound.readyState >= 1 && !sound.error));
  await w.look('sound');
  await next(w);
  await w.page.locator('.preview-text', { hasText: '合同' }).waitFor();
  await w.look('document');
  await next(w);
  await w.text('reader.noPreview').waitFor();
  await w.look('no-preview');
  const data = await saved(w, w.button('reader.download', { role: 'link', values: { name: DATA }, within: w.page.locator('.lightbox') }));
  assert.deepEqual([data.name, [...data.bytes]], [DATA, [0, 1, 2, 3]]);
  await w.tap(w.button('common.close', { within: w.page.locator('.lightbox') }));
  const one = await saved(w, w.button('reader.download', { role: 'link', values: { name: CONTRACT } }));
  assert.equal(one.name, CONTRACT);
  const all = await saved(w, w.button('reader.downloadAll', { role: 'link' }));
  assert.equal(all.name, `${SUBJECT}.zip`);
  for (const { name } of FILES) assert.ok(all.bytes.includes(Buffer.from(name)), name);
});
