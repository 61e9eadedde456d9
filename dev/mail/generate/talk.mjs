// Turns a conversation script into messages: headers, quotations, charsets, HTML, attachments.

import { attribution, cast, replyPrefix } from './cast.mjs';
import { encodeText } from './charsets.mjs';
import { makeFile } from './files.mjs';
import { encodeWords, filePart, flowed, mailDate, mailbox, mailboxes, message, multipart, textPart } from './mime.mjs';

const HOUR = 3600e3;

const escapeHtml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const paragraphs = (text) => text.split('\n\n').map((p) => `<p class="MsoNormal">${escapeHtml(p).replace(/\n/g, '<br>')}</p>`).join('\r\n');

/** The quoted text below a reply, one level deeper than what it quotes. */
function quoteBelow(talk, before) {
  const line = attribution[talk.lang].replace('{date}', before.date.toISOString().slice(0, 16).replace('T', ' ')).replace('{name}', before.from.name);
  const quoted = before.full.split('\n').map((l) => (l.startsWith('>') ? `>${l}` : `> ${l}`)).join('\n');
  return `\n\n${line}\n${quoted}`;
}

function htmlOf(talk, text, before) {
  const dir = talk.lang === 'he' ? ' dir="rtl"' : '';
  const quote = before ? `<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0 0 0"><p class="MsoNormal"><b>From:</b> ${escapeHtml(before.from.name)} &lt;${before.from.address}&gt;<br><b>Sent:</b> ${before.date.toUTCString()}<br><b>Subject:</b> ${escapeHtml(talk.subject)}</p></div><blockquote>${paragraphs(before.text)}</blockquote>` : '';
  return `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv="Content-Type" content="text/html; charset=${talk.charset}"><style>p.MsoNormal{margin:0 0 8pt;font-family:Calibri,sans-serif;font-size:11pt}</style></head><body${dir}>${paragraphs(text)}${quote}</body></html>`;
}

function bodyPart(talk, one, before, id) {
  const options = { charset: talk.charset, encoding: talk.cte };
  if (talk.style === 'html') {
    const plain = textPart(one.full, options);
    return multipart('alternative', [plain, textPart(htmlOf(talk, one.text, before), { ...options, type: 'text/html' })], `alt${id}`);
  }
  if (talk.lang === 'en' && !talk.cte) return textPart(flowed(one.full), { charset: 'utf-8', extra: '; format=flowed' });
  return textPart(one.full, options);
}

/** Some programs write headers in raw 8-bit of the body's charset instead of encoded words. */
function subjectField(talk, subject) {
  if (talk.rawHeaders) return Buffer.concat([Buffer.from('Subject: '), encodeText(subject, talk.charset)]);
  return `Subject: ${encodeWords(subject, talk.charset)}`;
}

/**
 * Messages of a conversation, oldest first: [{from, to, date, raw, messageId, subject}].
 * talk: as in talks-english.mjs. now: Date of the newest moment. id: makes Message-IDs and boundaries.
 */
export function makeTalk(script, { now, random, id }) {
  const talk = { lang: 'en', charset: 'utf-8', cte: null, style: 'plain', ...script };
  let at = now.getTime() - random.int(6 * 60, 15 * 60) * 60e3 - talk.day * 24 * HOUR - talk.messages.reduce((sum, m) => sum + m[1], 0) * HOUR * (talk.day < 4 ? 0.2 : 1);
  const pace = talk.day < 4 ? 0.2 : 1; // a young conversation must not reach into the future
  const done = [];
  talk.messages.forEach(([who, hours, text], i) => {
    at += hours * HOUR * pace;
    const from = cast[who];
    const to = talk.with.filter((w) => w !== who).map((w) => cast[w]);
    const before = done.at(-1);
    const one = { from, to, text, date: new Date(at), messageId: `<${id}.${i}.${random.hex(8)}@${from.address.split('@')[1]}>` };
    one.full = text + (before && talk.style === 'plain' ? quoteBelow(talk, before) : '');
    one.subject = i === 0 ? talk.subject : replyPrefix[talk.lang] + talk.subject;
    one.raw = assemble(talk, one, done, random, `${id}${i}`, i);
    done.push(one);
  });
  return done;
}

function assemble(talk, one, done, random, id, i) {
  const before = done.at(-1);
  let root = bodyPart(talk, one, before, id);
  if (talk.attach?.at === i) {
    root = multipart('mixed', [root, filePart(makeFile(talk.attach.kind, talk.attach.name, random, talk.attach.size))], `mix${id}`);
  }
  const fields = [
    `From: ${mailbox(one.from, talk.charset)}`, `To: ${mailboxes(one.to.slice(0, 1), talk.charset)}`,
    ...(one.to.length > 1 ? [`Cc: ${mailboxes(one.to.slice(1), talk.charset)}`] : []),
    subjectField(talk, one.subject), `Date: ${mailDate(one.date, one.from.offset ?? 0)}`, `Message-ID: ${one.messageId}`,
    ...(before ? [`In-Reply-To: ${before.messageId}`, `References: ${done.map((d) => d.messageId).join('\r\n ')}`] : []),
    ...(talk.fields ?? []),
  ];
  return message(fields, root);
}
