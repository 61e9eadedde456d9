// HTML that attacks: in the editor, in what is pasted, and in what is quoted. Nothing runs, nothing is loaded. Our own vectors always; those of the corpus where it lies.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { noBrowser, ROW } from './support/browser.mjs';
import { ROOT, until } from './support/organisation.mjs';
import { startPage } from './support/page.mjs';

const CORPUS = path.resolve(process.env.POSTROOM_CORPUS ?? path.join(ROOT, '../shared/corpus'));
const VECTORS = path.join(CORPUS, 'html-safety/dompurify-vectors/expect.json');
const LISTS = path.join(CORPUS, 'html-safety/payloadbox-xss-list/xss-payload-list.txt');

const MOST = 1500;

const OWN = [
  '<script>hit("script")</script>', '<img src=x onerror=hit("onerror")>', '<img src="https://evil.example/pixel.gif">', '<svg onload=hit("svg")><script>hit("svgscript")</script></svg>',
  '<a href="javascript:hit(1)">a</a>', '<a href=" jAvascript:hit(1)">b</a>', '<iframe srcdoc="<script>parent.hit(1)</script>"></iframe>', '<iframe src="https://evil.example/"></iframe>',
  '<div style="background:url(https://evil.example/bg)">c</div>', '<style>@import "https://evil.example/x.css"; * { background: url(https://evil.example/y) }</style>', '<link rel=stylesheet href="https://evil.example/z.css">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">', '<base href="https://evil.example/">', '<form action="https://evil.example/"><input autofocus onfocus=hit("focus")></form>', '<details open ontoggle=hit("toggle")>d</details>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=hit(2)&gt;">', '<form><math><mtext></form><form><mglyph><style></math><img src onerror=hit(3)>', '<video src="https://evil.example/v" autoplay onplay=hit(4)></video>',
  '<object data="https://evil.example/o"></object>', '<embed src="https://evil.example/e">', '<div data-postroom-quoted="" onclick=hit(5)>e</div>', '<div class="postroom-quote"><img src=x onerror=hit(6)></div>', '<noscript><p title="</noscript><img src=x onerror=hit(7)>">',
  '<img srcset="https://evil.example/s 1x">', '<input type=image src="https://evil.example/i">', '<body onload=hit(8)>', '<img src="https://evil.example/q" alt="`><script>hit(9)</script>">', '<td background="https://evil.example/t">f</td>', '<a href="data:text/html,<script>hit(10)</script>" target=_top>g</a>',
];

function corpusVectors() {
  const found = existsSync(VECTORS) ? JSON.parse(readFileSync(VECTORS, 'utf8')).map((one) => one.payload).filter((payload) => typeof payload === 'string') : [];
  /* Every so manieth of the long list, from its whole length. */
  const all = existsSync(LISTS) ? readFileSync(LISTS, 'utf8').split('\n').filter((line) => line.trim()) : [];
  const step = Math.max(1, Math.ceil(all.length / (MOST - found.length)));
  return [...found, ...all.filter((_, i) => i % step === 0)].slice(0, MOST);
}

let all, page, visitor, asked;

const box = () => page.locator('.composer').last();
const editor = () => box().locator('.composer-editor');
const hits = () => page.evaluate(() => window.hits ?? []);

/* One mail with all of the vectors, each in a paragraph of its own. */
async function deliver(subject, vectors) {
  const html = `<html><body>${vectors.map((vector, i) => `<p>vector ${i}</p>${vector}<p>after</p>`).join('\n')}</body></html>`;
  const body = Buffer.from(html).toString('base64').replace(/(.{76})/g, '$1\r\n');
  const raw = `From: Mallory <mallory@evil.example>\r\nTo: ${all.person.mail}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(' ', '-')}@evil.example>\r\nDate: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`;
  await all.org.control('append', { person: all.person.mail, raw: Buffer.from(raw).toString('base64') });
  await page.locator('.row', { hasText: subject }).first().waitFor({ timeout: 30000 });
}

async function paste(vectors) {
  await editor().click();
  await page.evaluate((list) => {
    for (const html of list) {
      const data = new DataTransfer();
      data.setData('text/html', html);
      data.setData('text/plain', 'x');
      document.querySelector('.composer-editor').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }
  }, vectors);
}

async function looksHarmless(what) {
  assert.deepEqual(await hits(), [], `${what}: script ran`);
  assert.deepEqual(asked, [], `${what}: asked for`);
  const bad = await editor().evaluate((node) => [...node.querySelectorAll('script, iframe, object, embed, form, input, svg, math, style, link, meta, base, video, audio')].filter((one) => !one.closest('.quote-node, .picture-elsewhere')).map((one) => one.outerHTML.slice(0, 80)));
  assert.deepEqual(bad, [], what);
  const handlers = await editor().evaluate((node) => [...node.querySelectorAll('*')].flatMap((one) => [...one.attributes].filter((attribute) => /^on/i.test(attribute.name) || /^\s*(?:javascript|vbscript|data:text)/i.test(attribute.value)).map((attribute) => `${one.tagName} ${attribute.name}=${attribute.value.slice(0, 60)}`)));
  assert.deepEqual(handlers, [], what);
}

