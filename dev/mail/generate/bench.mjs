// Messages for benchmarks: made up, but of the sizes, kinds and word frequencies of a working mailbox; quick to make, the same every time.
//
// Of 30,000 bytes on average a half is text and markup: short plain mails, answers with quotes, text with HTML beside it, newsletters; the rest is
// attachments of one mail in seven (or as many as asked). Words come as often as in a language (the n-th commonest 1/n as often as the first), out of 40,000.

import { makeRandom } from './random.mjs';

const NEWEST = Date.UTC(2026, 9, 1);
const SYLLABLES = 'ka ter lo min sur ved an or pel tri go na ris mo ben du fal ek sto hu wir la qua zen pro ca lin dor us ti'.split(' ');
const COMMON = 'the of and to in is that for it on with as was at be this have from or by we not are but your you please will can order meeting invoice report'.split(' ');
const VOCABULARY = 40000, PARAGRAPHS = 3000, RANDOM_BYTES = 6 << 20;
/** What a mail without and one with an attachment has on average, in bytes, when the sizes below are taken as they stand. */
const TEXT_MAIL = 19150, ATTACHED_MAIL = 96650;
const DOMAIN = 'bench.elsewhere.example';

let made = null;

function vocabulary(random) {
  const words = [...COMMON];
  for (const seen = new Set(words); words.length < VOCABULARY;) {
    const word = Array.from({ length: random.int(2, 4) }, () => random.pick(SYLLABLES)).join('');
    if (!seen.has(word)) words.push(word);
    seen.add(word);
  }
  return words;
}

/** A stock of paragraphs and of incompressible bytes, made once: making each mail word by word would take most of the time. */
function stock(random) {
  if (made) return made;
  const words = vocabulary(random);
  const word = () => words[Math.floor(VOCABULARY ** random.next()) - 1];
  const line = () => Array.from({ length: random.int(9, 13) }, word).join(' ');
  const paragraphs = Array.from({ length: PARAGRAPHS }, () => `${Array.from({ length: random.int(2, 7) }, line).join('\n')}\n\n`);
  const bytes = Buffer.allocUnsafe(RANDOM_BYTES);
  for (let i = 0; i < RANDOM_BYTES; i += 4) bytes.writeUInt32LE((random.next() * 0x100000000) >>> 0, i);
  made = { words, word, paragraphs, base64: bytes.toString('base64').replace(/.{76}/g, '$&\n') };
  return made;
}

/** Around `mean`, most below it and a few far above. */
const spread = (random, mean) => mean * Math.min(6, 0.15 - 0.85 * Math.log(1 - random.next()));

function text(random, size) {
  const { paragraphs, word } = stock(random);
  let out = `${word()} ${word()} ${random.hex(6)},\n\n`;
  while (out.length < size) out += random.pick(paragraphs);
  return out;
}

const quoted = (body) => `On Monday somebody wrote:\n${body.trimEnd().replace(/^/gm, '> ')}\n`;
/** As an office program writes it: three times the text. */
const html = (body) => `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal { margin: 0 0 1em; font: 11.0pt Calibri, sans-serif; color: #1a2733 }</style></head><body lang="EN-GB" link="#0563C1" vlink="#954F72">\n${body.trimEnd().split('\n')
  .map((line) => `<p class="MsoNormal"><span lang="EN-US" style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif;mso-fareast-language:EN-US">${line}<o:p></o:p></span></p>`).join('\n')}\n</body></html>\n`;

function newsletter(random, size) {
  const { word } = stock(random);
  const cells = text(random, size * 0.17).trimEnd().split('\n').map((p) =>
    `<tr><td width="600" align="left" valign="top" style="padding:12px 24px;font-family:Helvetica,Arial,sans-serif;font-size:15px"><a href="https://${DOMAIN}/c/${random.hex(40)}?utm_source=news" style="color:#0a5cad;text-decoration:none"><b>${word()} ${word()}</b></a><br>${p}<img src="https://${DOMAIN}/i/${random.hex(16)}.png" width="560" height="120" alt="${word()}"></td></tr>`);
  return `<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><table border="0" cellpadding="0" cellspacing="0">\n${cells.join('\n')}\n</table></body></html>\n`;
}

function attachment(random, size) {
  const { base64, word } = stock(random);
  const from = random.int(0, Math.floor((base64.length - size) / 77) - 1) * 77;
  const name = `${word()}-${random.hex(4)}`;
  return `Content-Type: application/pdf; name="${name}.pdf"\nContent-Disposition: attachment; filename="${name}.pdf"\nContent-Transfer-Encoding: base64\n\n${base64.slice(from, from + Math.floor(size / 77) * 77)}`;
}

