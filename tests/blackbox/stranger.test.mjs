// A JMAP client that was not written for Postroom (jmap-jam of npm): signs in with a token, lists, reads, searches, changes, writes, sends.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { startLinked } from './support/linked.mjs';
import { ROOT, until } from './support/organisation.mjs';
import { ADMIN } from './support/postroom.mjs';

const { default: JamClient } = await import(pathToFileURL(path.join(ROOT, 'web/node_modules/jmap-jam/dist/index.js')).href);

let org, anna, james, jam, accountId, token, close;

before(async () => {
  let postroom;
  ({ org, postroom, person: anna, close } = await startLinked('main', { link: { since: '2026-11-01' } }));
  james = org.person('james.okafor@northlight.example');
  const { out } = postroom.command(['token', 'create', ADMIN.email, '--name', 'stranger']);
  token = out.trim().split(/\s+/).pop();
  jam = new JamClient({ sessionUrl: `${postroom.url}/.well-known/jmap`, bearerToken: token });
  accountId = await jam.getPrimaryAccount();
}, { timeout: 300000 });

after(() => close?.());

const mailboxOf = async (role) => (await jam.api.Mailbox.get({ accountId }))[0].list.find((box) => box.role === role);

test('RFC 8620, 2.2: it finds the session, the account and the mailboxes', async () => {
  const session = await jam.session;
  assert.equal(session.accounts[accountId].name, anna.mail);
  assert.ok(session.capabilities['urn:ietf:params:jmap:mail']);
  assert.ok((await mailboxOf('inbox')).totalEmails > 0);
  const [{ ids }] = await jam.api.Mailbox.query({ accountId, filter: { hasAnyRole: true }, sort: [{ property: 'sortOrder' }, { property: 'name' }] });
  assert.equal(ids[0], (await mailboxOf('inbox')).id);
});

test('RFC 8620, 8.3: the well-known path is the session itself', async () => {
  const { apiUrl, ...session } = await jam.session;
  const response = await fetch(new URL('/.well-known/jmap', apiUrl), { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('cache-control'), /no-store/);
  assert.equal((await response.json()).state, session.state);
});

test('RFC 8620, 3.8: the language of what people may read is told, the best there is', async () => {
  const { apiUrl } = await jam.session;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Accept-Language': 'fr-CH, fr;q=0.9, de;q=0.8, en;q=0.7, *;q=0.5' };
  for (const body of ['{"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{},"0"]]}', '{']) {
    const response = await fetch(apiUrl, { method: 'POST', headers, body });
    assert.equal(response.headers.get('content-language'), 'en');
  }
});

test('RFC 8620, 1.7: every resource asks for a sign-in', async () => {
  const { apiUrl, uploadUrl, downloadUrl, eventSourceUrl } = await jam.session;
  const filled = (url) => url.replace('{accountId}', accountId).replace(/\{\w+\}/g, 'x');
  const gets = [new URL('/.well-known/jmap', apiUrl).href, filled(downloadUrl), filled(eventSourceUrl)];
  for (const url of gets) assert.equal((await fetch(url)).status, 401, url);
  for (const url of [apiUrl, filled(uploadUrl)]) {
    const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    assert.equal(response.status, 401, url);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
  }
});

test('RFC 8620, 8.2: nobody comes in without credentials', async () => {
  const { apiUrl } = await jam.session;
  for (const headers of [{}, { Authorization: 'Bearer nonsense' }, { Authorization: 'Basic bm9uc2Vuc2U6eA==' }]) {
    const response = await fetch(apiUrl, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: '{"using":["urn:ietf:params:jmap:core"],"methodCalls":[]}' });
    assert.equal(response.status, 401);
    assert.ok(response.headers.get('www-authenticate'));
  }
});

test('it lists and reads with a reference from one call to the next', async () => {
  const inbox = await mailboxOf('inbox');
  const [{ emails, threads }] = await jam.requestMany((t) => {
    const found = t.Email.query({ accountId, filter: { inMailbox: inbox.id }, sort: [{ property: 'receivedAt', isAscending: false }], limit: 5, calculateTotal: true });
    const got = t.Email.get({ accountId, ids: found.$ref('/ids'), properties: ['id', 'threadId', 'subject', 'from', 'preview', 'bodyValues', 'textBody', 'header:List-Id:asText'], fetchTextBodyValues: true, maxBodyValueBytes: 100 });
    const conversations = t.Thread.get({ accountId, ids: got.$ref('/list/*/threadId') });
    return { found, emails: got, threads: conversations };
  });
  assert.equal(emails.list.length, Math.min(5, inbox.totalEmails));
  assert.ok(emails.list.every((email) => typeof email.subject === 'string' && email.textBody.every((part) => Buffer.byteLength(email.bodyValues[part.partId].value) <= 100)));
  assert.ok(emails.list.every((email) => threads.list.some((thread) => thread.emailIds.includes(email.id))));
});

