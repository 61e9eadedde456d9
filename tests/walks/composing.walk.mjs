// Writing by hand: formatting, lists, a table, a link, pictures by file, paste and drop, plain text and back, windows, and an answer whose quotation stays as it was.

import assert from 'node:assert/strict';

import { barChart } from '../../dev/mail/generate/png.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { atServer, deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

/* What the editor has no words for, and would lose if it passed through it. */
const QUOTED = '<div style="font-family:Georgia"><p>The plan of   the hall, <b>bold <i>and odd</i></b></p><table bgcolor="#eeeeee"><tr><td>Stand 12</td><td>30 EUR</td></tr></table></div>';
const prepare = (world) => deliverAll(world, [{ subject: 'Plan of the hall', body: QUOTED }]);

/* What one writes on the page of each language: the other direction than its own, and both on one line. */
const WRITTEN = {
  en: { subject: 'תוכנית הדוכן', first: 'שלום דנה, מצורפת התוכנית של Hall 4 (עמוד 12).', second: 'Please look at the table: דוכן 12 is ours.', bold: 'עד יום שישי', items: ['טבלה', 'Drawings', 'מחירים: 30 €'] },
  he: { subject: 'Plan of the stand', first: 'Dear James, here is the plan of אולם 4 (page 12).', second: 'נא לראות את הטבלה: Stand 12 שלנו.', bold: 'until Friday', items: ['Stands', 'שרטוטים', 'Prices: 30 €'] },
  zh: { subject: '展位平面图 (Hall 4)', first: '您好，附上 4 号馆的平面图，דוכן 12 是我们的。', second: 'Please look at the table below.', bold: '周五之前', items: ['表格', 'שרטוטים', '价格：30 €'] },
};

const picture = (n) => barChart([0.3, 0.6, 0.9, 0.2 * n], [53, 86, 60 * n]);
const box = (w) => w.page.locator('.composer').last();
const editor = (w) => box(w).locator('.composer-editor');
const tool = (w, id) => w.tap(w.button(id, { within: box(w) }));
const foot = (w) => box(w).locator('.composer-foot');
const pick = async (w, tool_, item, values) => {
  await tool(w, tool_);
  await w.tap(w.item(item, values));
};
const drafts = async (w, subject) => (await atServer(w.world, 'Drafts')).filter((one) => one.subject === subject);
const draftHtml = (w, subject) => until(`the draft ${subject}`, async () => {
  const { client, account } = w.world;
  const { ids } = await client.call('Email/query', { accountId: account, filter: { subject, hasKeyword: '$draft' } });
  const { list } = await client.call('Email/get', { accountId: account, ids, properties: ['bodyValues', 'attachments', 'htmlBody', 'textBody'], fetchHTMLBodyValues: true, fetchTextBodyValues: true });
  return list.length === 1 && list[0];
});
const saved = (w) => box(w).getByText(w.t('compose.saved')).waitFor();

async function begin(w) {
  await w.tap(w.button('compose.new').first());
  await editor(w).waitFor();
}

async function discard(w) {
  await tool(w, 'compose.discard');
  const sure = w.button('compose.discard', { within: w.page.locator('dialog[open]') });
  await sure.waitFor();
  await w.tap(sure);
}

async function formatting(w) {
  const { subject, first, second, bold, items } = WRITTEN[w.language];
  await begin(w);
  await w.look('empty');
  await box(w).getByRole('combobox', { name: w.t('compose.to'), exact: true }).fill('james.okafor@northlight.example');
  await w.press('Enter');
  await w.field('compose.subject', { within: box(w) }).fill(subject);
  await w.tap(editor(w));
  await w.page.keyboard.type(`${first}\n${second} `);
  await tool(w, 'compose.bold');
  await w.page.keyboard.type(bold);
  await tool(w, 'compose.bold');
  await w.press('Enter');
  await tool(w, 'compose.bullets');
  await w.page.keyboard.type(items.join('\n'));
  const sides = await editor(w).locator('ul, ul li').evaluateAll((nodes) => nodes.map((node) => getComputedStyle(node).direction));
  assert.deepEqual(new Set(sides), new Set([w.language === 'en' ? 'rtl' : 'ltr']), 'the bullets where the first item begins');
  await w.look('a-list');
  await w.press('Enter', 'Enter');
  await pick(w, 'compose.heading', 'compose.heading2');
  await w.page.keyboard.type(subject);
  await w.press('Enter');
  await tool(w, 'compose.colour');
  await w.look('colours');
  await w.tap(w.item('compose.colourBlue'));
  await w.page.keyboard.type(bold);
  await w.press('Enter');
  await tool(w, 'compose.align');
  await w.look('alignments');
  await w.tap(w.item('compose.alignCenter'));
  assert.equal(await editor(w).locator('p[dir]').first().evaluate((node) => getComputedStyle(node).direction), w.language === 'en' ? 'rtl' : 'ltr', 'each paragraph by its own text');
}

