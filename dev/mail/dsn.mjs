// Delivery status notifications (RFC 3464): what a bounce, or a confirmation, looks like.

import { randomUUID } from 'node:crypto';

const WORDS = {
  failed: { subject: 'Undeliverable', lead: 'Your message could not be delivered to the following recipients:' },
  delivered: { subject: 'Delivered', lead: 'Your message has been delivered to the following recipients:' },
};

/** The header part of a message, without the empty line. */
export function headerOf(raw) {
  const at = raw.indexOf('\r\n\r\n');
  return at === -1 ? raw : raw.subarray(0, at);
}

/** The unfolded value of the first header field of that name, or null. */
export function headerValue(raw, name) {
  const text = headerOf(raw).toString('utf8').replace(/\r?\n[ \t]+/g, ' ');
  const line = text.split(/\r?\n/).find((l) => l.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line ? line.slice(name.length + 1).trim() : null;
}

function recipientBlock({ address, orcpt, status, reply, remote }, action) {
  const lines = [`Original-Recipient: ${orcpt ?? `rfc822;${address}`}`, `Final-Recipient: rfc822;${address}`, `Action: ${action}`, `Status: ${status}`];
  if (remote) lines.push(`Remote-MTA: dns;${remote}`);
  if (reply) lines.push(`Diagnostic-Code: smtp;${reply}`);
  return lines.join('\r\n');
}

/**
 * kind: 'failed' or 'delivered'. recipients: [{address, orcpt, status, reply, remote}]. raw: the original message.
 * whole: give back the whole message instead of its header (RET=FULL). Returns a Buffer with CRLF line ends.
 */
export function makeDsn({ kind, to, recipients, raw, envid = null, whole = false, host, date = new Date(),
  messageId = `<${randomUUID()}@${host}>`, boundary = `=_dsn_${randomUUID()}` }) {
  const words = WORDS[kind];
  const subject = headerValue(raw, 'Subject') ?? '(no subject)';
  const original = headerValue(raw, 'Message-ID');
  const status = [`Reporting-MTA: dns;${host}`, `Arrival-Date: ${date.toUTCString().replace('GMT', '+0000')}`];
  if (envid) status.unshift(`Original-Envelope-Id: ${envid}`);
  const text = [words.lead, '', ...recipients.map((r) => `  ${r.address}${r.reply ? `\r\n    The remote server said: ${r.reply}` : ''}`)];
  const head = [
    `From: "Mail Delivery System" <postmaster@${host}>`, `To: <${to}>`, `Subject: ${words.subject}: ${subject}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`, `Message-ID: ${messageId}`, 'Auto-Submitted: auto-replied',
    ...(original ? [`In-Reply-To: ${original}`, `References: ${original}`] : []),
    'MIME-Version: 1.0', `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
  ];
  const parts = [
    ['Content-Type: text/plain; charset=utf-8', '', ...text],
    ['Content-Type: message/delivery-status', '', ...status, '', recipients.map((r) => recipientBlock(r, kind)).join('\r\n\r\n'), ''],
    [whole ? 'Content-Type: message/rfc822' : 'Content-Type: text/rfc822-headers', 'Content-Transfer-Encoding: 8bit', ''],
  ];
  const opened = parts.map((lines) => `--${boundary}\r\n${lines.join('\r\n')}`).join('\r\n');
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n${opened}\r\n`), whole ? raw : headerOf(raw), Buffer.from(`\r\n--${boundary}--\r\n`)]);
}
