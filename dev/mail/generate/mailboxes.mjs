// Decides who has which mail in which folder, read or not: the sample organisation's last fourteen months.

import { bigFiles, bounce, invitation, junk, listThread, newsletter, notice, report, snapshot } from './bulk.mjs';
import { cast } from './cast.mjs';
import { message, mailbox, mailDate, encodeWords, textPart } from './mime.mjs';
import { makeRandom } from './random.mjs';
import { makeTalk } from './talk.mjs';
import { englishNotes, englishTalks } from './talks-english.mjs';
import { worldNotes, worldTalks } from './talks-world.mjs';

const DAY = 86400e3;
const HOUR = 3600e3;

/** The newest moment mail is made for: midnight UTC of that day, so that a whole day's starts give the same bytes. */
export const anchorOf = (date = new Date()) => new Date(Math.floor(date.getTime() / DAY) * DAY);

const seenBefore = (date, now) => now - date > 2.5 * DAY;

/** Folder by age and sender: what a tidy person does. */
function shelf(one, now) {
  const age = (now - one.date) / DAY;
  if (age < 150) return 'INBOX';
  if (/hoelzl|augsburg|jonas/.test(one.from.address)) return 'Customers/Germany';
  if (/isik|elif/.test(one.from.address)) return 'Customers/Türkiye';
  if (/gm-optics|taipei/.test(one.from.address)) return 'Suppliers';
  return 'Archive';
}

/** A conversation as each of its people has it. */
function shareTalk(talk, script, now, out) {
  talk.forEach((one, i) => {
    const last = i === talk.length - 1;
    const answered = talk.slice(i + 1).map((m) => m.from);
    for (const who of [one.from, ...one.to].filter((c) => c.person && !c.person.flags.empty)) {
      const own = who === one.from;
      const flags = own ? ['\\Seen'] : [];
      const unread = !own && (script.unread ? i >= talk.length - script.unread : last && !seenBefore(one.date, now));
      if (!own && !unread) flags.push('\\Seen');
      if (!own && answered.includes(who)) flags.push('\\Answered');
      if (!own && last && script.flagged) flags.push('\\Flagged');
      const folder = own ? 'Sent Items' : who === cast.anna ? shelf(one, now) : 'INBOX';
      out.push({ person: who.person, folder, raw: one.raw, date: one.date, flags });
    }
  });
}

const fill = (text, n, name = '') => text.replaceAll('{n}', String(n)).replaceAll('{name}', name);

/** One everyday note, sometimes with Anna's short answer. */
function noteScript(random, day) {
  const n = random.int(10000, 99999);
  if (random.chance(0.5)) {
    const [subject, text] = random.pick(englishNotes);
    const who = random.pick(['tom', 'priya', 'beatrice', 'henrik']);
    const answer = random.chance(0.35) ? [['anna', random.int(1, 9), 'Thank you, I will see to it this week.\n\nAnna']] : [];
    return { subject: fill(subject, n), with: [who, 'anna'], day, messages: [[who, 0, fill(text, n, cast[who].name)], ...answer] };
  }
  const [lang, charset, cte, who, subject, text] = random.pick(worldNotes);
  return { lang, charset, cte, subject: fill(subject, n), with: [who, 'anna'], day, messages: [[who, 0, fill(text, n)]], rawHeaders: cte === '8bit' && random.chance(0.3) };
}

/** Anna's bulk mail: [maker, how many, folder, flags by age?]. */
function bulkMail(out, random, now, more) {
  const span = 420 * DAY;
  const add = (one, folder, flags) => out.push({ person: cast.anna.person, folder, raw: one.raw, date: one.date, flags: flags ?? (seenBefore(one.date, now) || random.chance(0.3) ? ['\\Seen'] : []) });
  const spread = (count, make, folder, flags) => {
    for (let i = 0; i < count; i++) {
      const date = new Date(now.getTime() - HOUR - Math.floor(((i + random.next() * 0.8) / count) * span));
      for (const one of [make(date, i)].flat()) add(one, typeof folder === 'function' ? folder(one) : folder, flags);
    }
  };
  const id = (kind, i) => `${kind}${i}.${random.hex(6)}`;
  spread(44, (date, i) => newsletter({ date, random, id: id('news', i), number: 412 - i }), (one) => (now - one.date < 12 * DAY ? 'INBOX' : 'Newsletters'));
  spread(96 + more, (date, i) => notice({ date, random, id: id('auto', i) }), (one) => (now - one.date < 10 * DAY ? 'INBOX' : 'Notices'));
  spread(12, (date, i) => listThread({ date: new Date(date - 2 * DAY), random, id: id('list', i), number: i }), 'Lists/Lighting');
  spread(10, (date, i) => bounce({ date, random, id: id('bounce', i) }), (one) => shelf(one, now));
  spread(12, (date, i) => junk({ date: new Date(now - (i + 1) * 2 * DAY), random, id: id('junk', i) }), 'Junk Email', []);
  spread(4, (date, i) => snapshot({ date, random, id: id('snap', i) }), (one) => shelf(one, now));
  spread(9, (date, i) => report({ date, random, id: id('sales', i), month: date.toLocaleDateString('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' }) }), (one) => (now - one.date < 60 * DAY ? 'INBOX' : 'Projects/Figures'));
  const meetings = [['Weekly sales round', 'james'], ['Price list 2027', 'james'], ['Photographs for the catalogue', 'maeve'], ['Demo at Hölzl', 'jonas'], ['Partner training, Istanbul', 'elif'], ['Customs paperwork', 'noa']];
  spread(15, (date, i) => invitation({ date, random, id: id('meet', i), what: meetings[i % meetings.length][0], who: meetings[i % meetings.length][1], cancel: i % 7 === 6 }), (one) => shelf(one, now));
  bigMail(random, now, id).forEach((one) => add(one, 'INBOX'));
}