async function linkAndTable(w) {
  await tool(w, 'compose.link');
  await w.field('compose.linkPrompt', { within: w.dialog() }).fill('javascript:alert(1)');
  await w.tap(w.button('compose.linkInsert', { within: w.dialog() }));
  await w.text('compose.linkWrong').waitFor();
  await w.look('link-refused');
  await w.field('compose.linkPrompt', { within: w.dialog() }).fill('example.org/plan');
  await w.field('compose.linkText', { within: w.dialog() }).fill('example.org/plan');
  await w.tap(w.button('compose.linkInsert', { within: w.dialog() }));
  await editor(w).locator('a[href="https://example.org/plan"]').waitFor();
  await w.press('Enter');
  await tool(w, 'compose.table');
  await w.look('tables');
  await w.tap(w.item('compose.tableSize', { columns: 3, rows: 3 }));
  for (const cell of ['דוכן', 'Stand', '展位', '12', '4 × 3 m', '30 €']) {
    await w.page.keyboard.type(cell);
    /* On a telephone there is no Tab. */
    if (!w.narrow) await w.press('Tab');
    else if (cell !== '30 €') await w.tap(editor(w).locator('td, th').filter({ hasText: /^$/ }).first());
  }
  await tool(w, 'compose.table');
  await w.look('in-a-table');
  await w.tap(w.item('compose.tableNoRow'));
  await until('one row less', async () => (await editor(w).locator('tr').count()) === 2);
  await w.look('table');
}

/* As programs and hands give pictures: a file chosen, what the clipboard holds, what is let fall. */
async function pictures(w) {
  const shown = editor(w).locator('.picture img');
  const there = (count) => until(`${count} pictures`, async () => (await shown.count()) === count && (await shown.evaluateAll((all) => all.every((one) => one.complete && one.naturalWidth > 0))));
  const give = (type, n) => editor(w).evaluate((node, [kind, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], `${kind}.png`, { type: 'image/png' }));
    const at = node.querySelector('p:last-child').getBoundingClientRect();
    const more = { bubbles: true, cancelable: true, clientX: at.left + 5, clientY: at.top + 5 };
    if (kind === 'drop') node.dispatchEvent(new DragEvent('dragover', { ...more, dataTransfer: data }));
    node.dispatchEvent(kind === 'drop' ? new DragEvent('drop', { ...more, dataTransfer: data }) : new ClipboardEvent('paste', { ...more, clipboardData: data }));
  }, [type, [...picture(n)]]);
  await w.tap(editor(w).locator('> p').last());
  const chooser = w.page.waitForEvent('filechooser');
  await w.tap(w.button('compose.picture', { within: foot(w) }).last());
  await (await chooser).setFiles({ name: 'תרשים.png', mimeType: 'image/png', buffer: picture(1) });
  await there(1);
  await give('paste', 2);
  await there(2);
  if (!w.narrow) {
    await give('drop', 3);
    await there(3);
  }
  await w.tap(shown.first());
  await w.look('pictures');
  const width = async () => (await shown.first().boundingBox()).width;
  const before = await width();
  await tool(w, 'compose.pictureSmall');
  await until('a small picture', async () => (await width()) < before - 10);
  const small = await width();
  /* By its corner, away from the beginning of the line. */
  const handle = editor(w).locator('.picture-handle').first();
  await handle.scrollIntoViewIfNeeded();
  const at = await handle.boundingBox();
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
  const onwards = (await handle.evaluate((node) => getComputedStyle(node).direction)) === 'rtl' ? -40 : 40;
  await drag(w, [x, y], [x + onwards, y + 20]);
  await until('a wider picture', async () => Math.abs((await width()) - small - 40) < 8);
  await w.look('resized');
  await tool(w, 'compose.pictureText');
  await w.dialog().getByRole('textbox').fill('תרשים: four bars');
  await w.look('describe');
  await w.tap(w.button('compose.apply', { within: w.dialog() }));
  await editor(w).locator('img[alt="תרשים: four bars"]').waitFor();
  await saved(w);
  await w.look('all');
}