async function away() {
  await box().getByRole('button', { name: 'Discard the draft' }).click();
  const sure = page.locator('dialog').getByRole('button', { name: 'Discard the draft' });
  await Promise.race([sure.waitFor(), page.locator('.composer').waitFor({ state: 'detached' })]).catch(() => {});
  if (await sure.count()) await sure.click();
  await page.locator('.composer').waitFor({ state: 'detached' });
}

function suite(name, vectors) {
  test(`${name}: quoted in an answer and in a forwarded mail`, async () => {
    await deliver(`Hostile ${name}`, vectors);
    await page.locator('.row', { hasText: `Hostile ${name}` }).first().click();
    await page.locator('.message[data-open=true]').waitFor();
    for (const key of ['r', 'f']) {
      await page.keyboard.press(key);
      await editor().waitFor();
      await box().locator('.quote-node summary').click();
      await page.waitForTimeout(700);
      await looksHarmless(`${name} ${key}`);
      await away();
    }
  });

  test(`${name}: pasted into the editor, saved, and opened again`, async () => {
    await page.getByRole('button', { name: 'New mail', exact: true }).first().click();
    await editor().waitFor();
    await box().getByLabel('Subject').fill(`Pasted ${name}`);
    /* In few pieces, since each has to be taken apart; the editor is emptied between them. */
    for (let from = 0; from < vectors.length; from += 150) {
      await paste([vectors.slice(from, from + 150).map((vector) => `<p>a</p>${vector}`).join('\n')]);
      await looksHarmless(`${name} pasted from ${from}`);
      if (from + 150 < vectors.length) await editor().press('Control+A').then(() => page.keyboard.press('Delete'));
    }
    await looksHarmless(`${name} pasted`);
    await box().getByText('Saved to Drafts').waitFor({ timeout: 30000 });
    await page.keyboard.press('Escape');
    await page.locator('.composer').waitFor({ state: 'detached' });
    await page.locator('.mailbox', { hasText: 'Drafts' }).first().click();
    await page.locator('.row', { hasText: `Pasted ${name}` }).first().click();
    await page.getByRole('button', { name: 'Continue writing' }).first().click();
    await editor().waitFor();
    await page.waitForTimeout(400);
    await looksHarmless(`${name} opened again`);
    await away();
    await page.locator('.mailbox', { hasText: 'Inbox' }).first().click();
  });

  test(`${name}: as a draft that somebody else put there`, async () => {
    const { client, account } = all;
    const boxes = await client.mailboxes(account);
    const { created } = await client.call('Email/set', { accountId: account, create: { d: {
      mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: all.person.mail }], subject: `Planted ${name}`,
      htmlBody: [{ partId: 'h', type: 'text/html' }], bodyValues: { h: { value: `<html><body>${vectors.join('\n')}<div class="postroom-quote">${vectors.join('\n')}</div></body></html>` } },
    } } });
    assert.ok(created?.d);
    await page.locator('.mailbox', { hasText: 'Drafts' }).first().click();
    await page.locator('.row', { hasText: `Planted ${name}` }).first().click();
    await page.getByRole('button', { name: 'Continue writing' }).first().click();
    await editor().waitFor();
    if (await box().locator('.quote-node summary').count()) await box().locator('.quote-node summary').first().click();
    await page.waitForTimeout(700);
    await looksHarmless(`${name} planted`);
    await away();
    await page.locator('.mailbox', { hasText: 'Inbox' }).first().click();
  });
}

describe('hostile HTML in the editor', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    all = await startPage('main', { mails: 3 });
    ({ page, visitor } = all);
    asked = [];
    await visitor.context.addInitScript(() => { window.hits = []; window.hit = (what) => window.hits.push(String(what)); for (const name of ['alert', 'prompt', 'confirm', 'print']) window[name] = () => window.hits.push(name); });
    /* What goes out, and not what the policy stops before it does. */
    await visitor.context.route((url) => /^https?:$/.test(url.protocol) && url.origin !== new URL(all.postroom.url).origin, (route) => { asked.push(route.request().url()); return route.abort(); });
    await page.reload();
    await page.locator(ROW).first().waitFor();
  }, { timeout: 200000 });
  after(async () => { await all?.close(); });

  suite('ours', OWN);

  const found = corpusVectors();
  describe('of the corpus', { skip: found.length > 0 ? false : `no corpus at ${CORPUS}` }, () => { suite('corpus', found); });

  test('nothing was asked for, no dialog opened', async () => {
    assert.deepEqual(asked, []);
    assert.deepEqual(visitor.problems.filter((text) => text.includes('dialog')), []);
    await until('the page', () => page.locator(ROW).first().isVisible());
  });
});