function bigMail(random, now, id) {
  const MB = 1024 * 1024;
  const ago = (days) => new Date(now.getTime() - days * DAY);
  return [
    bigFiles({ date: ago(10), random, id: id('big', 0), subject: 'Drawings of the NL-3, complete set', names: ['NL-3 drawings.zip'], sizes: [10 * MB] }),
    bigFiles({ date: ago(21), random, id: id('big', 1), subject: 'Catalogue proofs', names: ['Katalog 2027 – Umschlag.pdf', '目录 2027.pdf', 'קטלוג 2027.pdf'], sizes: [2 * MB, MB, MB] }),
    bigFiles({ date: ago(38), random, id: id('big', 2), subject: 'Measurement sheets, batch 46', names: ['batch-46.pdf'], sizes: [4 * MB] }),
  ];
}

function drafts(out, random, now) {
  const lines = [['Offer for the city museum', 'Dear Priya,\n\nthank you for '], ['Re: Spring fair: stand 14B', 'All,\n\nabout the tent: '], ['Lieferzeit im März', 'Sehr geehrter Herr Hölzl,\n\n']];
  lines.forEach(([subject, text], i) => {
    const date = new Date(now.getTime() - (i + 1) * 30 * HOUR);
    const fields = [`From: ${mailbox(cast.anna)}`, `Subject: ${encodeWords(subject)}`, `Date: ${mailDate(date)}`, `Message-ID: <draft${i}.${random.hex(8)}@northlight.example>`];
    out.push({ person: cast.anna.person, folder: 'Drafts', raw: message(fields, textPart(text)), date, flags: ['\\Draft', '\\Seen'] });
  });
}

/** A few mails for those who take part in no conversation. Folder names are English here and translated when filed. */
function lonelyMail(out, random, now) {
  const talk = (script, id) => shareTalk(makeTalk(script, { now, random, id }), script, now, out);
  talk({ subject: 'Two boxes for you', with: ['noa', 'sam'], day: 6, messages: [['noa', 0, 'Hello Sam,\n\ntwo boxes from Northlight wait for you at our depot. Opening hours are 8 to 16.\n\nNoa'], ['sam', 3, 'Thanks, I will come by on Tuesday.']] }, 'lone1');
  talk({ subject: 'Bestandsliste München', with: ['jonas', 'james'], day: 5, lang: 'de', charset: 'iso-8859-1', cte: 'quoted-printable', messages: [['jonas', 0, 'Hallo James,\n\nanbei die Bestandsliste für München. Zwei Prüfleuchten müssen zurück in die Werkstatt.\n\nGrüße\nJonas'], ['james', 4, 'Danke Jonas, der Wagen kommt am Montag.']], attach: { at: 0, kind: 'csv', name: 'Bestände München.csv' } }, 'lone2');
  talk({ subject: 'Work order 1188', with: ['james', 'workshop'], day: 3, messages: [['james', 0, 'Twelve bench heads, neutral white, batch 47. Drawing attached.'], ['workshop', 8, 'Understood, starting Monday.']], attach: { at: 0, kind: 'pdf', name: 'work-order-1188.pdf' } }, 'lone3');
}

/**
 * All seed mail: [{person, folder, raw, date, flags}], oldest first. mails: how many the main mailbox has at least (never under 400).
 */
export function makeMail({ now = anchorOf(), mails = 420, seed = 'northlight' } = {}) {
  const random = makeRandom(seed);
  const out = [];
  [...englishTalks, ...worldTalks].forEach((script, i) => shareTalk(makeTalk(script, { now, random, id: `talk${i}` }), script, now, out));
  for (let i = 0; i < 110; i++) {
    const script = noteScript(random, 2 + Math.floor((i / 110) * 400));
    shareTalk(makeTalk(script, { now, random, id: `note${i}` }), script, now, out);
  }
  drafts(out, random, now);
  lonelyMail(out, random, now);
  const before = out.filter((m) => m.person === cast.anna.person).length;
  const FIXED = 241;
  bulkMail(out, random, now, Math.max(0, mails - before - FIXED));
  return out.sort((a, b) => a.date - b.date);
}