async function drag(w, [x, y], [toX, toY]) {
  if (!w.narrow) {
    await w.page.mouse.move(x, y);
    await w.page.mouse.down();
    await w.page.mouse.move(toX, toY, { steps: 4 });
    return w.page.mouse.up();
  }
  const touch = await w.who.context.newCDPSession(w.page);
  const point = (type, ...points) => touch.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([px, py]) => ({ x: px, y: py })) });
  await point('touchStart', [x, y]);
  for (let i = 1; i <= 4; i++) await point('touchMove', [x + (toX - x) * i / 4, y + (toY - y) * i / 4]);
  await point('touchEnd');
  return touch.detach();
}

async function asKept(w) {
  const { subject, bold } = WRITTEN[w.language];
  const html = await until('all of it', async () => {
    const { bodyValues, htmlBody } = await draftHtml(w, subject);
    const { value } = bodyValues[htmlBody[0].partId];
    return value.includes('four bars') && value;
  });
  assert.ok(html.includes(`<strong>${bold}</strong>`));
  assert.match(html, /<img src="cid:[^"]+"[^>]*alt="תרשים: four bars"/);
  assert.match(html, new RegExp(`<ul dir="${w.language === 'en' ? 'rtl' : 'ltr'}"><li><p`));
  assert.match(html, /<th[^>]*>.*?דוכן/s);
}

async function windows(w) {
  await tool(w, w.narrow ? 'compose.close' : 'compose.minimise');
  if (w.narrow) {
    await w.page.locator('.composer').waitFor({ state: 'detached' });
    return;
  }
  await w.look('minimised');
  await begin(w);
  await w.field('compose.subject', { within: box(w) }).fill('Second');
  await w.look('two-windows');
  await tool(w, 'compose.enlarge');
  await until('a large one', async () => (await box(w).boundingBox()).width > 900);
  await w.look('large');
  await discard(w);
  await until('one less', async () => (await w.page.locator('.composer').count()) === 1);
  await tool(w, 'compose.restore');
  await editor(w).locator('table').waitFor();
  await tool(w, 'compose.close');
}

async function plain(w) {
  const { first } = WRITTEN[w.language];
  await begin(w);
  await w.field('compose.subject', { within: box(w) }).fill('Only text');
  await w.tap(editor(w));
  await tool(w, 'compose.bold');
  await w.page.keyboard.type(first);
  await tool(w, 'compose.more');
  await w.look('more');
  await w.tap(w.button('compose.plainText', { role: 'menuitemradio' }));
  await w.look('to-plain');
  await w.tap(w.button('compose.toPlain', { within: w.dialog() }));
  const area = box(w).locator('.composer-plain');
  assert.equal(await area.inputValue(), first);
  await area.fill(`${first}\n\n> ${first}\n-- \nAnna`);
  await saved(w);
  await w.look('plain');
  await tool(w, 'compose.more');
  await w.tap(w.button('compose.plainText', { role: 'menuitemradio' }));
  await editor(w).getByText(first).first().waitFor();
  await w.look('rich-again');
  await discard(w);
  await until('no draft', async () => (await drafts(w, 'Only text')).length === 0);
}

async function answer(w) {
  const { first } = WRITTEN[w.language];
  await w.open('Plan of the hall');
  await w.tap(w.button('action.reply').last());
  await editor(w).waitFor();
  await w.page.keyboard.type(first);
  const quoted = box(w).locator('.quote-node summary');
  await w.tap(quoted);
  await box(w).frameLocator('.quote-node iframe').getByText('Stand').waitFor();
  await w.look('answer');
  await saved(w);
  const { bodyValues, htmlBody } = await draftHtml(w, 'Re: Plan of the hall');
  for (const kept of [/font-family:\s*Georgia/, /The plan of {3}the hall, <b>bold <i>and odd<\/i><\/b><\/p>/, /<table bgcolor="#eeeeee"/]) assert.match(bodyValues[htmlBody[0].partId].value, kept);
  await discard(w);
}

walk('composing', { prepare }, async (w) => {
  await formatting(w);
  await linkAndTable(w);
  await pictures(w);
  await asKept(w);
  await windows(w);
  await plain(w);
  await answer(w);
});
