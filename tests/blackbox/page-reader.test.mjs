// Reading one mail in a browser: what senders may learn, where links go, invitations, attached files, source, print. Pictures go to build-logs/screens.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { filePart, message, multipart, textPart } from '../../dev/mail/generate/mime.mjs';
import { barChart, beam } from '../../dev/mail/generate/png.mjs';
import { launchBrowser, noBrowser, ROW, Visitor } from './support/browser.mjs';
import { deliver } from './support/desk.mjs';
import { docx, pdf } from './support/documents.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';
import { inGoodShape } from './support/shape.mjs';

const FROM = 'Rosa Winkler <rosa.winkler@fairs.example>';
let org, postroom, client, person, account, close, browser, visitor, page, pictures;

async function startPictureServer() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    if (request.url.endsWith('.svg')) response.writeHead(200, { 'Content-Type': 'image/svg+xml' }).end('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>');
    else response.writeHead(200, { 'Content-Type': 'image/png' }).end(beam(320, 90, [255, 214, 140]));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

const head = (subject, id, minutes, more = []) => [`From: ${FROM}`, `To: ${person.mail}`, `Subject: ${subject}`, `Date: ${new Date(Date.now() - minutes * 60e3).toUTCString().replace('GMT', '+0000')}`, `Message-ID: <${id}@fairs.example>`, ...more];
const html = (text) => textPart(text, { type: 'text/html', encoding: 'quoted-printable' });

const newsletter = () => message(head('Spring fair: the programme', 'news-1', 50), multipart('alternative', [
  textPart('The programme of the spring fair, as text.'),
  html(`<html><body bgcolor="#ffffff" style="font-family:Arial;color:#222222"><h1 style="color:#003366">Spring fair</h1><p>Hall 4 is <a href="https://evil.example.net/login">www.fairs.example</a>, tickets at <a href="https://us1.list-manage.com/track/click?u=1">our shop</a>.</p>
<table style="background-color:#fff6d6"><tr><td style="color:#553300">Early birds pay half until Friday.</td></tr></table>
<p><img src="${pictures.url}/hall.png" alt="Hall 4" width="320" height="90"><img src="${pictures.url}/plan.svg" alt="Plan" width="50" height="50"></p>
<img src="https://us1.list-manage.com/track/open.php?u=1" width="1" height="1"><img src="https://counter.fairs.example/p.gif" width="1" height="1">
<div>On 4 May 2026, Rosa &lt;rosa@fairs.example&gt; wrote:</div><blockquote>Old programme</blockquote></body></html>`)], 'alt1'));

const EVENT = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:fair-1', 'SEQUENCE:0', 'DTSTAMP:20300101T000000Z', 'SUMMARY:Stand plan\\, second round', 'LOCATION:Hall 4\\, room 12', 'DTSTART;TZID=Asia/Tokyo:20300506T170000',
  'DTEND;TZID=Asia/Tokyo:20300506T180000', 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=6', 'ORGANIZER;CN=Rosa Winkler:mailto:rosa.winkler@fairs.example', 'ATTENDEE;CN=Anna Berg;PARTSTAT=NEEDS-ACTION:mailto:anna@northlight.example',
  'ATTENDEE;CN=James Okafor;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:mailto:james@northlight.example', 'END:VEVENT', 'END:VCALENDAR', ''];
const calendar = (lines, method) => textPart(lines.join('\r\n'), { type: `text/calendar; method=${method}`, encoding: 'base64' });
const invitation = () => message(head('Stand plan', 'invite-1', 40), multipart('alternative', [textPart('You are invited.'), calendar(EVENT, 'REQUEST')], 'alt2'));
const cancelled = () => message(head('Re: Stand plan', 'invite-2', 30, ['In-Reply-To: <invite-1@fairs.example>', 'References: <invite-1@fairs.example>']), multipart('alternative', [textPart('It is off.'),
  calendar(EVENT.map((line) => line.replace('METHOD:REQUEST', 'METHOD:CANCEL').replace('SEQUENCE:0', 'SEQUENCE:1')), 'CANCEL')], 'alt3'));

