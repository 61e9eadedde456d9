// Mail that attacks its reader, in a real browser: in the reader, with images allowed, and on paper, no vector runs script, loads anything or leaves its frame. Our own vectors always; the corpus's thousands where it is.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { message, multipart, textPart } from '../../dev/mail/generate/mime.mjs';
import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { VECTORS } from './support/attacks.mjs';
import { startLinked } from './support/linked.mjs';
import { ROOT, until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';

const EVIL = 'evil.hostile.example';
const CORPUS = path.join(process.env.POSTROOM_CORPUS ?? path.join(ROOT, '../shared/corpus'), 'html-safety');
const PARTS = 900; /* below what a mail may have */

let org, client, account, person, postroom, close, browser, visitor, page;
let mails = 0;
const requests = [];

function mailOf(name, vectors) {
  mails += 1;
  const parts = vectors.map((vector) => textPart(vector, { type: 'text/html', encoding: 'base64' }));
  return message(['From: Mallory <mallory@hostile.example>', `To: ${person.mail}`, `Subject: hostile ${name}`, `Date: ${new Date(Date.now() - mails * 60e3).toUTCString().replace('GMT', '+0000')}`, `Message-ID: <hostile-${mails}@hostile.example>`],
    multipart('mixed', [...parts, textPart('<p>the end of it</p>', { type: 'text/html' })], `h${mails}`));
}

function inPieces(name, vectors) {
  const out = [];
  for (let at = 0; at < vectors.length; at += PARTS) out.push(mailOf(`${name} ${at / PARTS + 1}`, vectors.slice(at, at + PARTS)));
  return out;
}

function corpusMails() {
  const lines = (file) => readFileSync(path.join(CORPUS, file), 'utf8').split('\n').filter((line) => line.trim());
  const pages = readdirSync(path.join(CORPUS, 'mimekit-html')).filter((file) => file.endsWith('.html') && !file.endsWith('.out.html')).map((file) => readFileSync(path.join(CORPUS, 'mimekit-html', file), 'latin1').slice(0, 200_000));
  return [...inPieces('dompurify', JSON.parse(readFileSync(path.join(CORPUS, 'dompurify-vectors/expect.json'), 'utf8')).map((one) => one.payload)), ...inPieces('payloads', lines('payloadbox-xss-list/xss-payload-list.txt')),
    ...inPieces('strings', JSON.parse(readFileSync(path.join(CORPUS, 'naughty-strings/blns.json'), 'utf8'))), ...pages.map((html, at) => mailOf(`page ${at + 1}`, [html]))];
}

/* Runs in the page, on the document of a mail's frame or of the paper: everything that must not be there. */
function findEvil(selector) {
  const frame = [...document.querySelectorAll(selector)].at(-1);
  const inner = frame.contentDocument;
  const found = [];
  if (inner.location.href !== 'about:srcdoc') found.push(`the frame is at ${inner.location.href}`);
  if (/allow-scripts|allow-top/.test(frame.getAttribute('sandbox'))) found.push('the sandbox is open');
  for (const node of inner.querySelectorAll('*')) {
    if (/^(script|iframe|frame|frameset|object|embed|applet|form|input|button|select|textarea|svg|math|base|link|video|audio|source|template|portal|dialog)$/i.test(node.localName)) found.push(`<${node.localName}>`);
    if (node.localName === 'meta' && node.closest('body')) found.push('<meta> in the body');
    for (const { name, value } of node.attributes) {
      if (/^on|^(srcset|background|formaction|ping|srcdoc|action|autofocus|contenteditable|popover|xlink:href)$/i.test(name)) found.push(`${node.localName} ${name}=${value.slice(0, 60)}`);
      if (name === 'href' && !/^(?:https?:\/\/|mailto:|tel:)/i.test(value)) found.push(`href ${value.slice(0, 60)}`);
      if (name === 'src' && !/^(?:data:image\/(?:png|jpe?g|gif|webp|bmp|avif);|mail-image\/)/i.test(value)) found.push(`src ${value.slice(0, 60)}`);
      if (name === 'style' && /url\(|expression|import/i.test(value)) found.push(`style ${value.slice(0, 60)}`);
    }
  }
  for (const style of inner.body.querySelectorAll('style')) if (/url\(|@import|image-set/i.test(style.textContent)) found.push(`css ${style.textContent.slice(0, 80)}`);
  const box = frame.getBoundingClientRect();
  if (box.height > 200_001) found.push(`a frame of ${box.height} px`);
  return found;
}

/* What the page may ask its server for. */
const EXPECTED = /^\/(?:$|mail\/|assets\/|favicon|icon|manifest|jmap(?:\/|$)|auth\/|mail-image\/|\.well-known\/jmap|[\w-]+\.(?:svg|png|ico|webmanifest)$)/;

function nothingHappened(name) {
  assert.deepEqual(visitor.complaints().filter((text) => !/Failed to load resource/.test(text)), [], name);
  const { origin } = new URL(postroom.url);
  const odd = requests.filter((url) => !['data:', 'blob:', 'about:'].includes(url.protocol)).filter((url) => url.origin !== origin || !EXPECTED.test(url.pathname));
  assert.deepEqual(odd.map((url) => url.href), [], `${name} asked for something`);
  assert.equal(visitor.context.pages().length, 1, `${name} opened a window`);
}

async function look(email) {
  const mailbox = Object.keys(email.mailboxIds)[0];
  await page.goto(`${postroom.url}/mail/${account}/${mailbox}/${email.threadId}`);
  const here = page.url();
  const body = page.locator('.message[data-open=true] .mail-frame iframe').last();
  await body.waitFor();
  await page.frameLocator('.message[data-open=true] .mail-frame iframe').last().getByText('the end of it').waitFor({ state: 'attached' });
  const name = email.subject;
  assert.deepEqual(await page.evaluate(findEvil, '.message[data-open=true] .mail-frame iframe'), [], name);
  /* Whatever waits for the pointer or the keyboard has its turn. */
  await body.evaluate((node) => {
    for (const one of node.contentDocument.body.querySelectorAll('*')) for (const kind of ['mouseover', 'mousemove', 'pointerdown', 'focus', 'animationstart', 'toggle']) one.dispatchEvent(new Event(kind, { bubbles: true }));
  });
  assert.equal(page.url(), here, `${name} left`);
  assert.equal(page.frames().length, 2, `${name} made frames`);
  nothingHappened(name);
}

async function print(email) {
  await page.evaluate(() => {
    window.papers = 0;
    new MutationObserver((changes) => { for (const { addedNodes } of changes) for (const node of addedNodes) if (node.tagName === 'IFRAME') node.addEventListener('load', () => { node.contentWindow.print = () => { window.papers += 1; }; }, true); }).observe(document.body, { childList: true });
  });
  await page.locator('.message[data-open=true]').last().getByRole('button', { name: 'More for this mail' }).click();
  await page.getByRole('menuitem', { name: 'Print', exact: true }).click();
  await until('the paper', () => page.evaluate(() => window.papers === 1), { ms: 15000 });
  assert.deepEqual(await page.evaluate(findEvil, '.print-frame'), [], `${email.subject} on paper`);
  nothingHappened(`${email.subject} on paper`);
}

async function take(list) {
  const before_ = (await client.call('Email/query', { accountId: account, filter: { from: 'hostile.example' } })).ids.length;
  for (const raw of list) await org.control('append', { person: person.mail, raw: raw.toString('base64'), flags: ['\\Seen'] });
  await until('the mails are here', async () => (await client.call('Email/query', { accountId: account, filter: { from: 'hostile.example' } })).ids.length === before_ + list.length, { ms: 60000 });
  await postroom.settled(person.mail);
  const { ids } = await client.call('Email/query', { accountId: account, filter: { from: 'hostile.example' } });
  const { list: emails } = await client.call('Email/get', { accountId: account, ids, properties: ['id', 'subject', 'threadId', 'mailboxIds', 'messageId'] });
  return emails;
}

describe('mail that attacks its reader', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [browser, { org, postroom, client, account, person, close }] = await Promise.all([launchBrowser(), startLinked('main', { mails: 1 })]);
    visitor = await Visitor.arrive(browser, [postroom.url]);
    page = visitor.page;
    visitor.context.on('request', (request) => requests.push(new URL(request.url())));
    await visitor.signIn(postroom.url, ADMIN);
    await page.locator(ROW).first().waitFor();
  });
  after(async () => {
    await browser?.close();
    await close?.();
  });

  test('the reader, consent to images and paper hold against our own vectors', async () => {
    const emails = await take(inPieces('own', VECTORS.map((vector) => vector.replaceAll('EVIL', EVIL))));
    for (const email of emails) {
      await look(email);
      await print(email);
      await page.getByRole('button', { name: 'Show images' }).click();
      await until('the images to be tried', () => requests.some((url) => url.pathname.includes('/mail-image/')));
      await page.waitForTimeout(500);
      assert.deepEqual(await page.evaluate(findEvil, '.message[data-open=true] .mail-frame iframe'), []);
      assert.deepEqual(visitor.complaints().filter((text) => !/Failed to load resource|50\d of .*mail-image/.test(text)), []);
      /* The look itself sees what it is to see. */
      await page.locator('.message[data-open=true] .mail-frame iframe').last().evaluate((node) => { node.contentDocument.body.insertAdjacentHTML('beforeend', '<a href="javascript:1" onclick="1"><svg></svg></a>'); });
      assert.equal((await page.evaluate(findEvil, '.message[data-open=true] .mail-frame iframe')).length, 3);
      visitor.problems.length = 0;
    }
  });

  test('the reader and paper hold against the corpus', { skip: existsSync(CORPUS) ? false : 'the mail corpus is not here' }, async () => {
    const emails = (await take(corpusMails())).filter((email) => !email.subject.startsWith('hostile own'));
    assert.ok(emails.length > 5);
    for (const [at, email] of emails.entries()) {
      await look(email);
      if (at % 4 === 0) await print(email);
    }
  });
});
