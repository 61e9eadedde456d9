// Mail that no person wrote by hand: newsletters, notices, invitations, reports, bounces, list mail, pictures, big files.

import { makeDsn } from '../dsn.mjs';
import { cast } from './cast.mjs';
import { makeFile } from './files.mjs';
import { encodeWords, filePart, mailDate, mailbox, message, multipart, textPart } from './mime.mjs';
import { barChart, beam, dot, logo } from './png.mjs';

const compact = (date) => date.toISOString().replace(/[-:]|\.\d+/g, '');

function fieldsOf(mail, extra = []) {
  return [`From: ${mailbox(mail.from)}`, `To: ${mailbox(mail.to)}`, `Subject: ${encodeWords(mail.subject)}`,
    `Date: ${mailDate(mail.date)}`, `Message-ID: ${mail.messageId}`, ...extra];
}

const start = (from, to, subject, date, id) => ({ from, to, subject, date, messageId: `<${id}@${from.address.split('@')[1]}>` });

const TOPICS = [
  ['Seeing blue: what 5000 K does to parchment', 'A short measurement series from three reading rooms, with curves.'],
  ['Five lamps under 200 EUR, compared', 'Two of them flicker. One of them hums. We name all five.'],
  ['How the panel was lit', 'Behind the scenes of the winter exhibition: 214 lamps, one dimmer.'],
  ['Colour rendering without tears', 'CRI, TM-30 and your own eyes: which number to believe when.'],
  ['Quiet fans, cool heads', 'Cooling without noise in a reading room: four ways, one winner.'],
];

/** An HTML newsletter with remote pictures, a tracking pixel, and links that go through a counter. */
export function newsletter({ date, random, id, number }) {
  const from = { name: 'Light & Matter Weekly', address: 'weekly@news.lightandmatter.elsewhere.example' };
  const mail = start(from, cast.anna, `Light & Matter ${number}: ${TOPICS[number % TOPICS.length][0]}`, date, id);
  const host = 'https://img.lightandmatter.elsewhere.example';
  const blocks = [0, 1, 2].map((i) => TOPICS[(number + i) % TOPICS.length]).map(([title, text], i) => `
<tr><td style="padding:16px 24px"><img src="${host}/${number}/story-${i}.jpg" width="552" alt="${title}" style="display:block;border-radius:6px">
<h2 style="font:600 20px Georgia,serif;color:#102a43;margin:14px 0 6px">${title}</h2><p style="font:15px/1.5 Arial,sans-serif;color:#334e68;margin:0">${text}
<a href="https://click.lightandmatter.elsewhere.example/c/${random.hex(16)}" style="color:#1677ff">Read on</a></p></td></tr>`).join('');
  const html = `<!DOCTYPE html><html><head><style>@media (max-width:600px){.box{width:100%!important}}</style></head><body style="margin:0;background:#f0f4f8">
<div style="display:none;max-height:0;overflow:hidden">${TOPICS[number % TOPICS.length][1]}</div>
<table width="100%" cellpadding="0" cellspacing="0"><tr><td align="center"><table class="box" width="600" style="background:#ffffff">
<tr><td style="background:#102a43;color:#ffd666;padding:20px 24px;font:700 22px Georgia,serif">Light &amp; Matter <span style="font-weight:400;font-size:14px">no. ${number}</span></td></tr>${blocks}
<tr><td style="padding:16px 24px;font:12px Arial;color:#829ab1">You get this because you asked for it. <a href="https://click.lightandmatter.elsewhere.example/u/${random.hex(12)}">Unsubscribe</a></td></tr>
</table></td></tr></table><img src="https://track.lightandmatter.elsewhere.example/o/${random.hex(24)}.gif" width="1" height="1" alt=""></body></html>`;
  const plain = `Light & Matter no. ${number}\n\n${TOPICS.map(([t, x]) => `* ${t}\n  ${x}`).join('\n')}\n`;
  const root = multipart('alternative', [textPart(plain), textPart(html, { type: 'text/html', encoding: 'quoted-printable' })], id);
  const extra = [`List-Unsubscribe: <https://click.lightandmatter.elsewhere.example/u/${random.hex(12)}>`, 'List-Unsubscribe-Post: List-Unsubscribe=One-Click', 'Precedence: bulk'];
  return { ...mail, raw: message(fieldsOf(mail, extra), root) };
}

