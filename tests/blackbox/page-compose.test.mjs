// Writing a mail in a browser: recipients, formatting, pictures, tables, plain text, windows; in three widths, from right to left and in the dark.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { barChart } from '../../dev/mail/generate/png.mjs';
import { noBrowser, ROW } from './support/browser.mjs';
import { until } from './support/organisation.mjs';
import { startPage } from './support/page.mjs';

let all, page, visitor;

const box = () => page.locator('.composer').last();
const editor = () => box().locator('.composer-editor');
const field = (name) => box().getByRole('combobox', { name, exact: true });
const chips = (name) => box().locator('.composer-recipient', { has: page.getByRole('combobox', { name, exact: true }) }).locator('.chip');
const draftsThere = () => all.org.control('messages', { person: all.person.mail, folder: 'Drafts' });

async function write() {
  await page.keyboard.press('Escape').catch(() => {});
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click();
  await editor().waitFor();
}

async function discard() {
  await box().getByRole('button', { name: 'Discard the draft' }).click();
  const sure = page.locator('dialog').getByRole('button', { name: 'Discard the draft' });
  await Promise.race([sure.waitFor(), box().waitFor({ state: 'detached' })]).catch(() => {});
  if (await sure.count()) await sure.click();
  await page.locator('.composer').waitFor({ state: 'detached' });
}

