// HTML mail by hand: remote images by consent, trackers, links that lie, dark and plain text, wide newsletters, mail from right to left, an invitation.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import { multipart, textPart } from '../../dev/mail/generate/mime.mjs';
import { beam } from '../../dev/mail/generate/png.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { deliverAll } from './support/letters.mjs';
import { walk } from './support/walk.mjs';

const ROSA = 'Rosa Winkler <rosa.winkler@fairs.example>';
const FAIR = 'Spring fair: the programme', SALE = 'מבצע אביב: תאורה לכל הבית', PLAN = 'Stand plan';

async function pictureServer() {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'Content-Type': 'image/png' }).end(beam(320, 90, [255, 214, 140]));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { asked, url: `http://127.0.0.1:${server.address().port}` };
}

const programme = (web) => `<html><body bgcolor="#ffffff" style="font-family:Arial;color:#222222"><table width="640" align="center" cellpadding="0" cellspacing="0" style="width:640px;background:#ffffff">
<tr><td colspan="2" style="padding:24px;background:#003366;color:#ffffff"><h1 style="margin:0">Spring fair</h1></td></tr>
<tr><td width="320" style="padding:16px"><p>Hall 4 is <a href="https://evil.example.net/login">www.fairs.example</a>, tickets at <a href="https://us1.list-manage.com/track/click?u=1">our shop</a>.</p></td>
<td width="320" style="padding:16px"><img src="${web}/hall.png" alt="Hall 4" width="288" height="90"></td></tr>
<tr><td colspan="2" style="padding:16px;background-color:#fff6d6;color:#553300">Early birds pay half until Friday.</td></tr></table>
<img src="https://us1.list-manage.com/track/open.php?u=1" width="1" height="1"><img src="https://counter.fairs.example/p.gif" width="1" height="1"></body></html>`;

const sale = (web) => `<html dir="rtl"><body style="font-family:Arial;direction:rtl"><h2>מבצע אביב</h2><p>כל המנורות מדגם NL-3 ב-20% הנחה עד יום שישי, קוד: SPRING-20.</p>
<p><a href="https://lights.example/sale">לחנות</a></p><img src="${web}/lamp.png" alt="מנורה" width="320" height="90"></body></html>`;

const EVENT = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:fair-1', 'SEQUENCE:0', 'DTSTAMP:20300101T000000Z', 'SUMMARY:Stand plan\\, second round', 'LOCATION:Hall 4\\, room 12',
  'DTSTART;TZID=Asia/Tokyo:20300506T170000', 'DTEND;TZID=Asia/Tokyo:20300506T180000', 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=6', 'DESCRIPTION:Bring the drawings\\nand a tape measure.',
  'ORGANIZER;CN=Rosa Winkler:mailto:rosa.winkler@fairs.example', 'ATTENDEE;CN=Anna Berg;PARTSTAT=NEEDS-ACTION:mailto:anna.berg@northlight.example',
  'ATTENDEE;CN=דנה לוי;PARTSTAT=ACCEPTED:mailto:dana.levi@lights.example', 'ATTENDEE;CN=James Okafor;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:mailto:james.okafor@northlight.example', 'END:VEVENT', 'END:VCALENDAR', ''];
const invitation = (text, method, lines) => multipart('alternative', [textPart(text), textPart(lines.join('\r\n'), { type: `text/calendar; method=${method}`, encoding: 'base64' })], 'invite');

async function prepare(world) {
  const pictures = await pictureServer();
  await deliverAll(world, [
    { subject: FAIR, id: 'news', from: ROSA, minutes: 9, body: programme(pictures.url), flags: ['\\Seen'] },
    { subject: SALE, id: 'sale', from: 'חנות התאורה <shop@lights.example>', minutes: 8, body: sale(pictures.url), flags: ['\\Seen'] },
    { subject: PLAN, id: 'plan', from: ROSA, minutes: 7, body: invitation('You are invited.', 'REQUEST', EVENT), flags: ['\\Seen'] },
    { subject: `Re: ${PLAN}`, id: 'plan-2', parent: 'plan', from: ROSA, minutes: 6, flags: ['\\Seen'],
      body: invitation('It is off.', 'CANCEL', EVENT.map((line) => line.replace('METHOD:REQUEST', 'METHOD:CANCEL').replace('SEQUENCE:0', 'SEQUENCE:1'))) },
  ]);
  return { pictures };
}