function silence() {
  const samples = Buffer.alloc(800, 128);
  const header = Buffer.alloc(44);
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

const files = () => message(head('Everything for the stand', 'files-1', 20), multipart('mixed', [textPart('Six files.\n\nOn Mon, 4 May 2026, Anna wrote:\n> the old list\n> and more'),
  filePart({ name: 'chart.png', type: 'image/png', bytes: barChart([0.5, 0.7, 0.9], [53, 86, 200]) }), filePart({ name: 'plan.pdf', type: 'application/pdf', bytes: pdf('Stand plan', 'Halle 4') }),
  filePart({ name: 'Größen.txt', type: 'text/plain', bytes: Buffer.from('Die Gr\xf6\xdfe M f\xfcr den Stand in der Stra\xdfe, mit sch\xf6nen Gr\xfc\xdfen aus K\xf6ln.\n', 'latin1') }), filePart({ name: 'hum.wav', type: 'audio/wav', bytes: silence() }),
  filePart({ name: 'letter.docx', type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', bytes: docx('Werkvertrag und Anlage') }), filePart({ name: 'data.bin', type: 'application/octet-stream', bytes: Buffer.from([0, 1, 2, 3]) })], 'mix1'));

const row = (subject) => page.locator('.row', { hasText: subject });
const frame = () => page.frameLocator('.message[data-open=true] .mail-frame iframe').last();
const card = () => page.locator('.invite').last();

async function open(subject) {
  await page.goto(`${postroom.url}/mail/${account}`);
  await row(subject).first().click();
  await page.locator('.reader-subject', { hasText: subject }).waitFor();
}

async function menu(name) {
  await page.locator('.message[data-open=true]').last().getByRole('button', { name: 'More for this mail' }).click();
  await page.getByRole('menuitem', { name, exact: true }).click();
}

describe('reading one mail', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [pictures, browser, { org, postroom, client, account, person, close }] = await Promise.all([startPictureServer(), launchBrowser(), startLinked('main', { mails: 3 })]);
    for (const raw of [newsletter(), invitation(), cancelled(), files()]) await org.control('append', { person: person.mail, raw: raw.toString('base64'), flags: ['\\Seen'] });
    await until('the mails are here', async () => (await client.call('Email/query', { accountId: account, filter: { from: 'fairs.example' } })).ids.length === 4);
    await postroom.settled(person.mail);
    visitor = await Visitor.arrive(browser, [postroom.url], { width: 1440, height: 900 });
    page = visitor.page;
    await visitor.signIn(postroom.url, ADMIN, ROW);
  });
  after(async () => {
    await browser?.close();
    await pictures?.close();
    await close?.();
  });

  test('trackers are named on demand, and remote images wait for a word', async () => {
    await open('Spring fair');
    await frame().getByText('Hall 4 is').waitFor();
    assert.deepEqual(pictures.asked, []);
    await page.getByRole('button', { name: '2 trackers removed' }).click();
    const list = page.locator('.tracker-list');
    assert.match(await list.innerText(), /Mailchimp us1\.list-manage\.com/);
    assert.match(await list.innerText(), /Unknown service counter\.fairs\.example/);
    await inGoodShape(visitor, 'reader-trackers');
  });

  test('a quotation without marks of a mail program is folded with what announces it', async () => {
    assert.equal(await frame().locator('summary').count(), 1);
    assert.equal(await frame().getByText('Old programme').isVisible(), false);
    await frame().locator('summary').click();
    await frame().getByText('Old programme').waitFor();
    const off = () => page.locator('.mail-frame iframe').last().evaluate((node) => Math.abs(node.contentDocument.querySelector('.postroom-mail').getBoundingClientRect().height - node.getBoundingClientRect().height));
    await until('the frame to fit', async () => (await off()) <= 1.5);
  });

  test('a link says where it goes, by pointer and by keyboard, and a false one is held', async () => {
    await frame().getByText('our shop').hover();
    await page.getByText('Mailchimp counts that you follow it').waitFor();
    const bad = frame().getByRole('link', { name: 'www.fairs.example' });
    await bad.focus();
    await page.locator('.link-target', { hasText: 'Goes to evil.example.net' }).waitFor();
    await bad.click();
    const dialog = page.getByRole('dialog', { name: 'This link goes elsewhere' });
    assert.match(await dialog.innerText(), /names www\.fairs\.example, but it goes to evil\.example\.net/);
    await inGoodShape(visitor, 'reader-link-warning');
    await dialog.getByRole('button', { name: 'Do not open' }).click();
    assert.equal(visitor.context.pages().length, 1);
  });

  test('plain text can be had of every mail', async () => {
    await menu('Show as plain text');
    await page.locator('.plain-text', { hasText: 'as text' }).waitFor();
    await menu('Show formatted');
    await frame().getByText('Hall 4 is').waitFor();
  });

  test('images come through the server, once; vectors do not come at all', async () => {
    await page.getByRole('button', { name: 'Show images' }).click();
    await until('the picture', () => frame().getByAltText('Hall 4').evaluate((image) => image.complete && image.naturalWidth === 320));
    assert.equal(await frame().getByAltText('Plan').evaluate((image) => image.naturalWidth), 0);
    const address = await frame().getByAltText('Hall 4').evaluate((image) => image.src);
    for (let i = 0; i < 3; i += 1) assert.equal((await visitor.context.request.get(address)).status(), 200);
    assert.equal(pictures.asked.filter((url) => url === '/hall.png').length, 1, 'the server keeps what it fetched');
  });

  test('a sender can be trusted for good, and that can be taken back', async () => {
    await open('Spring fair');
    await page.getByRole('button', { name: 'Always for rosa.winkler@fairs.example' }).click();
    await page.getByText('Images are shown because you trust').waitFor();
    await page.goto(`${postroom.url}/settings/privacy`);
    await page.getByText('rosa.winkler@fairs.example').waitFor();
    await inGoodShape(visitor, 'reader-privacy-settings');
    await open('Spring fair');
    await until('the picture again', () => frame().getByAltText('Hall 4').evaluate((image) => image.complete && image.naturalWidth === 320));
    await page.goto(`${postroom.url}/settings/privacy`);
    await page.getByRole('button', { name: 'Remove rosa.winkler@fairs.example' }).click();
    await page.getByText('Nobody yet').waitFor();
    await open('Spring fair');
    await page.getByText('remote images are blocked').waitFor();
  });

  test('the source, its headers and the mail as a file', async () => {
    await menu('View source');
    const dialog = page.getByRole('dialog', { name: 'Source of the mail' });
    await dialog.getByText('Message-ID: <news-1@fairs.example>').waitFor();
    assert.equal(await dialog.getByText('as text.').count(), 0);
    await dialog.getByRole('button', { name: 'Whole text' }).click();
    await dialog.locator('.source-text', { hasText: 'multipart/alternative' }).getByText('The programme of the spring fair, as text.').waitFor();
    await inGoodShape(visitor, 'reader-source');
    const arriving = page.waitForEvent('download');
    await dialog.getByRole('link', { name: 'Download mail' }).click();
    const file = await arriving;
    assert.equal(file.suggestedFilename(), 'Spring fair the programme.eml');
    assert.match(readFileSync(await file.path(), 'utf8'), /^From: Rosa Winkler/m);
    await page.keyboard.press('Escape');
    await until('the focus to come back', () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'More for this mail'));
  });

  test('an invitation is shown with its details, and a later mail outdates it', async () => {
    await open('Stand plan');
    assert.match(await page.locator('.message[data-open=true] .invite').last().innerText(), /Cancelled/);
    await page.locator('.message-line').first().click();
    const first = page.locator('.invite').first();
    await first.getByText('Out of date').waitFor();
    const text = await first.innerText();
    assert.match(text, /Stand plan, second round/);
    assert.match(text, /Monday,? 6 May 2030/);
    assert.match(text, /08:00/);
    assert.match(text, /Asia\/Tokyo.*17:00/s);
    assert.match(text, /Every 2 weeks.*on Monday and Wednesday.*6 times/s);
    assert.match(text, /Hall 4, room 12/);
    assert.match(text, /Rosa Winkler invites/);
    assert.match(text, /James Okafor\s*declined\s*optional/);
    await inGoodShape(visitor, 'reader-invitation');
  });

  test('attached files are looked at in the page: picture, PDF, text, sound, document', async () => {
    await open('Everything for the stand');
    await page.locator('.fold').click();
    await page.getByText('> the old list').waitFor();
    await page.getByRole('button', { name: 'Open chart.png' }).click();
    const box = page.getByRole('dialog', { name: /chart\.png/ });
    await until('the picture', () => box.getByRole('img', { name: 'chart.png' }).evaluate((image) => image.complete && image.naturalWidth > 100));
    await page.keyboard.press('+');
    assert.equal(await box.getByRole('img', { name: 'chart.png' }).getAttribute('data-zoomed'), 'true');
    await inGoodShape(visitor, 'reader-lightbox-picture');
    await page.keyboard.press('ArrowRight');
    const sheet = page.getByRole('img', { name: 'Page 1 of 1' });
    await until('the page', () => sheet.evaluate((image) => image.complete && image.naturalWidth >= 800));
    await inGoodShape(visitor, 'reader-lightbox-pdf');
    await page.keyboard.press('ArrowRight');
    await page.locator('.preview-text', { hasText: 'Größe M' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await until('the sound', () => page.locator('audio').evaluate((sound) => sound.readyState >= 1 && !sound.error));
    await page.keyboard.press('ArrowRight');
    await page.locator('.preview-text', { hasText: 'Werkvertrag und Anlage' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('There is no preview of this file').waitFor();
    await page.getByText('6 of 6').waitFor();
    await page.keyboard.press('Escape');
    await until('the focus to come back', () => page.evaluate(() => document.activeElement?.getAttribute('aria-label')?.startsWith('Open chart.png')));
  });

  test('all files come as one', async () => {
    const arriving = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download all attachments' }).click();
    const file = await arriving;
    assert.equal(file.suggestedFilename(), 'Everything for the stand.zip');
    const bytes = readFileSync(await file.path());
    for (const name of ['chart.png', 'plan.pdf', 'Größen.txt', 'hum.wav', 'letter.docx', 'data.bin']) assert.ok(bytes.includes(Buffer.from(name)), name);
  });

  test('a mail is forwarded as it is, in a file', async () => {
    await open('Everything for the stand');
    await menu('Forward as attachment');
    const file = page.locator('.composer-attachment', { hasText: '.eml' });
    await file.waitFor();
    assert.match(await file.innerText(), /Everything for the stand/);
    await page.locator('.composer').getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Discard the draft' }).click();
    await page.locator('.composer').waitFor({ state: 'detached' });
  });

  test('a conversation is printed on clean paper, without script and without the page', async () => {
    await open('Stand plan');
    await page.evaluate(() => { window.printed = []; new MutationObserver((changes) => { for (const change of changes) for (const node of change.addedNodes) if (node.tagName === 'IFRAME') node.addEventListener('load', () => { node.contentWindow.print = () => window.printed.push([node.getAttribute('sandbox'), node.contentDocument.body.innerText]); }, true); }).observe(document.body, { childList: true }); });
    await menu('Print conversation');
    await until('it is printed', () => page.evaluate(() => window.printed.length === 1));
    const [sandbox, text] = await page.evaluate(() => window.printed[0]);
    assert.equal(sandbox, 'allow-same-origin allow-modals');
    for (const part of ['Stand plan', 'Rosa Winkler <rosa.winkler@fairs.example>', 'You are invited.', 'It is off.']) assert.ok(text.includes(part), part);
    assert.equal(text.includes('Inbox'), false);
  });

  test('printed by the browser itself it is the conversation alone, too', async () => {
    await open('Everything for the stand');
    await page.getByRole('button', { name: 'Open plan.pdf' }).waitFor();
    await page.emulateMedia({ media: 'print' });
    const text = (await page.locator('body').innerText()).replaceAll(/\s+(?=\.\w)/g, '');
    for (const part of ['Everything for the stand', 'Rosa Winkler', 'rosa.winkler@fairs.example', 'to me', 'Six files.', 'chart.png', 'plan.pdf', 'Größen.txt']) assert.ok(text.includes(part), part);
    for (const part of ['Inbox', 'New mail', 'Search', 'Spring fair', 'Add note', 'Forward', 'Download all']) assert.ok(!text.includes(part), part);
    assert.deepEqual(await page.locator('nav, .list-pane, [role=toolbar]').evaluateAll((nodes) => nodes.filter((node) => node.checkVisibility()).map((node) => node.className)), []);
    await visitor.resize(718, 1016);
    await visitor.screen('reader-printed');
    const paper = await page.pdf({ format: 'A4', printBackground: false, margin: { top: '1cm', bottom: '1cm', left: '1cm', right: '1cm' } });
    assert.equal(paper.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length, 1, 'one sheet holds it');
    await visitor.resize(1440, 900);
    await page.emulateMedia({ media: 'screen' });
  });

  test('on paper a mail is as high as it is there, and has its own colours where the page is dark', async () => {
    await visitor.resize(1920, 900);
    await page.emulateMedia({ colorScheme: 'dark' });
    await open('Spring fair');
    const frame = page.locator('.message[data-open=true] .mail-frame iframe');
    const size = () => frame.evaluate((node) => [node.offsetWidth, node.clientHeight - node.contentDocument.querySelector('.postroom-mail').getBoundingClientRect().height]);
    const colour = () => frame.evaluate((node) => getComputedStyle(node.contentDocument.querySelector('td')).color);
    const [wide] = await size();
    assert.ok(wide > 660);
    assert.notEqual(await colour(), 'rgb(85, 51, 0)');
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    const [width, spare] = await size();
    assert.equal(width, 660);
    assert.ok(spare >= 0 && spare < 2, `${spare} pixels`);
    assert.equal(await colour(), 'rgb(85, 51, 0)');
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    assert.equal((await size())[0], wide);
    assert.notEqual(await colour(), 'rgb(85, 51, 0)');
    await page.emulateMedia({ colorScheme: 'light' });
    await visitor.resize(1440, 900);
    await open('Stand plan');
  });

  test('unread from here marks this mail and the later ones', async () => {
    await menu('Mark unread from here');
    await until('unread at the server', async () => (await org.control('messages', { person: person.mail })).filter((m) => /Stand plan/.test(m.subject) && !m.flags.includes('\\Seen')).length === 1);
  });

  test('a notification opens the mail in its own folder', async () => {
    const other = await Visitor.arrive(browser, [postroom.url], {});
    await other.keepNotifications();
    await other.signIn(postroom.url, ADMIN, ROW);
    await other.page.goto(`${postroom.url}/settings/general`);
    await other.page.getByRole('checkbox', { name: 'Notify me of new mail on this computer' }).check();
    await deliver(org, person, 'Knock knock');
    await until('the notification', () => other.page.evaluate(() => window.notes.length > 0), { ms: 20000 });
    await other.page.evaluate(() => window.notes[0].onclick());
    await other.page.locator('.reader-subject', { hasText: 'Knock knock' }).waitFor();
    await other.page.locator('.list-head h1', { hasText: 'Inbox' }).waitFor();
    await other.page.locator(ROW, { hasText: 'Knock knock' }).waitFor();
    assert.deepEqual(other.complaints(), []);
    await other.context.close();
  });

  for (const [name, options] of Object.entries({ dark: { dark: true, width: 1440, height: 900 }, hebrew: { locale: 'he-IL', width: 1024, height: 768 }, narrow: { width: 390, height: 844 } }))
    test(`mail is legible and in its place: ${name}`, async () => {
      const other = await Visitor.arrive(browser, [postroom.url], options);
      await other.signIn(postroom.url, ADMIN, ROW);
      for (const [subject, picture] of [['Spring fair', 'newsletter'], ['Stand plan', 'invitation'], ['Everything for the stand', 'files']]) {
        await other.page.goto(`${postroom.url}/mail/${account}`);
        await other.page.locator('.row', { hasText: subject }).first().click();
        await other.page.locator('.message-body').last().waitFor();
        await other.page.locator('.mail-frame, .invite, .attachments').last().waitFor();
        await other.page.waitForTimeout(300);
        await inGoodShape(other, `reader-${picture}-${name}`);
      }
      assert.deepEqual(other.complaints(), []);
      await other.context.close();
    });

  test('nothing went wrong on the way', () => {
    assert.deepEqual(visitor.complaints().filter((text) => !/415|Failed to load resource|404/.test(text)), []);
  });
});