const NOTICES = [
  (r) => [{ name: 'Northlight Shop', address: 'shop@northlight.example' }, `New order S-${r.int(20000, 29999)}`, `A new order came in through the shop.\n\n  ${r.int(1, 6)} x NL-1 lamp head\n  ${r.int(1, 3)} x diffuser, narrow\n\nPlease confirm within one working day.`],
  (r) => [{ name: 'Harborline Tracking', address: 'tracking@harborline.example' }, `Shipment HL-${r.int(80000, 89999)} has left the depot`, `Your shipment has left our depot and is expected in ${r.int(2, 6)} days.\n\nPieces: ${r.int(1, 8)}\nWeight: ${r.int(4, 240)} kg`],
  (r) => [{ name: 'Backup', address: 'backup@it.northlight.example' }, `Backup finished: ${r.int(180, 420)} GB, no errors`, `All volumes were copied and verified.\n\nDuration ${r.int(31, 58)} minutes.`],
  (r) => [{ name: 'Bench 3', address: 'bench3@it.northlight.example' }, `Calibration run ${r.int(4000, 4999)} done`, `Lamp NL-${r.int(30000, 39999)}\nColour temperature ${r.int(4950, 5050)} K\nFlicker index 0.00${r.int(1, 9)}\nResult: passed`],
];

/** A short automatic notice. */
export function notice({ date, random, id }) {
  const [from, subject, text] = random.pick(NOTICES)(random);
  const mail = start(from, cast.anna, subject, date, id);
  return { ...mail, raw: message(fieldsOf(mail, ['Auto-Submitted: auto-generated']), textPart(`${text}\n`)) };
}