const mail = (w) => w.page.frameLocator('.message[data-open=true] .mail-frame iframe').last();
/* The frame may just be written anew. */
const drawn = (w, alt, width) => until(`the picture ${alt}`, () => mail(w).getByAltText(alt).evaluate((image, wanted) => image.complete && image.naturalWidth === wanted, width).catch(() => false));
const menu = async (w, id) => {
  await w.tap(w.button('reader.menu', { within: w.page.locator('.message[data-open=true]').last() }));
  await w.tap(w.item(id));
};

async function links(w) {
  await w.open(FAIR);
  await mail(w).getByText('Early birds').waitFor();
  await w.look('newsletter');
  assert.deepEqual(w.world.pictures.asked, [], 'nobody was told');
  await w.tap(w.button('reader.trackersRemoved', { values: { count: 2 } }));
  assert.match(await w.page.locator('.tracker-list').innerText(), /Mailchimp[^]*counter\.fairs\.example/);
  await w.look('trackers');
  await w.tap(w.button('reader.trackersRemoved', { values: { count: 2 } }));
  if (!w.narrow) {
    await mail(w).getByText('our shop').hover();
    await w.page.locator('.link-target b', { hasText: 'list-manage.com' }).waitFor();
    await w.look('link-goes-to');
  }
  await w.tap(mail(w).getByRole('link', { name: 'www.fairs.example' }));
  await w.dialog().getByText('evil.example.net').first().waitFor();
  await w.look('link-lies');
  await w.tap(w.button('reader.linkStay', { within: w.dialog() }));
  assert.equal(w.who.context.pages().length, 1);
}

async function images(w) {
  await menu(w, 'reader.asText');
  await w.page.locator('.plain-text', { hasText: 'Early birds' }).waitFor();
  await w.look('as-text');
  await menu(w, 'reader.asHtml');
  await w.tap(w.button('reader.showImages'));
  await drawn(w, 'Hall 4', 320);
  await w.look('images');
  await w.open(SALE);
  await mail(w).getByText('כל המנורות').waitFor();
  await w.look('hebrew-mail');
  await w.tap(w.button('reader.alwaysImages', { values: { sender: 'shop@lights.example' } }));
  await drawn(w, 'מנורה', 320);
  await w.look('trusted');
  await w.open(FAIR);
  await w.open(SALE);
  await drawn(w, 'מנורה', 320);
  assert.deepEqual(w.world.pictures.asked, ['/hall.png', '/lamp.png'], 'the server asks once');
  await w.tap(w.button('reader.untrust'));
  await w.button('reader.showImages').waitFor();
}

async function invitations(w) {
  await w.open(PLAN);
  await w.page.locator('.invite').last().waitFor();
  await w.look('cancelled');
  await w.tap(w.page.locator('.message-line').first());
  const first = w.page.locator('.invite').first();
  await first.getByText(w.t('reader.inviteOld')).waitFor();
  assert.match(await first.innerText(), /Stand plan, second round[^]*Hall 4, room 12/);
  await w.look('invitation');
}

/* The mail's own colours are asked for in the dark only. */
async function colours(w) {
  await w.who.light('dark');
  await w.open(FAIR);
  await mail(w).getByText('Early birds').waitFor();
  await menu(w, 'reader.originalColours');
  await w.page.locator('.mail-paper').waitFor();
  await w.page.screenshot({ animations: 'disabled', path: new URL(`../../build-logs/walks/html/original-colours-${w.language}-${w.width}.png`, import.meta.url).pathname });
}

walk('html', { prepare }, async (w) => {
  await links(w);
  await images(w);
  await invitations(w);
  await colours(w);
});
