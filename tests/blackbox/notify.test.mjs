// A real Dovecot tells of every folder (NOTIFY): what others do outside of INBOX is here at once, though no folder is due to be asked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { faults } from '../../dev/fault/faults.mjs';
import { addAccount, proxiesFor } from './support/behind.mjs';
import { sleep, startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

/** Far below the cadence of ten minutes, far above what it takes on a loaded machine. */
const SOON = { ms: 60000, every: 20 };

let org, postroom, client, accountId, person;

before(async () => {
  org = await startOrganisation(['--mails', '5']);
  person = org.person('workshop@lampworks.example');
  postroom = new Postroom({ config: { 'sync.poll': 600, 'sync.calm': 600, 'sync.compare': 600, 'server.log_level': 'debug' } });
  postroom.addUser();
  postroom.must('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
    '--password-file', postroom.file('pw', `${person.password}\n`), '--ca-file', org.caFile);
  await postroom.serve();
  client = await postroom.signIn();
  accountId = await client.account(person.mail);
  await postroom.settled(person.mail);
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const box = async (name) => (await client.call('Mailbox/get', { accountId, ids: null })).list.find((m) => m.name === name);
const control = (name, body) => org.control(name, { person: person.mail, ...body });

/** Waits until it is so; the milliseconds that took. */
async function soon(what, ask) {
  const begun = Date.now();
  await until(what, ask, SOON).catch((e) => { throw new Error(`${e.message}\n${postroom.log().split('\n').filter((l) => !l.includes('http.request')).slice(-25).join('\n')}`); });
  return Date.now() - begun;
}

test('changes outside of INBOX are here at once', { timeout: 240000 }, async (t) => {
  const took = {};
  await control('createFolder', { folder: 'Projects' });
  took['a new folder'] = await soon('the folder', () => box('Projects'));
  const { id } = await box('Projects');
  for (const n of [1, 2, 3]) {
    await control('append', { folder: 'Projects', message: `Message-ID: <p${n}@test>\nSubject: Project ${n}\n\nText\n` });
    took[`mail ${n}`] = await soon('the mail', async () => (await box('Projects')).totalEmails === n);
  }
  const [first] = await control('messages', { folder: 'Projects' });
  await control('flag', { folder: 'Projects', uid: first.uid, add: ['\\Seen'] });
  took['a flag'] = await soon('the flag', async () => (await box('Projects')).unreadEmails === 2);
  await control('expunge', { folder: 'Projects', uid: first.uid });
  took['an expunge'] = await soon('the expunge', async () => (await box('Projects')).totalEmails === 2);
  await control('append', { folder: 'INBOX', message: 'Message-ID: <inbox@test>\nSubject: INBOX\n\nText\n' });
  took['mail in INBOX'] = await soon('mail in INBOX', async () => (await client.call('Email/query', { accountId, filter: { subject: 'INBOX' } })).ids.length === 1);
  // Dovecot 2.3 does not tell of every new name; the next occasion shows it.
  await control('renameFolder', { folder: 'Projects', to: 'Old projects' });
  await control('append', { folder: 'INBOX', message: 'Message-ID: <second@test>\nSubject: Second\n\nText\n' });
  took['a new name'] = await soon('the new name', () => box('Old projects'));
  assert.equal((await box('Old projects')).id, id);
  await control('deleteFolder', { folder: 'Old projects' });
  await control('append', { folder: 'INBOX', message: 'Message-ID: <third@test>\nSubject: Third\n\nText\n' });
  took['a folder that goes'] = await soon('the folder to go', async () => !(await box('Old projects')));
  t.diagnostic(Object.entries(took).map(([what, ms]) => `${what} ${ms} ms`).join(', '));
});

test('a mailbox in which nothing happens is left alone', { timeout: 300000 }, async () => {
  await postroom.settled(person.mail);
  const calm = async () => {
    const before = postroom.log().match(/sync\.compared/g)?.length;
    await sleep(2000);
    return postroom.log().match(/sync\.compared/g)?.length === before;
  };
  await until('the session to rest', calm, { ms: 30000 });
  assert.ok(await calm());
});

/** What a server may do instead: the line that takes the place of NOTIFY's OK, what the log says then, and whose mailbox it is tried at. */
const UNWILLING = [
  ['refuses NOTIFY', (tag) => `${tag} NO not here\r\n`, 'sync.notify-refused', 'main'],
  ['gives NOTIFY up', (tag) => `${tag} OK NOTIFY completed.\r\n* OK [NOTIFICATIONOVERFLOW] too much\r\n`, 'sync.notify-overflow', 'james.okafor@northlight.example'],
];

async function unwilling(instead, said, address) {
  const someone = org.person(address);
  const asking = new Postroom({ config: { 'sync.idle': 5 } });
  const proxies = await proxiesFor(org);
  let answers = 0;
  proxies.imap.always(faults.lines((line) => {
    const [, tag] = /^(\S+) OK NOTIFY completed/.exec(line) ?? [];
    answers += tag ? 1 : 0;
    return tag ? instead(tag) : null;
  }));
  try {
    asking.addUser();
    await asking.serve();
    const theirs = await asking.signIn();
    const account = await addAccount({ postroom: asking, client: theirs, org, person: someone, proxies });
    const { emails } = await asking.settled(someone.mail);
    await until('it to be said', () => asking.log().includes(said), SOON);
    for (const folder of ['Archive', 'INBOX']) await org.control('append', { person: someone.mail, folder, message: `Message-ID: <unwilling-${folder}@test>\nSubject: Unwilling ${folder}\n\nText\n` });
    await until('the mail of both folders', async () => (await asking.settled(someone.mail)).emails === emails + 2, SOON);
    assert.equal(answers, 1);
    assert.equal((await theirs.call('Email/query', { accountId: account, filter: { subject: 'Unwilling' } })).ids.length, 2);
  } finally {
    await asking.close();
    await proxies.close();
  }
}

test('where a server does not tell, folders are asked as before', { timeout: 300000, concurrency: true }, (t) =>
  Promise.all(UNWILLING.map(([what, ...how]) => t.test(what, () => unwilling(...how)))));
