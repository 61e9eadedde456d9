// The page in Chromium, on an account whose inbox has 100,000 mails, each a row: first paint of the list, opening a mail (fetched before, and not), scrolling
// through all rows, the first results of a search, typing in a long mail. Server and browser share the machine, without a network between them and
// without a graphics card; the budgets are those that people are promised.
// By environment: PAGE_MESSAGES (145000, 70 % of them in the inbox), QUERY_AVG_SIZE (2000 bytes), PAGE_RUNS (10 of what is done once at a time).

import { launchBrowser, ROW, Visitor } from '../tests/blackbox/support/browser.mjs';
import { ADMIN } from '../tests/blackbox/support/postroom.mjs';
import { startFilled } from './account.mjs';
import { finish, ms, number, quantile, say, wanted } from './report.mjs';

const MESSAGES = number('PAGE_MESSAGES', 145000), AVG_SIZE = number('QUERY_AVG_SIZE', 2000), RUNS = number('PAGE_RUNS', 10);
const LIMITS = { paint: 1000, open: 100, frame: 50, dropped: 0.1, search: 400, key: 50 };

function report(name, times) {
  say(`${name.padEnd(48)} ${[ms(quantile(times, 0.5)), ms(quantile(times, 0.99))].map((c) => c.padStart(11)).join('')}`);
  return times;
}

/* Milliseconds from acting until the page has drawn what is waited for, taken in the page: the way there and back is not its own. */
async function whenDrawn(page, selector, act) {
  /* The page listens before anything is done: an act can overtake what is evaluated. */
  await page.evaluate((wantedSelector) => {
    const asked = performance.now();
    let began = 0;
    const begin = (event) => { began ||= event.timeStamp; };
    for (const type of ['keydown', 'pointerdown', 'input']) addEventListener(type, begin, { capture: true });
    window.drawn_ = new Promise((resolve, reject) => {
      const look = () => {
        if (performance.now() - asked > 20000) return reject(new Error(`${wantedSelector} does not appear`));
        if (began && document.querySelector(wantedSelector)) return requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => resolve(performance.now() - began);
          channel.port2.postMessage(null);
        });
        requestAnimationFrame(look);
      };
      look();
    });
  }, selector);
  await act();
  return page.evaluate(() => window.drawn_);
}

/* From asking for the page with nothing kept, scripts and all, until rows are drawn. */
async function firstPaint(browser, url, storageState) {
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const { context, page } = await Visitor.arrive(browser, [url], { width: 1440, storageState });
    await page.goto(url);
    await page.locator(ROW).first().waitFor();
    times.push(await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())))));
    await context.close();
  }
  return report('first paint of the list', times);
}

async function opening(page) {
  const prefetched = [], cold = [];
  for (let i = 0; i < RUNS * 2; i++) {
    /* One that is wholly in sight, by its name: rows come and go while the list moves. */
    const id = await page.evaluate((selector) => {
      const list = document.getElementById('list').getBoundingClientRect();
      return [...document.querySelectorAll(selector)].filter((node) => node.getBoundingClientRect().top >= list.top && node.getBoundingClientRect().bottom <= list.bottom).at(3).id;
    }, ROW);
    const row = page.locator(`#${id}`);
    if (i % 2) {
      await row.hover();
      await page.waitForTimeout(400);
    } else await page.mouse.move(5, 5);
    const shown = await whenDrawn(page, `.mail:has(#${id}.row-open) .message[data-open=true] :is(.plain-text, iframe[style*=block-size])`, async () => {
      if (i % 2) await row.click();
      else await row.evaluate((node) => { node.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })); node.click(); });
    });
    (i % 2 ? prefetched : cold).push(shown);
    await page.keyboard.press('u');
    await page.locator('#list').evaluate((node, top) => node.scrollTo(0, top), 900 * (i + 1));
    await page.waitForTimeout(300);
  }
  report('opening a mail that was fetched before', prefetched);
  report('opening another', cold);
  return prefetched;
}

