// What a mailbox needs so that every screen of the page has something to show: an invitation that was called off, files of each kind, a link that lies, a
// label, a note and a to-do, a letter that waits and one that was refused, a colleague to share with, and a mailbox whose linking was not finished.

import { filePart, message, multipart, textPart } from '../../../dev/mail/generate/mime.mjs';
import { barChart } from '../../../dev/mail/generate/png.mjs';
import { pdf } from './documents.mjs';
import { until } from './organisation.mjs';

const COLLEAGUE = 'james.okafor@northlight.example';
const SENDER = 'rosa.winkler@fairs.example';

const EVENT = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:fair-1', 'SEQUENCE:0', 'DTSTAMP:20300101T000000Z', 'SUMMARY:Stand plan', 'LOCATION:Hall 4', 'DTSTART;TZID=Asia/Tokyo:20300506T170000',
  'DTEND;TZID=Asia/Tokyo:20300506T180000', 'RRULE:FREQ=WEEKLY;COUNT=6', 'ORGANIZER;CN=Rosa Winkler:mailto:rosa.winkler@fairs.example', 'ATTENDEE;CN=Anna Berg;PARTSTAT=NEEDS-ACTION:mailto:anna.berg@northlight.example',
  'ATTENDEE;CN=James Okafor;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:mailto:james.okafor@northlight.example', 'END:VEVENT', 'END:VCALENDAR', ''];

function head(subject, id, minutes, more = []) {
  const date = new Date(Date.now() - minutes * 60e3).toUTCString().replace('GMT', '+0000');
  return [`From: Rosa Winkler <${SENDER}>`, 'To: Anna Berg <anna.berg@northlight.example>', `Subject: ${subject}`, `Date: ${date}`, `Message-ID: <${id}@fairs.example>`, ...more];
}

const calendar = (lines, method) => textPart(lines.join('\r\n'), { type: `text/calendar; method=${method}`, encoding: 'base64' });
const invitation = () => message(head('Stand plan', 'plan-1', 14), multipart('alternative', [textPart('You are invited.'), calendar(EVENT, 'REQUEST')], 'alt1'));
const calledOff = () => message(head('Re: Stand plan', 'plan-2', 13, ['In-Reply-To: <plan-1@fairs.example>', 'References: <plan-1@fairs.example>']),
  multipart('alternative', [textPart('It is off.'), calendar(EVENT.map((line) => line.replace('REQUEST', 'CANCEL').replace('SEQUENCE:0', 'SEQUENCE:1')), 'CANCEL')], 'alt2'));
const newsletter = () => message(head('Spring fair: the programme', 'news-1', 12), textPart('<p>Hall 4 is at <a href="https://evil.example.net/login">www.fairs.example</a>.</p><img src="https://counter.fairs.example/p.gif" width="1" height="1"><img src="https://pictures.fairs.example/hall.png" alt="Hall 4">', { type: 'text/html', encoding: 'quoted-printable' }));
const files = () => message(head('Everything for the stand', 'files-1', 11), multipart('mixed', [textPart('Three files.'), filePart({ name: 'chart.png', type: 'image/png', bytes: barChart([0.5, 0.7, 0.9], [53, 86, 200]) }),
  filePart({ name: 'plan.pdf', type: 'application/pdf', bytes: pdf('Stand plan', 'Hall 4') }), filePart({ name: 'sizes.txt', type: 'text/plain', bytes: Buffer.from('Size M for the stand.\n') })], 'mix1'));

/* One letter of plain text, sent by the API; parameters: of its envelope. */
async function send({ client, account, person }, subject, parameters) {
  const boxes = await client.mailboxes(account);
  const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
  const results = await client.calls([
    ['Email/set', { accountId: account, create: { d: { mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true }, from: [{ email: person.mail }], to: [{ email: COLLEAGUE }], subject, textBody: [{ partId: 't', type: 'text/plain' }], bodyValues: { t: { value: 'Some words.' } } } } }],
    ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: identity.id, 'postroom:moveToSent': true, envelope: { mailFrom: { email: person.mail, parameters }, rcptTo: [{ email: COLLEAGUE, parameters: null }] } } } }],
  ]);
  return results[1][1].created.s.id;
}

/* Something written beside the invitation, and a label on it. */
async function organise({ client, account }, emailId) {
  const { created } = await client.call('Label/set', { accountId: account, create: { l: { name: 'Fairs', color: 'teal' } } });
  const { list: [label] } = await client.call('Label/get', { accountId: account, ids: [created.l.id] });
  const { list: [{ threadId }] } = await client.call('Email/get', { accountId: account, ids: [emailId], properties: ['threadId'] });
  await client.calls([
    ['Email/set', { accountId: account, update: { [emailId]: { [`keywords/${label.keyword}`]: true } } }],
    ['Note/set', { accountId: account, create: { n: { threadId, text: 'Call Rosa about the carpet.' } } }],
    ['Todo/set', { accountId: account, create: { t: { threadId, text: 'Confirm the stand', due: '2030-05-01' } } }],
  ]);
}

/** Puts it all into what startLinked answered; { unfinished }: the account whose linking waits for its start date, and cannot send. */
export async function furnish(world) {
  const { client, account, org, person, postroom } = world;
  postroom.addUser(COLLEAGUE, 'a password of James', false);
  for (const raw of [invitation(), calledOff(), newsletter(), files()]) await org.control('append', { person: person.mail, raw: raw.toString('base64'), flags: ['\\Seen'] });
  const { ids } = await until('the mails', async () => {
    const found = await client.call('Email/query', { accountId: account, filter: { from: SENDER }, sort: [{ property: 'receivedAt', isAscending: true }] });
    return found.ids.length === 4 && found;
  });
  await organise(world, ids[0]);
  await org.control('addFault', { service: 'smtp', kind: 'reply', person: person.mail, command: 'DATA', reply: '554 5.2.252 SendAsDenied; not allowed to send as this sender', times: 1 });
  const refused = await send(world, 'Four lamps', null);
  await until('the refusal', async () => Object.values((await client.call('EmailSubmission/get', { accountId: account, ids: [refused] })).list[0].deliveryStatus ?? {}).some((one) => one.delivered === 'no'));
  await send(world, 'For another day', { HOLDFOR: '86400' });
  const other = org.person('smtpAuthOff');
  await postroom.settled(person.mail);
  return { unfinished: await client.linked(other, { agreed: false }) };
}
