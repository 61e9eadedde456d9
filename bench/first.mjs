// Beside a first sync: what one connection can carry, and what a person sees while it runs.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

import { sleep } from '../tests/blackbox/support/organisation.mjs';
import { quantile } from './report.mjs';

/** A connection that says one command at a time and throws the answers away, except the last bytes, where the tag stands. */
async function connect(org) {
  const socket = tls.connect({ host: 'localhost', port: org.dovecot.imapsPort, ca: readFileSync(org.caFile) });
  let tail = '', heard = () => {};
  socket.on('data', (piece) => {
    tail = (tail + piece.subarray(-4000).toString('latin1')).slice(-4000);
    heard();
  });
  await new Promise((resolve, reject) => { socket.once('secureConnect', resolve); socket.once('error', reject); });
  return {
    close: () => socket.destroy(),
    /** Resolves at the tagged OK. The tag is random: a message cannot hold it. */
    say: (command) => new Promise((resolve, reject) => {
      const tag = `t${randomBytes(8).toString('hex')}`;
      heard = () => {
        const at = tail.lastIndexOf(`${tag} `);
        if (at < 0 || !tail.endsWith('\r\n')) return;
        if (tail.startsWith('OK', at + tag.length + 1)) resolve();
        else reject(new Error(`${command.split(' ')[0]}: ${tail.slice(at)}`));
      };
      socket.write(`${tag} ${command}\r\n`);
    }),
  };
}

/** Seconds to bring the bodies of all these folders over one TLS connection, thrown away. */
export async function drain(org, person, folders) {
  const started = process.hrtime.bigint();
  const connection = await connect(org);
  await connection.say(`LOGIN "${person.mail}" "${person.password}"`);
  for (const folder of folders) {
    await connection.say(`EXAMINE "${folder}"`);
    await connection.say('UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])');
  }
  connection.close();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

/** A list as the page asks for it: the newest 50 of a mailbox, with what it shows of them. */
async function askList(client, accountId, inMailbox) {
  const started = performance.now();
  const [, [, got]] = await client.calls([['Email/query', { accountId, filter: { inMailbox }, sort: [{ property: 'receivedAt', isAscending: false }], limit: 50 }],
    ['Email/get', { accountId, '#ids': { resultOf: 'c0', name: 'Email/query', path: '/ids' }, properties: ['id', 'threadId', 'subject', 'from', 'receivedAt', 'keywords'] }]]);
  return { ms: performance.now() - started, count: got.list?.length ?? 0 };
}

/**
 * Links the account at a running server. firstPage: milliseconds from the start of the linking command, which tries the password first, until 50 messages of INBOX are listed;
 * p50, p99 of the same question asked until the first sync is over.
 */
export async function watchFirstSync(program, org, person) {
  process.env.POSTROOM = program;
  const { ADMIN, Postroom } = await import('../tests/blackbox/support/postroom.mjs');
  const postroom = new Postroom();
  try {
    postroom.addUser();
    await postroom.serve();
    const client = await postroom.signIn();
    const started = performance.now();
    postroom.must('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', `imaps://localhost:${org.dovecot.imapsPort}`, '--smtp', `smtp+starttls://localhost:${org.dovecot.submissionPort}`,
      '--password-file', postroom.file('account', `${person.password}\n`), '--ca-file', org.caFile);
    const accountId = await client.account(person.mail);
    let inbox = null, firstPage = 0;
    while (!firstPage) {
      inbox ??= (await client.mailboxes(accountId)).inbox?.id;
      if (inbox && (await askList(client, accountId, inbox)).count === 50) firstPage = performance.now() - started;
      else await sleep(5);
    }
    const times = [];
    for (let state = ''; state !== 'idle';) {
      for (let i = 0; i < 20; i++) {
        times.push((await askList(client, accountId, inbox)).ms);
        await sleep(20);
      }
      state = JSON.parse((await postroom.run('account', 'status', person.mail, '--json')).out).state;
    }
    return { firstPage, p50: quantile(times, 0.5), p99: quantile(times, 0.99), asked: times.length };
  } finally {
    await postroom.close();
  }
}