/* Frames while the wheel turns fast, all the way down in long strides afterwards. */
async function scrolling(page) {
  await page.locator('#list').evaluate((node) => node.scrollTo(0, 0));
  await page.waitForTimeout(500);
  await page.locator('#list').hover();
  await page.evaluate(() => {
    window.frames_ = [];
    let before = performance.now();
    const tick = (now) => { window.frames_.push(now - before); before = now; window.ticking_ = requestAnimationFrame(tick); };
    window.ticking_ = requestAnimationFrame(tick);
  });
  for (let i = 0; i < 300; i++) await page.mouse.wheel(0, 240);
  const steady = await page.evaluate(() => window.frames_.splice(0).slice(2));
  const strides = [];
  for (let i = 1; i <= RUNS; i++) {
    const began = await page.evaluate((share) => {
      const list = document.getElementById('list');
      list.scrollTo(0, (list.scrollHeight - list.clientHeight) * share);
      return performance.now();
    }, i / RUNS);
    strides.push(await page.evaluate(async ([since, selector]) => {
      const list = document.getElementById('list');
      const inSight = (row) => { const [a, b] = [row.getBoundingClientRect(), list.getBoundingClientRect()]; return a.top < b.bottom && a.bottom > b.top; };
      do await new Promise(requestAnimationFrame);
      while (![...document.querySelectorAll(selector)].some(inSight));
      return performance.now() - since;
    }, [began, ROW]));
  }
  const last = await page.locator(ROW).last().getAttribute('aria-rowindex');
  await page.evaluate(() => cancelAnimationFrame(window.ticking_));
  report('frames while scrolling', steady);
  const long = steady.filter((frame) => frame > 50).length;
  const dropped = steady.reduce((sum, frame) => sum + Math.max(0, Math.round(frame / (1000 / 60)) - 1), 0);
  const share = dropped / (steady.length + dropped);
  say(`frames: ${steady.length} drawn, ${dropped} dropped (${(share * 100).toFixed(1)} %), ${long} longer than 50 ms`);
  report(`a stride of a ${RUNS}th of the list, until its rows are there`, strides);
  say(`the last row is the ${last}th`);
  return { steady, share };
}

async function searching(page) {
  const times = [];
  for (const word of ['invoice', 'report', 'meeting', 'order', 'price']) {
    await page.locator('#search').fill('');
    await page.waitForTimeout(900);
    await page.locator('#search').focus();
    times.push(await whenDrawn(page, `${ROW} mark, .widen`, () => page.keyboard.insertText(word)));
  }
  await page.locator('#search').fill('');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  return report('first results of a search (a pause of 250 in it)', times);
}

/* From a key to what it writes being drawn, in a mail of 1,000 paragraphs. */
async function typing(page) {
  await page.locator('#list').focus();
  await page.keyboard.press('c');
  const editor = page.locator('.composer-editor');
  await editor.waitFor();
  await editor.click();
  await editor.evaluate((node) => {
    const data = new DataTransfer();
    data.setData('text/html', Array.from({ length: 1000 }, (_, i) => `<p>Paragraph ${i + 1} of a long mail, about lamps, lenses and what they cost this year.</p>`).join(''));
    node.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await page.waitForTimeout(1500);
  const paragraphs = await editor.locator('p').count();
  if (paragraphs < 1000) throw new Error(`the long mail has ${paragraphs} paragraphs`);
  await page.evaluate(() => {
    window.keys_ = [];
    addEventListener('keydown', (event) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.keys_.push(performance.now() - event.timeStamp);
      channel.port2.postMessage(null);
    }), { capture: true });
  });
  for (const letter of 'the quick brown fox jumps over the lazy dog and writes on. '.repeat(3)) await page.keyboard.press(letter === ' ' ? 'Space' : letter, { delay: 15 });
  const times = await page.evaluate(() => window.keys_);
  return report('a key in a mail of 1,000 paragraphs', times);
}

async function main() {
  say(`-- page: Chromium, ${MESSAGES} messages of ${AVG_SIZE} bytes, 70 % of them in the inbox`);
  say(`${''.padEnd(48)} ${['p50', 'p99'].map((h) => h.padStart(11)).join('')}`);
  const account = await startFilled({ messages: MESSAGES, average: AVG_SIZE });
  const browser = await launchBrowser();
  try {
    const { url } = account.postroom;
    /* A row for each mail: conversations would be half as many. */
    const unified = Object.keys((await account.client.session()).accounts).find((id) => id.startsWith('u'));
    await account.client.call('Preferences/set', { accountId: unified, update: { singleton: { conversations: false } } });
    const visitor = await Visitor.arrive(browser, [url], { width: 1440, height: 900 });
    await visitor.signIn(url, ADMIN, ROW);
    const { page } = visitor;
    const paint = await firstPaint(browser, url, await visitor.context.storageState());
    const open = await opening(page);
    const { steady, share } = await scrolling(page);
    const search = await searching(page);
    const keys = await typing(page);
    if (visitor.complaints().length) throw new Error(visitor.complaints().join('; '));
    return [
      wanted('first paint of the list, p99', quantile(paint, 0.99), LIMITS.paint, ms),
      wanted('opening a mail that was fetched before, p99', quantile(open, 0.99), LIMITS.open, ms),
      wanted('frames while scrolling, p99', quantile(steady, 0.99), LIMITS.frame, ms),
      wanted('dropped frames', share, LIMITS.dropped, (n) => `${(n * 100).toFixed(1)} %`),
      wanted('first results of a search, p99', quantile(search, 0.99), LIMITS.search, ms),
      wanted('a key in a long mail, p99', quantile(keys, 0.99), LIMITS.key, ms),
    ].every(Boolean);
  } finally {
    await browser.close();
    await account.close();
  }
}

await finish(main);