/** A meeting invitation (or its cancellation), as Outlook sends it: text, HTML-less, with a text/calendar alternative. */
export function invitation({ date, random, id, what, who, cancel = false, days = 6 }) {
  const mail = start(cast[who], cast.anna, `${cancel ? 'Cancelled: ' : ''}${what}`, date, id);
  const begin = new Date(Math.ceil((date.getTime() + days * 86400e3) / 3600e3) * 3600e3);
  const end = new Date(begin.getTime() + 3600e3);
  const ics = ['BEGIN:VCALENDAR', 'PRODID:-//Northlight//Sample//EN', 'VERSION:2.0', `METHOD:${cancel ? 'CANCEL' : 'REQUEST'}`, 'BEGIN:VEVENT',
    `UID:${id}@northlight.example`, `DTSTAMP:${compact(date)}`, `DTSTART:${compact(begin)}`, `DTEND:${compact(end)}`, `SUMMARY:${what}`,
    `ORGANIZER;CN=${mail.from.name}:mailto:${mail.from.address}`, 'ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Anna Berg:mailto:anna.berg@northlight.example',
    'LOCATION:Meeting room Polaris', `SEQUENCE:${cancel ? 1 : 0}`, `STATUS:${cancel ? 'CANCELLED' : 'CONFIRMED'}`, 'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT15M',
    `DESCRIPTION:${what}`, 'END:VALARM', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
  const when = `When: ${begin.toUTCString()}\nWhere: Meeting room Polaris\n`;
  const root = multipart('alternative', [textPart(when),
    textPart(ics, { type: 'text/calendar', encoding: random.chance(0.5) ? 'base64' : '8bit', extra: `; method=${cancel ? 'CANCEL' : 'REQUEST'}` })], id);
  return { ...mail, raw: message(fieldsOf(mail), root) };
}

/** A report with the company's mark, a chart and a photograph shown inside the text (multipart/related). */
export function report({ date, random, id, month }) {
  const mail = start(cast.maeve, cast.anna, `Sales figures ${month}`, date, id);
  const cid = (n) => `${n}.${id}@northlight.example`;
  const html = `<html><body style="font-family:Segoe UI,Arial,sans-serif"><p><img src="cid:${cid('logo')}" width="48" height="48" alt="Northlight"></p><p>Hi Anna,</p><p>here are the figures for ${month}. The second half carried the month again.</p><p><img src="cid:${cid('chart')}" alt="Orders per week"></p><p>And this is the new beam, for the title page:</p><p><img src="cid:${cid('beam')}" width="320" alt="Beam"></p><p>Maeve</p></body></html>`;
  const inline = (name, bytes) => filePart({ name: `${name}.png`, type: 'image/png', bytes, cid: cid(name), inline: true });
  const values = Array.from({ length: 12 }, () => 0.25 + 0.7 * random.next());
  const related = multipart('related', [textPart(html, { type: 'text/html', encoding: 'quoted-printable' }),
    inline('logo', logo(96)), inline('chart', barChart(values)), inline('beam', beam(480, 300, [255, 222, random.int(140, 200)]))], `rel${id}`, ' type="text/html";');
  const root = multipart('alternative', [textPart(`Hi Anna,\n\nthe figures for ${month} are in the chart (HTML part).\n\nMaeve\n`), related], `alt${id}`);
  return { ...mail, raw: message(fieldsOf(mail), root) };
}

/** A bounce for something Anna sent. */
export function bounce({ date, random, id }) {
  const address = `${random.pick(['info', 'office', 'k.meyer', 'bestellung'])}@${random.pick(['altes-museum', 'glaswerk', 'closed-shop'])}.bounce.example`;
  const original = message(fieldsOf(start(cast.anna, { address }, `Catalogue ${2020 + random.int(4, 6)}`, new Date(date.getTime() - 60e3), `out${id}`)), textPart('Dear Sir or Madam,\n\nplease find our new catalogue attached.\n\nAnna Berg\n'));
  const raw = makeDsn({ kind: 'failed', to: cast.anna.address, raw: original, host: 'mail.northlight.example', date,
    messageId: `<${id}@mail.northlight.example>`, boundary: `=_dsn_${id}`, recipients: [{ address, status: '5.1.1', reply: `550 5.1.1 <${address}>: user unknown`, remote: 'mx.bounce.example' }] });
  return { from: { name: 'Mail Delivery System', address: 'postmaster@mail.northlight.example' }, to: cast.anna, date, raw };
}

const LIST_TALK = ['Has anybody measured UV behind museum glass?', 'Cheap lux meters: worth it?', 'LED strips in display cases, again', 'Battery lamps for storage rooms'];
const LIST_LINES = ['We did in 2019, and the difference was below the noise.', 'Please mind the temperature, too: 2 K made all the difference here.', 'I can share our protocol, write to me off the list.', 'Same experience. The maker never answered.', 'Thank you all, this is very helpful.'];

/** A thread on a mailing list: subject tag, List- headers, footer. */
export function listThread({ date, random, id, number }) {
  const names = ['Ines Duarte', 'Paul Kessler', 'Marta Nowak', 'Giorgio Bellini', 'Sanna Virtanen'];
  const subject = `[lighting] ${LIST_TALK[number % LIST_TALK.length]}`;
  const done = [];
  for (let i = 0; i < 4; i++) {
    const name = names[(number + i) % names.length];
    const from = { name, address: `${name.split(' ')[0].toLowerCase()}@${name.split(' ')[1].toLowerCase()}.elsewhere.example` };
    const mail = start(from, cast.list, `${i ? 'Re: ' : ''}${subject}`, new Date(date.getTime() + i * 9 * 3600e3), `${id}.${i}`);
    const references = done.map((d) => d.messageId);
    const extra = ['List-Id: Conservation Lighting <lighting.lists.conservators.elsewhere.example>', 'List-Post: <mailto:lighting@lists.conservators.elsewhere.example>',
      'List-Unsubscribe: <mailto:lighting-leave@lists.conservators.elsewhere.example>', 'Precedence: list',
      ...(i ? [`In-Reply-To: ${references.at(-1)}`, `References: ${references.join('\r\n ')}`] : [])];
    const quote = i ? `On ${done[i - 1].date.toUTCString()}, ${done[i - 1].from.name} wrote:\n> ${done[i - 1].line}\n\n` : '';
    const line = i ? random.pick(LIST_LINES) : `${LIST_TALK[number % LIST_TALK.length]} We are about to decide and would be glad of your experience.`;
    const text = `${quote}${line}\n\n-- \n${name}\n_______________________________________________\nlighting mailing list\nlighting@lists.conservators.elsewhere.example\n`;
    done.push({ ...mail, line, raw: message(fieldsOf(mail, extra), textPart(text)) });
  }
  return done;
}

/** A mail with big files. sizes: bytes of each, before base64. */
export function bigFiles({ date, random, id, subject, names, sizes }) {
  const mail = start(cast.james, cast.anna, subject, date, id);
  const files = names.map((name, i) => filePart(makeFile(name.endsWith('.zip') ? 'zip' : 'pdf', name, random, sizes[i])));
  return { ...mail, raw: message(fieldsOf(mail), multipart('mixed', [textPart('Hi Anna,\n\nas promised, the complete files. They are large, sorry.\n\nJames\n'), ...files], id)) };
}

/** Newsletter-grade junk, for the junk folder. */
export function junk({ date, random, id }) {
  const from = { name: random.pick(['Prize Department', 'Dr. Goodluck', 'Best Pills', 'Crypto Friend']), address: `${random.hex(6)}@${random.hex(5)}.elsewhere.example` };
  const mail = start(from, cast.anna, random.pick(['You have WON', 'Re: your parcel could not be delivered', 'Cheap lamps 90% off!!!', 'Urgent business proposal']), date, id);
  const html = `<html><body><h1>${mail.subject}</h1><p>Click <a href="http://${random.hex(8)}.elsewhere.example/win">https://www.northlight.example/</a> now.</p><script>alert(1)</script><img src="http://${random.hex(8)}.elsewhere.example/p.png" onerror="alert(2)"><form action="http://${random.hex(8)}.elsewhere.example"><input name="password"></form></body></html>`;
  return { ...mail, raw: message(fieldsOf(mail), textPart(html, { type: 'text/html' })) };
}

/** A mail with nothing but an inline picture and a dot, as telephones send them. */
export function snapshot({ date, random, id }) {
  const mail = start(cast.sam, cast.anna, 'Picture', date, id);
  const parts = [textPart('From my phone\n'), filePart({ name: 'IMG_0412.png', type: 'image/png', bytes: beam(800, 600, [random.int(200, 255), 220, 170]), inline: true }), filePart({ name: 'dot.png', type: 'image/png', bytes: dot() })];
  return { ...mail, raw: message(fieldsOf(mail), multipart('mixed', parts, id)) };
}
