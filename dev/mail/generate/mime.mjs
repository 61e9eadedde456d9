// Builds messages as bytes: the ways in which real programs write headers, bodies and attachments.

import { encodeText } from './charsets.mjs';

const CRLF = '\r\n';
const isAscii = (text) => /^[\x00-\x7f]*$/.test(text);

/** RFC 2047: one encoded word per at most `step` characters, base64. */
export function encodeWords(text, charset = 'utf-8', step = 14) {
  if (isAscii(text)) return text;
  const chars = [...text];
  const words = [];
  for (let i = 0; i < chars.length; i += step) {
    words.push(`=?${charset}?B?${encodeText(chars.slice(i, i + step).join(''), charset).toString('base64')}?=`);
  }
  return words.join(`${CRLF} `);
}

/** "Name" <address>, the name as an encoded word where it must be. */
export function mailbox({ name, address }, charset = 'utf-8') {
  if (!name) return address;
  if (!isAscii(name)) return `${encodeWords(name, charset)} <${address}>`;
  return /^[\w .'-]+$/.test(name) ? `${name} <${address}>` : `"${name.replace(/(["\\])/g, '\\$1')}" <${address}>`;
}

export const mailboxes = (list, charset) => list.map((m) => mailbox(m, charset)).join(`,${CRLF} `);

/** Date in the form of RFC 5322, at an offset of whole hours. */
export function mailDate(date, offset = 0) {
  const local = new Date(date.getTime() + offset * 3600e3).toUTCString();
  return local.replace('GMT', `${offset < 0 ? '-' : '+'}${String(Math.abs(offset)).padStart(2, '0')}00`);
}

export function base64Lines(bytes) {
  return Buffer.from(bytes).toString('base64').replace(/.{76}(?=.)/g, `$&${CRLF}`);
}

/** Quoted-printable of bytes whose line ends are CRLF. */
export function quotedPrintable(bytes) {
  return bytes.toString('latin1').split(CRLF).map((line) => {
    const coded = line.replace(/[^\x20-\x3c\x3e-\x7e\t]/g, (c) => `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
      .replace(/[ \t]$/, (c) => (c === ' ' ? '=20' : '=09'));
    return coded.replace(/.{68,72}(?=[^=].|=..[^])(?<!=|=.)/g, `$&=${CRLF}`);
  }).join(CRLF);
}

const toCrlf = (text) => text.replace(/\r?\n/g, CRLF);

/** A part is {headers: ['Name: value'], body: Buffer}. encoding: '8bit', 'quoted-printable', 'base64' or '7bit'. */
export function textPart(text, { type = 'text/plain', charset = 'utf-8', encoding = null, extra = '' } = {}) {
  const bytes = encodeText(toCrlf(text), charset);
  const how = encoding ?? (isAscii(text) ? '7bit' : '8bit');
  const coded = { '7bit': () => bytes, '8bit': () => bytes, base64: () => Buffer.from(base64Lines(bytes)), 'quoted-printable': () => Buffer.from(quotedPrintable(bytes), 'latin1') };
  return { headers: [`Content-Type: ${type}; charset=${charset}${extra}`, `Content-Transfer-Encoding: ${how}`], body: coded[how]() };
}

/** RFC 2231: name*0*=utf-8''… in pieces, for names that are long or not ASCII. */
export function parameter(key, value) {
  if (isAscii(value) && value.length < 60) return `${key}="${value.replace(/(["\\])/g, '\\$1')}"`;
  const coded = encodeURIComponent(value).replace(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const pieces = coded.match(/(?:%[0-9A-F]{2}|.){1,45}/g);
  if (pieces.length === 1) return `${key}*=utf-8''${coded}`;
  return pieces.map((p, i) => `${key}*${i}*=${i === 0 ? "utf-8''" : ''}${p}`).join(`;${CRLF}\t`);
}

export function filePart({ name, type, bytes, cid = null, inline = false }) {
  const headers = [`Content-Type: ${type};${CRLF}\t${parameter('name', name)}`, 'Content-Transfer-Encoding: base64',
    `Content-Disposition: ${inline ? 'inline' : 'attachment'};${CRLF}\t${parameter('filename', name)}`];
  if (cid) headers.push(`Content-ID: <${cid}>`);
  return { headers, body: Buffer.from(base64Lines(bytes)) };
}

/** multipart/<kind> of parts. id makes the boundary, and must differ between nested ones. */
export function multipart(kind, parts, id, extra = '') {
  const boundary = `=_${kind.split('/')[0].slice(0, 3)}_${id}`;
  const pieces = parts.flatMap((p) => [Buffer.from(`--${boundary}${CRLF}${p.headers.join(CRLF)}${CRLF}${CRLF}`), p.body, Buffer.from(CRLF)]);
  return {
    headers: [`Content-Type: multipart/${kind};${extra}${CRLF}\tboundary="${boundary}"`],
    body: Buffer.concat([Buffer.from('This is a multi-part message in MIME format.' + CRLF), ...pieces, Buffer.from(`--${boundary}--${CRLF}`)]),
  };
}

/** A whole message. fields: 'Name: value' lines without MIME ones; root: a part. Fields may be Buffers (raw 8-bit headers). */
export function message(fields, root) {
  const lines = [...fields, 'MIME-Version: 1.0', ...root.headers].map((f) => (Buffer.isBuffer(f) ? f : Buffer.from(f)));
  const head = lines.flatMap((l) => [l, Buffer.from(CRLF)]);
  return Buffer.concat([...head, Buffer.from(CRLF), root.body]);
}

/** Wraps at `width` with format=flowed's trailing spaces (RFC 3676). */
export function flowed(text, width = 72) {
  return text.split('\n').map((line) => {
    if (line.startsWith('>') || line === '-- ') return line;
    const out = [];
    let now = '';
    for (const word of line.split(' ')) {
      if (now && now.length + word.length + 1 > width) { out.push(`${now} `); now = word; } else now = now ? `${now} ${word}` : word;
    }
    out.push(now);
    return out.map((l) => (/^(>|From | )/.test(l) ? ` ${l}` : l)).join('\n');
  }).join('\n');
}
