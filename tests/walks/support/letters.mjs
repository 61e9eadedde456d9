// Mail that the walks meet: of several senders and languages, answered and quoted as the programs of the world do it.

import { encodeWords, message, multipart, textPart } from '../../../dev/mail/generate/mime.mjs';
import { until } from '../../blackbox/support/organisation.mjs';

const OWN = 'Anna Berg <anna.berg@northlight.example>';

/** A mail as bytes. body: a text, HTML where it begins with <, or a part. minutes: before now. parent: the id of the one that it answers. */
export function letter({ from = 'Priya Raman <priya@museum.example>', to = OWN, subject, id = subject.replace(/[^A-Za-z0-9]+/g, '-'), parent = null, minutes = 5, body = 'Hello.', more = [] }) {
  const date = new Date(Date.now() - minutes * 60e3).toUTCString().replace('GMT', '+0000');
  const part = typeof body !== 'string' ? body : body.startsWith('<') ? multipart('alternative', [textPart(body.replace(/<[^>]*>/g, ' ').replaceAll('&lt;', '<').replaceAll('&gt;', '>').trim()), textPart(body, { type: 'text/html', encoding: 'quoted-printable' })], 'both') : textPart(body);
  const threading = parent ? [`In-Reply-To: <${parent}@walk.example>`, `References: <${parent}@walk.example>`] : [];
  const [, name, address] = /^(.*?) ?<(.*)>$/.exec(from);
  return message([`From: ${encodeWords(name)} <${address}>`, `To: ${to}`, `Subject: ${encodeWords(subject)}`, `Date: ${date}`, `Message-ID: <${id}@walk.example>`, ...threading, ...more], part);
}

/** Puts mails into a person's folder and waits until Postroom has them all. mails: what letter() takes, with { flags, folder } besides. */
export async function deliverAll({ org, person, client, account }, mails) {
  const count = async () => (await client.call('Mailbox/get', { accountId: account, ids: null })).list.reduce((sum, one) => sum + one.totalEmails, 0);
  const before = await count();
  for (const { flags = [], folder = 'INBOX', ...one } of mails) await org.control('append', { person: person.mail, raw: letter(one).toString('base64'), flags, folder });
  await until('the mails of the walk', async () => (await count()) === before + mails.length);
}

/** What is in a folder at the mail server: [{ subject, flags }]. */
export function atServer({ org, person }, folder = 'INBOX') {
  return org.control('messages', { person: person.mail, folder });
}