test('it searches, and shows where the words are', async () => {
  const [{ list: [known] }] = await jam.api.Email.get({ accountId, ids: (await jam.api.Email.query({ accountId, limit: 1 }))[0].ids, properties: ['id', 'subject'] });
  const word = known.subject.split(/\W+/).sort((a, b) => b.length - a.length)[0];
  const filter = { subject: word };
  const [{ ids }] = await jam.api.Email.query({ accountId, filter });
  assert.ok(ids.includes(known.id));
  const [{ list }] = await jam.api.SearchSnippet.get({ accountId, filter, emailIds: [known.id] });
  assert.match(list[0].subject, /<mark>/);
});

test('what it changes is in the next /changes, and at the mail server', { timeout: 120000 }, async () => {
  const inbox = await mailboxOf('inbox');
  const [{ ids: [id] }] = await jam.api.Email.query({ accountId, filter: { inMailbox: inbox.id, notKeyword: '$flagged' }, limit: 1 });
  const [{ state, list: [email] }] = await jam.api.Email.get({ accountId, ids: [id], properties: ['subject', 'messageId'] });
  const [set] = await jam.api.Email.set({ accountId, update: { [id]: { 'keywords/$flagged': true, 'keywords/$seen': true } } });
  assert.ok(id in set.updated);
  const [changes] = await jam.api.Email.changes({ accountId, sinceState: state });
  assert.ok(changes.updated.includes(id));
  await until('the flag at the server', async () => (await org.control('messages', { person: anna.mail, folder: 'INBOX' })).some((m) => m.messageId === `<${email.messageId[0]}>` && m.flags.includes('\\Flagged')));
});

test('it writes with an attachment, and sends', { timeout: 120000 }, async () => {
  const drafts = await mailboxOf('drafts');
  const sent = await mailboxOf('sent');
  const [{ list: [identity] }] = await jam.api.Identity.get({ accountId });
  const blob = await jam.uploadBlob(accountId, new Blob(['attached by a stranger'], { type: 'text/plain' }));
  const [{ email, submission }] = await jam.requestMany((t) => {
    const made = t.Email.set({ accountId, create: { draft: {
      mailboxIds: { [drafts.id]: true }, keywords: { $draft: true, $seen: true }, from: [{ name: identity.name, email: identity.email }], to: [{ name: null, email: james.mail }],
      subject: 'From a stranger', bodyStructure: { type: 'multipart/mixed', subParts: [{ type: 'text/plain', partId: 'text' }, { type: 'text/plain', blobId: blob.blobId, disposition: 'attachment', name: 'note.txt' }] },
      bodyValues: { text: { value: 'Written elsewhere.\n' } },
    } } });
    // Without onSuccessUpdateEmail: this client knows one answer to a call.
    const handed = t.EmailSubmission.set({ accountId, create: { sending: { emailId: '#draft', identityId: identity.id } } });
    return { email: made, submission: handed };
  });
  assert.ok(email.created.draft.id, JSON.stringify(email));
  assert.ok(submission.created.sending.id, JSON.stringify(submission));
  const [filed] = await jam.api.Email.set({ accountId, update: { [email.created.draft.id]: { [`mailboxIds/${drafts.id}`]: null, [`mailboxIds/${sent.id}`]: true, 'keywords/$draft': null } } });
  assert.ok(email.created.draft.id in filed.updated, JSON.stringify(filed));
  const arrived = await until('the mail', async () => (await org.control('messages', { person: james.mail, folder: 'INBOX', raw: true })).find((m) => m.subject === 'From a stranger'));
  assert.match(Buffer.from(arrived.raw, 'base64').toString(), /filename="?note\.txt/);
  await until('"final"', async () => (await jam.api.EmailSubmission.get({ accountId, ids: [submission.created.sending.id] }))[0].list[0].undoStatus === 'final');
  const [{ list: [kept] }] = await jam.api.Email.get({ accountId, ids: [email.created.draft.id], properties: ['blobId'] });
  const raw = await (await jam.downloadBlob({ accountId, blobId: kept.blobId, mimeType: 'message/rfc822', fileName: 'mail.eml' })).text();
  assert.match(raw, /^Subject: From a stranger\r$/m);
});
