// The main path, by the same HTTP that the page uses: link, first sync, read, mark, answer with an attachment, find it at both ends.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startOrganisation, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

let org, postroom, client, anna, account;

before(async () => {
  org = await startOrganisation();
  anna = org.person('main');
  postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve();
  client = await postroom.signIn();
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

test('linking ends at link/done and the account is there', async () => {
  const id = await client.linked(anna, { since: '2000-01-01' });
  account = await client.account(anna.mail);
  assert.equal(id, account);
});

test('the first sync brings every message of every folder', async () => {
  const status = await postroom.settled(anna.mail);
  assert.ok(status.emails >= 400, `${status.emails} emails`);
  assert.equal(status.error, null);
  assert.equal(status.provider, 'microsoft');
  for (const mailbox of status.mailboxes) assert.equal(mailbox.localCount, mailbox.serverCount, mailbox.name);
  for (const { name, localCount } of status.mailboxes.filter((m) => m.localCount > 0)) {
    const there = await org.control('messages', { person: anna.mail, folder: name });
    assert.equal(localCount, there.length, name);
  }
});

test('fetching marks nothing as seen', async () => {
  const inbox = (await client.mailboxes(account)).inbox;
  const there = await org.control('messages', { person: anna.mail });
  assert.equal(inbox.unreadEmails, there.filter((m) => !m.flags.includes('\\Seen')).length);
  assert.ok(inbox.unreadEmails > 0);
});

test('a conversation reads with HTML, inline images and attachments', async () => {
  const { ids } = await client.call('Email/query', { accountId: account, filter: { hasAttachment: true }, limit: 50 });
  assert.ok(ids.length > 0);
  const { list } = await client.call('Email/get', { accountId: account, ids, properties: ['subject', 'attachments', 'threadId', 'preview', 'bodyStructure'] });
  const part = list.flatMap((e) => e.attachments).find((a) => a.name && a.size > 0);
  const bytes = await client.download(account, part.blobId, part.name, part.type);
  assert.equal(bytes.length, part.size);
  const all = (await client.call('Email/query', { accountId: account, limit: 400 })).ids;
  let inline;
  for (let at = 0; at < all.length && !inline; at += 50) {
    const views = (await client.call('EmailView/get', { accountId: account, ids: all.slice(at, at + 50) })).list;
    inline = views.map((v) => /mail-image\/[\w.~-]+/.exec(v.html ?? '')?.[0]).find(Boolean);
  }
  assert.ok(inline, 'no inline image in 400 mails');
  const image = await client.fetch(inline);
  assert.equal(image.status, 200);
  assert.match(image.headers.get('content-type'), /^image\//);
  const thread = (await client.call('Thread/get', { accountId: account, ids: list.map((e) => e.threadId) })).list;
  assert.ok(thread.every((t) => t.emailIds.length >= 1));
});

test('read and flagged reach the mail server', async () => {
  const inbox = (await client.mailboxes(account)).inbox;
  const { ids: [id] } = await client.call('Email/query', { accountId: account, filter: { inMailbox: inbox.id, notKeyword: '$seen' }, limit: 1 });
  const { list: [email] } = await client.call('Email/get', { accountId: account, ids: [id], properties: ['messageId'] });
  const set = await client.call('Email/set', { accountId: account, update: { [id]: { 'keywords/$seen': true, 'keywords/$flagged': true } } });
  assert.ok(id in set.updated);
  assert.equal((await client.mailboxes(account)).inbox.unreadEmails, inbox.unreadEmails - 1);
  await until('the flags at the server', async () => {
    const there = (await org.control('messages', { person: anna.mail })).find((m) => m.messageId?.includes(email.messageId[0]));
    return there?.flags.includes('\\Seen') && there.flags.includes('\\Flagged');
  });
});

test('new mail is here within seconds, told by the event source', async () => {
  const events = client.events({ types: 'Email,EmailDelivery' }, (event) => event.event === 'state');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const started = Date.now();
  await org.control('append', { person: anna.mail, message: 'From: James <james.okafor@northlight.example>\nTo: anna.berg@northlight.example\nSubject: Fresh from the oven\nMessage-ID: <fresh@northlight.example>\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\nStill warm.\n' });
  await events;
  await until('the new mail', async () => (await client.call('Email/query', { accountId: account, filter: { subject: 'oven' } })).ids.length === 1, { ms: 8000 });
  assert.ok(Date.now() - started < 8000);
});

test('flags and deletions of another client are picked up', async () => {
  const there = (await org.control('messages', { person: anna.mail })).find((m) => m.subject === 'Fresh from the oven');
  const find = () => client.call('Email/query', { accountId: account, filter: { subject: 'oven', hasKeyword: '$flagged' } });
  await org.control('flag', { person: anna.mail, uid: there.uid, add: ['\\Flagged'] });
  await until('the flag', async () => (await find()).ids.length === 1);
  await org.control('expunge', { person: anna.mail, uid: there.uid });
  await until('the deletion', async () => (await client.call('Email/query', { accountId: account, filter: { subject: 'oven' } })).ids.length === 0);
});

test('an answer with an attachment arrives, with one copy in Sent', async () => {
  const james = org.person('james.okafor@northlight.example');
  const noted = org.person('jonas.weber@northlight.example');
  const boxes = await client.mailboxes(account);
  const [identity] = (await client.call('Identity/get', { accountId: account, ids: null })).list;
  assert.equal(identity.email, anna.mail);
  const { blobId } = await client.upload(account, Buffer.from('%PDF-1.4 not really'), 'application/pdf');
  const draft = {
    mailboxIds: { [boxes.drafts.id]: true }, keywords: { $draft: true, $seen: true }, from: [{ name: anna.name, email: anna.mail }], to: [{ name: james.name, email: james.mail }],
    bcc: [{ email: noted.mail }], subject: 'Re: the lamp order', htmlBody: [{ partId: 'h', type: 'text/html' }], textBody: [{ partId: 't', type: 'text/plain' }],
    bodyValues: { h: { value: '<p>Here it is. Grüße, שלום, 你好</p>' }, t: { value: 'Here it is. Grüße, שלום, 你好' } },
    attachments: [{ blobId, type: 'application/pdf', name: 'Angebot Größe 7.pdf', disposition: 'attachment' }],
  };
  const results = await client.calls([
    ['Email/set', { accountId: account, create: { d: draft } }],
    ['EmailSubmission/set', { accountId: account, create: { s: { emailId: '#d', identityId: identity.id } },
      onSuccessUpdateEmail: { '#s': { [`mailboxIds/${boxes.drafts.id}`]: null, [`mailboxIds/${boxes.sent.id}`]: true, 'keywords/$draft': null } } }],
  ]);
  assert.ok(results[0][1].created?.d, JSON.stringify(results[0]));
  assert.ok(results[1][1].created?.s, JSON.stringify(results[1]));
  for (const person of [james, noted]) {
    const arrived = await until(`the answer at ${person.mail}`, async () => (await org.control('messages', { person: person.mail, raw: true })).find((m) => m.subject === 'Re: the lamp order'));
    const raw = Buffer.from(arrived.raw, 'base64').toString('latin1');
    assert.match(raw, /application\/pdf/);
    assert.doesNotMatch(raw, /^Bcc:/im, 'RFC 8621, 7.5: nobody learns of it');
  }
  const { list: [{ bcc }] } = await client.call('Email/get', { accountId: account, ids: [results[0][1].created.d.id], properties: ['bcc'] });
  assert.equal(bcc[0].email, noted.mail, 'its writer still knows');
  await until('one copy in Sent, none in Drafts', async () => {
    const sent = (await org.control('messages', { person: anna.mail, folder: 'Sent Items' })).filter((m) => m.subject === 'Re: the lamp order');
    const drafts = (await org.control('messages', { person: anna.mail, folder: 'Drafts' })).filter((m) => m.subject === 'Re: the lamp order');
    return sent.length === 1 && drafts.length === 0;
  });
  await until('one copy here too', async () => {
    const { ids } = await client.call('Email/query', { accountId: account, filter: { subject: 'lamp order', inMailbox: boxes.sent.id } });
    return ids.length === 1;
  });
  await postroom.settled(anna.mail);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const sent = (await org.control('messages', { person: anna.mail, folder: 'Sent Items' })).filter((m) => m.subject === 'Re: the lamp order');
  const { ids } = await client.call('Email/query', { accountId: account, filter: { subject: 'lamp order', inMailbox: boxes.sent.id } });
  assert.deepEqual([sent.length, ids.length], [1, 1]);
});

test('moves and deletions made here reach the mail server', async () => {
  const boxes = await client.mailboxes(account);
  const { ids: [moved, gone] } = await client.call('Email/query', { accountId: account, filter: { inMailbox: boxes.inbox.id }, limit: 2 });
  const { list } = await client.call('Email/get', { accountId: account, ids: [moved, gone], properties: ['id', 'messageId'] });
  const idOf = (id) => list.find((e) => e.id === id).messageId[0];
  const set = await client.call('Email/set', { accountId: account, update: { [moved]: { mailboxIds: { [boxes.archive.id]: true } } }, destroy: [gone] });
  assert.deepEqual(set.destroyed, [gone]);
  const has = async (folder, id) => (await org.control('messages', { person: anna.mail, folder })).some((m) => m.messageId?.includes(id));
  await until('the move', async () => await has('Archive', idOf(moved)) && !(await has('INBOX', idOf(moved))));
  await until('the deletion', async () => !(await has('INBOX', idOf(gone))));
  await until('equal counts', () => postroom.status(anna.mail).mailboxes.every((m) => m.localCount === m.serverCount));
});

test('search finds words of bodies, subjects and people in every language', () => {
  for (const word of ['lamp', 'Grüße', 'שלום', '你好']) assert.ok(postroom.json('search', anna.mail, word).total > 0, word);
  assert.equal(postroom.json('search', anna.mail, 'xyzzynothing').total, 0);
});

test('removing the account leaves nothing of it', async () => {
  postroom.must('account', 'remove', anna.mail);
  const { accounts } = await client.session();
  assert.equal(Object.values(accounts).some((a) => a.name === anna.mail), false);
  assert.equal(postroom.command(['account', 'status', anna.mail]).status, 1);
});
