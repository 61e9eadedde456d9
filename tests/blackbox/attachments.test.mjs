// The contents of attachments are found, shortly after the mail, and no longer when it is gone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { docx, message, odt, pdf, pptx, xlsx } from './support/documents.mjs';
import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';

/* 50 MB of nothing; made before anything is connected, since it takes a while. */
const BOMB = docx(' '.repeat(50_000_000));

let org, postroom, client, account, anna, close;

before(async () => { ({ org, postroom, client, account, person: anna, close } = await startLinked('main', { mails: 5 })); }, { timeout: 300000 });

after(() => close?.());

/* A page is drawn from left to right: so is its Hebrew, from its last letter on. */
const leftwards = (line) => [...line].reverse().join('');
const append = (subject, ...attachments) => org.control('append', { person: anna.mail, message: message(subject, attachments) });
const find = async (filter) => (await client.call('Email/query', { accountId: account, filter })).ids;
const found = (filter, count = 1) => until(`${JSON.stringify(filter)} is found`, async () => (await find(filter)).length === count, { ms: 120000, every: 100 });
const outstanding = async () => {
  const user = Object.keys((await client.session()).accounts).find((id) => id.startsWith('u'));
  return (await client.call('LinkedAccount/get', { accountId: user, ids: [account] })).list[0].unreadAttachments;
};

test('a PDF in three scripts is found by its words, in text and in body', async () => {
  await append('the quarterly paper', { name: 'paper.pdf', type: 'application/pdf', bytes: pdf('Umsatzbericht Quartal', leftwards('רבעוני'), '季度财务报告') });
  await found({ text: 'umsatzbericht' });
  await found({ body: 'רבעוני' });
  await found({ text: '财务报告' });
  assert.deepEqual(await find({ subject: 'umsatzbericht' }), []);
  assert.deepEqual(await find({ operator: 'AND', conditions: [{ subject: 'quarterly' }, { body: 'umsatzbericht' }] }), await find({ text: 'umsatzbericht' }));
  await until('none are outstanding', async () => (await outstanding()) === 0, { ms: 60000, every: 100 });
});

test('office documents, text and pages are found by their words', async () => {
  await append('many papers',
    { name: 'a.docx', type: 'application/octet-stream', bytes: docx('Werkvertrag & Anlage') },
    { name: 'b.xlsx', type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', bytes: xlsx('Kostenstelle', 471123) },
    { name: 'c.pptx', type: 'application/octet-stream', bytes: pptx('Präsentationsfolie') },
    { name: 'd.odt', type: 'application/vnd.oasis.opendocument.text', bytes: odt('Ladeschein') },
    { name: 'e.txt', type: 'text/plain; charset=windows-1255', bytes: Buffer.from([0xe2, 0xec, 0xe9, 0xe3, 0xe4]) },
    { name: 'f.html', type: 'text/html', bytes: Buffer.from('<p class="nothere">Hypertextseite</p>') });
  for (const word of ['werkvertrag', 'kostenstelle', '471123', 'prasentationsfolie', 'ladeschein', 'גלידה', 'hypertextseite']) await found({ text: word });
  assert.deepEqual(await find({ text: 'nothere' }), []);
});

test('what cannot be read harms nobody, and what stands beside it is read', async () => {
  await append('broken papers',
    { name: 'broken.pdf', type: 'application/pdf', bytes: Buffer.concat([pdf('Bruchstueck').subarray(0, 200), Buffer.alloc(5000, 0xff)]) },
    { name: 'bomb.docx', type: 'application/octet-stream', bytes: BOMB },
    { name: 'whole.pdf', type: 'application/pdf', bytes: pdf('Unversehrt') });
  await found({ text: 'unversehrt' });
  assert.equal(postroom.status(anna.mail).unreadAttachments, 0);
  const lost = postroom.status(anna.mail).unreadableAttachments;
  assert.ok(lost >= 1 && lost <= 2, `${lost} attachments could not be read`);
  const { checks } = JSON.parse((await postroom.run('doctor', '--json')).out);
  assert.match(checks.find(({ check }) => check === `account ${anna.mail}: attachments`).text, new RegExp(`^${lost} cannot be read`));
});

test('an upload that becomes an email is read like what came', async () => {
  const { inbox } = await client.mailboxes(account);
  const { blobId } = await client.upload(account, Buffer.from(message('imported', [{ name: 'i.pdf', type: 'application/pdf', bytes: pdf('Importschein') }])), 'message/rfc822');
  const { created } = await client.call('Email/import', { accountId: account, emails: { i: { blobId, mailboxIds: { [inbox.id]: true } } } });
  assert.ok(created?.i, 'the email was imported');
  await found({ text: 'importschein' });
});

test('expunged mail is not found by what was attached', async () => {
  const [id] = await find({ text: 'umsatzbericht' });
  const { destroyed } = await client.call('Email/set', { accountId: account, destroy: [id] });
  assert.deepEqual(destroyed, [id]);
  assert.deepEqual(await find({ text: 'umsatzbericht' }), []);
  await append('the quarterly paper again', { name: 'paper.pdf', type: 'application/pdf', bytes: pdf('Umsatzbericht Quartal') });
  await found({ text: 'umsatzbericht' });
});