function parts(random, kind, list) {
  const mark = `=_${random.hex(20)}`;
  return `Content-Type: multipart/${kind}; boundary="${mark}"\n\n${list.map((part) => `--${mark}\n${part}\n`).join('')}--${mark}--\n`;
}

const leaf = (type, body) => `Content-Type: text/${type}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${body}`;

/** What follows the header fields of every mail: `average` bytes, with an attachment in `attachments` of them. */
function content(random, average, answer, attachments) {
  const unit = average / ((1 - attachments) * TEXT_MAIL + attachments * ATTACHED_MAIL);
  const kind = random.next() * (0.86 / (1 - attachments));
  const body = text(random, spread(random, 2600 * unit)) + (answer ? quoted(text(random, spread(random, 2600 * unit))) : '');
  if (kind < 0.36) return leaf('plain', body);
  if (kind < 0.66) return parts(random, 'alternative', [leaf('plain', body), leaf('html', html(body))]);
  if (kind < 0.86) return leaf('html', newsletter(random, spread(random, 30000 * unit)));
  return parts(random, 'mixed', [leaf('plain', body), attachment(random, Math.min(4e6, spread(random, 98000 * unit)))]);
}

/**
 * One message: half of them answer the one of four that begins a conversation. box: makes ids differ between folders. large: bytes of an attachment that makes it a large one.
 * attachments: the share of mails with an attachment, below 1.
 */
export function benchMessage({ number, date, average, random, to, box, large = 0, attachments = 0.14 }) {
  const { word, words } = stock(random);
  const stamp = date.toUTCString().replace('GMT', '+0000');
  const answer = number % 4 > 1;
  const first = number - number % 4, topic = answer ? first : number;
  const earlier = `<bench.${box}.${first}@${DOMAIN}>`;
  const person = random.int(1, 400);
  const head = [
    `Received: from mx${random.int(1, 9)}.${DOMAIN} (mx.${DOMAIN} [192.0.2.${random.int(1, 250)}])\n\tby mail.lampworks.example (Postfix) with ESMTPS id ${random.hex(12)}\n\tfor <${to.mail}>; ${stamp}`,
    `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${DOMAIN}; s=s1;\n\th=from:to:subject:date:message-id; bh=${random.hex(43)}=;\n\tb=${random.hex(64)}\n\t ${random.hex(64)}\n\t ${random.hex(64)}`,
    `From: ${word()} Person ${person} <p${person}@${DOMAIN}>`, `To: ${to.mail}`, ...(number % 4 === 0 ? [`Cc: "Team ${random.int(1, 30)}" <team${random.int(1, 30)}@${DOMAIN}>`] : []),
    `Subject: ${answer ? 'Re: ' : ''}${words[(topic * 7919) % 2000]} ${words[(topic * 104729) % VOCABULARY]} ${topic}`, `Date: ${stamp}`, `Message-ID: <bench.${box}.${number}@${DOMAIN}>`,
    ...(answer ? [`In-Reply-To: ${earlier}`, `References: ${earlier}`] : []), 'MIME-Version: 1.0', '',
  ].join('\n');
  if (!large) return Buffer.from(head + content(random, average, answer, attachments));
  const pieces = Array.from({ length: Math.ceil(large / 4e6) }, () => attachment(random, Math.min(large, 4e6)).replace(/^[^]*?\n\n/, ''));
  const one = `Content-Type: application/zip; name="large.zip"\nContent-Disposition: attachment; filename="large.zip"\nContent-Transfer-Encoding: base64\n\n${pieces.join('')}`;
  return Buffer.from(head + parts(random, 'mixed', [leaf('plain', text(random, 2000)), one]));
}

/**
 * The messages of one folder, the same every time for the same question: { bytes, date, flags }. already: messages that are there; others come to them. large: so many of them are
 * of `largeSize` bytes; attachments as above.
 */
export function* benchMailbox({ folder = 'INBOX', messages, average, to, already = 0, attachments, large = 0, largeSize = 64e6 }) {
  const box = Buffer.from(folder).toString('hex');
  const random = makeRandom(`bench ${box} ${messages} ${average}${already ? ` ${already}` : ''}`);
  for (let i = 0; i < messages; i++) {
    const date = new Date(NEWEST - (messages - i) * 17 * 60e3);
    const flags = [...(i % 9 === 0 ? [] : ['\\Seen']), ...(i % 7 === 0 ? ['\\Answered'] : []), ...(i % 41 === 0 ? ['\\Flagged'] : [])];
    yield { bytes: benchMessage({ number: already + i, date, average, random, to, box, attachments, large: large > 0 && i % Math.ceil(messages / large) === 0 ? largeSize : 0 }), date, flags };
  }
}
