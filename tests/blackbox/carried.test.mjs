// What people made of conversations goes along when mail moves to another mailbox, and is there still when both servers have carried it out.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';

let org, postroom, client, anna, james, from, to, close;

const at = (account) => (method, args) => client.call(method, { accountId: account, ...args });
const here = (method, args) => at(from)(method, args);
const there = (method, args) => at(to)(method, args);
const subjects = async (person) => (await org.control('messages', { person: person.mail })).map((message) => message.subject);

async function deliver(id, subject, parent) {
  const raw = ['From: Beatrice Lund <bea@x.example>', `Subject: ${subject}`, `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, `Message-ID: <${id}>`, ...(parent ? [`References: <${parent}>`] : []), '', 'Text.', ''].join('\n');
  await org.control('append', { person: anna.mail, message: raw });
}

const found = async (ask) => (await ask('Email/query', { filter: { from: 'bea@x.example' }, sort: [{ property: 'receivedAt' }] })).ids;

async function emailsOf(ask) {
  return (await ask('Email/get', { ids: await found(ask), properties: ['threadId', 'subject', 'keywords', 'postroom:notes', 'postroom:todos'] })).list;
}

async function move(ask, source, ids) {
  const { inbox } = await client.mailboxes(source === from ? to : from);
  const create = Object.fromEntries(ids.map((id) => [id, { id, mailboxIds: { [inbox.id]: true } }]));
  const [copied, destroyed] = await client.calls([['Email/copy', { accountId: source === from ? to : from, fromAccountId: source, create, onSuccessDestroyOriginal: true }]]);
  assert.equal(Object.keys(copied[1].created ?? {}).length, ids.length, JSON.stringify(copied[1]));
  assert.equal(destroyed[1].destroyed.length, ids.length);
}

describe('mail that moves to another mailbox', { timeout: 200000 }, () => {
  before(async () => {
    ({ org, postroom, client, person: anna, account: from, close } = await startLinked('main', { mails: 3 }));
    james = org.person('james.okafor@northlight.example');
    to = await client.linked(james);
    await postroom.settled(james.mail);
    await deliver('one@x.example', 'Lamp order');
    await deliver('two@x.example', 'Re: Lamp order', 'one@x.example');
    await deliver('three@x.example', 'Glass for the lamps');
    await until('the mail', async () => (await found(here)).length === 3);
  }, { timeout: 150000 });

  after(() => close?.());

  test('notes, to-dos, labels and merges are there, also when the servers have it', async () => {
    const threads = [...new Set((await emailsOf(here)).map((email) => email.threadId))];
    assert.equal(threads.length, 2);
    const { threadId } = await here('Conversation/merge', { threadIds: threads });
    await here('Label/set', { create: { k: { name: 'Große Messe', color: 'teal' } } });
    const [{ keyword }] = (await here('Label/get', { ids: null })).list;
    await here('Email/set', { update: Object.fromEntries((await found(here)).map((id) => [id, { [`keywords/${keyword}`]: true }])) });
    await here('Note/set', { create: { k: { threadId, text: 'Call Beatrice.' } } });
    await here('Todo/set', { create: { k: { threadId, text: 'Confirm', due: '2030-02-03' } } });
    const [note] = (await here('Note/get', { ids: null })).list;
    await move(here, from, await found(here));
    await until('it at the other server', async () => (await subjects(james)).filter((subject) => /lamp/i.test(subject)).length === 3);
    await until('it gone from the first', async () => !(await subjects(anna)).some((subject) => /^Glass|Lamp order/.test(subject)));
    await postroom.settled(james.mail);
    const emails = await emailsOf(there);
    assert.equal(emails.length, 3);
    assert.equal(new Set(emails.map((email) => email.threadId)).size, 1, 'it is one conversation');
    for (const email of emails) assert.deepEqual([email.keywords[keyword], email['postroom:notes'], email['postroom:todos']], [true, 1, { open: 1, due: '2030-02-03' }]);
    const [moved] = (await there('Note/get', { ids: null })).list;
    for (const property of ['text', 'author', 'createdAt', 'updatedAt']) assert.equal(moved[property], note[property]);
    assert.equal(moved.threadId, emails[0].threadId);
    assert.deepEqual((await there('Label/get', { ids: null })).list.map(({ name, color }) => [name, color]), [['Große Messe', 'teal']]);
    assert.deepEqual([(await here('Note/get', { ids: null })).list, (await here('Todo/get', { ids: null })).list], [[], []]);
  });

  test('and they come back, one after the other', async () => {
    for (const id of await found(there)) await move(there, to, [id]);
    await until('it at the first server', async () => (await subjects(anna)).filter((subject) => /^Glass|Lamp order/.test(subject)).length === 3);
    await postroom.settled(anna.mail);
    const emails = await emailsOf(here);
    assert.equal(new Set(emails.map((email) => email.threadId)).size, 1);
    assert.deepEqual(emails.map((email) => [email['postroom:notes'], email['postroom:todos']?.open]), [[1, 1], [1, 1], [1, 1]]);
    assert.equal((await there('Note/get', { ids: null })).list.length, 0);
  });
});