describe('writing in a browser', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    all = await startPage('main', { mails: 40 });
    ({ page, visitor } = all);
    await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(all.postroom.url).origin });
  }, { timeout: 200000 });
  after(async () => { await all?.close(); });

  test('people of past mail are offered while one types, and taken by keyboard', async () => {
    await write();
    await field('To').pressSequentially('james');
    await box().locator('.suggestion', { hasText: 'james.okafor@northlight.example' }).first().waitFor();
    await visitor.screen('compose-suggestions');
    await page.keyboard.press('Enter');
    assert.match(await chips('To').first().getAttribute('aria-label'), /james\.okafor@northlight\.example/);
    assert.equal(await field('To').inputValue(), '');
    /* Chips by keyboard: back to the last, correct it, take it out. */
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Enter');
    assert.match(await field('To').inputValue(), /james\.okafor@/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Delete');
    assert.equal(await chips('To').count(), 0);
    await discard();
  });

  test('many pasted addresses are read, and what is wrong is pointed at', async () => {
    await write();
    await field('To').focus();
    await page.evaluate(() => navigator.clipboard.writeText('Ada <ada@example.org>, ben@example.org\nno-address; clara@, ada@example.org'));
    await page.keyboard.press('Control+V');
    assert.equal(await chips('To').count(), 4);
    assert.equal(await box().locator('.chip-bad').count(), 2);
    const told = box().locator('.recipient-mistakes');
    assert.match(await told.innerText(), /no-address: An address needs an @/);
    assert.match(await told.innerText(), /clara@: Nothing stands behind the @/);
    await visitor.screen('compose-mistakes');
    await box().getByRole('button', { name: 'Send', exact: true }).click();
    await box().getByText(/is not an e-mail address/).first().waitFor();
    /* To another field by the mouse. */
    await box().getByRole('button', { name: 'Add Cc' }).click();
    await chips('To').first().dragTo(field('Cc'));
    await until('the chip in Cc', async () => (await chips('Cc').count()) === 1 && (await chips('To').count()) === 3);
    await discard();
  });

  test('formatting, a table, a link and a picture are written and sent as they look', async () => {
    await write();
    await field('To').fill('james.okafor@northlight.example');
    await page.keyboard.press('Tab');
    await box().getByLabel('Subject').fill('All of it');
    await editor().click();
    await page.keyboard.press('Control+B');
    await page.keyboard.type('Strong');
    await page.keyboard.press('Control+B');
    await page.keyboard.type(' and plain');
    await page.keyboard.press('Enter');
    await box().getByRole('button', { name: /^Bulleted list/ }).click();
    await page.keyboard.type('one');
    await page.keyboard.press('Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+K');
    await page.getByLabel('Address of the link').fill('javascript:alert(1)');
    await page.keyboard.press('Enter');
    await page.getByText('This is no address of a page').waitFor();
    await page.getByLabel('Address of the link').fill('example.org/plan');
    await page.getByLabel('Text that is shown').fill('the plan');
    await page.keyboard.press('Enter');
    await editor().locator('a', { hasText: 'the plan' }).waitFor();
    await page.keyboard.press('Enter');
    await box().getByRole('button', { name: 'Table', exact: true }).click();
    await page.getByRole('menuitem', { name: '3 × 3' }).click();
    await page.keyboard.type('Item');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Price');
    await visitor.screen('compose-table');
    assert.equal(await editor().locator('th', { hasText: 'Price' }).count(), 1);
    await box().getByRole('button', { name: 'Table', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Add a row' }).click();
    await until('a fourth row', async () => (await editor().locator('tr').count()) === 4);
    await page.keyboard.press('Control+End');
    await box().locator('input[type=file][accept]').setInputFiles({ name: 'chart.png', mimeType: 'image/png', buffer: barChart([0.3, 0.6, 0.9], [53, 86, 200]) });
    const picture = editor().locator('.picture img');
    await picture.waitFor();
    await until('the picture', () => picture.evaluate((node) => node.complete && node.naturalWidth > 0));
    const before = (await picture.boundingBox()).width;
    await editor().locator('.picture-handle').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await until('a smaller picture', async () => (await picture.boundingBox()).width < before - 20);
    await visitor.screen('compose-all');
    assert.deepEqual(await visitor.overflow(), []);
    assert.deepEqual(await visitor.faintTexts(), []);
    await box().getByText('Saved to Drafts').waitFor();
    await until('one draft with all of it', async () => {
      const kept = await draftsThere();
      return kept.filter((mail) => mail.subject === 'All of it').length === 1;
    });
    await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
  });

  test('what is in Drafts is one draft, whole, and opens again as it was', async () => {
    const { client, account } = all;
    const found = await until('the draft here', async () => {
      const answer = await client.call('Email/query', { accountId: account, filter: { text: 'Strong', hasKeyword: '$draft' } });
      return answer.ids.length === 1 && answer.ids[0];
    });
    const { list: [mail] } = await client.call('Email/get', { accountId: account, ids: [found], properties: ['bodyValues', 'htmlBody', 'attachments'], fetchHTMLBodyValues: true });
    const html = Object.values(mail.bodyValues)[0].value;
    assert.match(html, /<strong>Strong<\/strong>/);
    assert.match(html, /<a href="https:\/\/example\.org\/plan"/);
    assert.match(html, /<th[^>]*border: 1px solid/);
    assert.match(html, /<img src="cid:[^"]+"[^>]*width="\d+"/);
    assert.equal(mail.attachments.length, 1);
    assert.equal(mail.attachments[0].disposition, 'inline');
  });

  test('a large file goes on where it was paused, and where the connection broke', async () => {
    const bytes = randomBytes(10_000_000);
    const sent = [];
    let hold, broken = false;
    await page.route('**/jmap/upload/**', async (route) => {
      sent.push(route.request().postDataBuffer()?.length ?? 0);
      if (sent.length === 2) await new Promise((resolve) => { hold = resolve; });
      if (sent.length !== 4) return route.continue().catch(() => {});
      broken = true;
      return route.abort('connectionreset');
    });
    await write();
    await box().getByLabel('Subject').fill('Large file');
    await box().locator('input[type=file]:not([accept])').setInputFiles({ name: 'figures.bin', mimeType: 'application/octet-stream', buffer: bytes });
    await until('the second slice', () => hold);
    await box().getByRole('button', { name: 'Pause figures.bin' }).click();
    await box().locator('.composer-attachment', { hasText: 'Paused' }).waitFor();
    assert.equal(await box().getByRole('progressbar').getAttribute('aria-valuenow'), '42');
    hold();
    await box().getByRole('button', { name: 'Go on with figures.bin' }).click();
    await box().locator('.composer-attachment', { hasText: '10 MB' }).waitFor({ timeout: 20000 });
    await page.unroute('**/jmap/upload/**');
    assert.ok(broken);
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''), /figures\.bin/, 'the focus is kept');
    assert.equal(sent.length, 5, 'one slice was paused and one broken off, each was sent twice, the first once');
    await page.keyboard.press('Escape');
    const { client, account } = all;
    const ids = await until('the draft', async () => {
      const found = await client.call('Email/query', { accountId: account, filter: { subject: 'Large file' } });
      return found.ids.length === 1 && found.ids;
    });
    const { list: [mail] } = await client.call('Email/get', { accountId: account, ids, properties: ['attachments'] });
    const { list: [blob] } = await client.call('Blob/get', { accountId: account, ids: [mail.attachments[0].blobId], properties: ['size', 'digest:sha-256'] });
    assert.equal(blob.size, bytes.length);
    assert.equal(blob['digest:sha-256'], createHash('sha256').update(bytes).digest('base64'));
    await client.call('Email/set', { accountId: account, destroy: ids });
  });

  test('a draft that is opened again is as urgent as it was, and asks for the same answers', async () => {
    const wish = async (name) => {
      await box().getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menu').getByText(name, { exact: true }).click();
    };
    await write();
    await box().getByLabel('Subject').fill('With wishes');
    await wish('High priority');
    await wish('Ask for a read receipt');
    await wish('Reply to');
    await box().getByLabel('Reply to').fill('desk@northlight.example');
    await box().getByText('Saved to Drafts').waitFor();
    await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /^Drafts/ }).click();
    await page.locator('.row', { hasText: 'With wishes' }).click();
    await page.getByRole('button', { name: 'Continue writing' }).click();
    await editor().waitFor();
    assert.equal(await box().getByLabel('Reply to').inputValue(), 'desk@northlight.example');
    await box().getByRole('button', { name: 'More', exact: true }).click();
    for (const name of ['High priority', 'Ask for a read receipt']) assert.equal(await page.getByRole('menu').locator('[aria-checked=true]', { hasText: name }).count(), 1, name);
    await page.keyboard.press('Escape');
    await discard();
    await page.getByRole('link', { name: /^Inbox/ }).first().click();
  });

  test('plain text: formatting is given up after a question, and one text goes out', async () => {
    await write();
    await editor().click();
    await page.keyboard.press('Control+B');
    await page.keyboard.type('Strong words');
    await box().getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitemradio', { name: 'Plain text' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Switch to plain text' }).click();
    const area = box().locator('.composer-plain');
    assert.equal(await area.inputValue(), 'Strong words');
    await area.fill(`Strong words\n${'long '.repeat(40)}`);
    await box().getByLabel('Subject').fill('Only text');
    await visitor.screen('compose-plain');
    await box().getByText('Saved to Drafts').waitFor();
    const { client, account } = all;
    const mail = await until('the draft', async () => {
      const { ids } = await client.call('Email/query', { accountId: account, filter: { subject: 'Only text' } });
      const { list } = await client.call('Email/get', { accountId: account, ids, properties: ['bodyStructure', 'bodyValues'], fetchTextBodyValues: true });
      return list.length === 1 && list[0];
    });
    assert.equal(mail.bodyStructure.type, 'text/plain');
    assert.ok(Object.values(mail.bodyValues)[0].value.split('\n').every((line) => line.length <= 76));
    await discard();
  });

  test('several windows stand beside each other, grow, shrink and take turns', async () => {
    await write();
    await box().getByLabel('Subject').fill('First');
    await page.getByRole('button', { name: 'New mail', exact: true }).first().click();
    await until('two windows', async () => (await page.locator('.composer').count()) === 2);
    await box().getByLabel('Subject').fill('Second');
    await visitor.screen('compose-two');
    assert.deepEqual(await visitor.overflow(), []);
    await box().getByRole('button', { name: 'Minimise' }).click();
    await until('a small one', async () => (await box().boundingBox()).height < 80);
    await visitor.screen('compose-minimised');
    await box().getByRole('button', { name: 'Restore' }).click();
    await box().getByRole('button', { name: 'Enlarge' }).click();
    await until('a large one', async () => (await box().boundingBox()).width > 900);
    await visitor.screen('compose-large');
    for (let left = 2; left > 0; left--) {
      await box().getByRole('button', { name: 'Discard the draft' }).click();
      await page.locator('dialog').getByRole('button', { name: 'Discard the draft' }).click();
      await until('one less', async () => (await page.locator('.composer').count()) === left - 1);
    }
    await until('no litter', async () => (await draftsThere()).filter((mail) => ['First', 'Second'].includes(mail.subject)).length === 0);
  });

  test('typing beneath a quotation of a megabyte is as fast as without', async () => {
    await write();
    const keystroke = async () => {
      await editor().click();
      return page.evaluate(async () => {
        const times = [];
        for (let i = 0; i < 40; i++) {
          const begun = performance.now();
          document.execCommand('insertText', false, 'a');
          await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
          times.push(performance.now() - begun);
        }
        return times.toSorted((a, b) => a - b)[20];
      });
    };
    const empty = await keystroke();
    await discard();
    const quoted = `<div>${Array.from({ length: 9000 }, (_, i) => `<p style="margin:0">Line ${i} of a long conversation that everybody quoted as a whole, again and again.</p>`).join('')}</div>`;
    const raw = Buffer.from(`From: James Okafor <james.okafor@northlight.example>\r\nTo: ${all.person.mail}\r\nSubject: A megabyte\r\nMessage-ID: <megabyte@x.example>\r\nDate: ${new Date().toUTCString()}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${quoted.replaceAll('</p>', '</p>\r\n')}\r\n`);
    await all.org.control('append', { person: all.person.mail, raw: raw.toString('base64') });
    await page.locator('.row', { hasText: 'A megabyte' }).click();
    await page.locator('.message[data-open=true] .mail-frame iframe').waitFor();
    await page.keyboard.press('r');
    await editor().waitFor();
    const long = await keystroke();
    console.log(`# a keystroke: ${empty.toFixed(1)} ms in an empty mail, ${long.toFixed(1)} ms above a quotation of ${(raw.length / 1e6).toFixed(1)} MB`);
    assert.ok(long < empty + 40, `${long} ms against ${empty} ms`);
    await discard();
  });

  test('narrow, from right to left and in the dark it is in good shape', async () => {
    for (const [name, options] of [['1024', { width: 1024, height: 800 }], ['390', { width: 390, height: 844 }], ['he', { locale: 'he-IL' }], ['dark', { dark: true }]]) {
      const other = await all.arrive(options);
      await other.page.locator(ROW).first().waitFor();
      await other.page.keyboard.press('c');
      await other.page.locator('.composer-editor').waitFor();
      await other.page.locator('.composer-recipient input').first().fill('j');
      await other.page.locator('.suggestion').first().waitFor();
      await other.screen(`compose-${name}`);
      await other.page.keyboard.press('Escape');
      await other.screen(`compose-${name}-closed`);
      assert.deepEqual(await other.overflow(), [], name);
      assert.deepEqual(await other.faintTexts(), [], name);
      assert.deepEqual(other.complaints(), [], name);
      await other.context.close();
    }
  });

  test('Tab goes through a table whose tools have not come yet', async () => {
    const other = await all.arrive({ width: 1024, height: 800 });
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    let asked = false;
    await other.context.route(/table-tools/, async (route) => { asked = true; await held; await route.continue(); });
    await other.page.reload();
    await other.page.locator(ROW).first().waitFor();
    await other.page.keyboard.press('c');
    const text = other.page.locator('.composer-editor');
    await text.click();
    await other.page.getByRole('button', { name: 'Table', exact: true }).click();
    await other.page.getByRole('menuitem', { name: '2 × 2' }).click();
    for (const word of ['Item', 'Price', 'Lamp', '30 €']) {
      await other.page.keyboard.type(word);
      if (word !== '30 €') await other.page.keyboard.press('Tab');
    }
    assert.deepEqual(await text.locator('th, td').allInnerTexts(), ['Item', 'Price', 'Lamp', '30 €']);
    assert.ok(asked, 'the tools were held back');
    release();
    await other.page.keyboard.press('Shift+Tab');
    await other.page.keyboard.type('Lantern');
    assert.deepEqual(await text.locator('th, td').allInnerTexts(), ['Item', 'Price', 'Lantern', '30 €']);
    await other.page.keyboard.press('Tab');
    await other.page.keyboard.press('Tab');
    assert.equal(await text.evaluate((node) => node.contains(document.activeElement)), false, 'behind the last cell it leaves the text');
    assert.deepEqual(other.complaints(), []);
    await other.context.close();
  });

  test('nothing went wrong on the way', () => { assert.deepEqual(visitor.complaints().filter((text) => !text.includes('ERR_CONNECTION_RESET')), []); });
});
