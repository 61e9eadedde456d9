// An account filled with made-up mail and synced, behind a running server, and a client that asks it by JMAP over HTTP as others do.

import http from 'node:http';
import path from 'node:path';

import { addAccount } from '../tests/blackbox/support/behind.mjs';
import { USING } from '../tests/blackbox/support/client.mjs';
import { ROOT, startOrganisation } from '../tests/blackbox/support/organisation.mjs';
import { Postroom } from '../tests/blackbox/support/postroom.mjs';
import { must } from './contenders.mjs';
import { fillAccount } from './fill.mjs';

/** Asks over one connection that is kept. */
export class Asker {
  constructor(url, client) {
    this.url = new URL('jmap', `${url}/`);
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const cookie = [...client.cookies.values()].flatMap((jar) => [...jar]).map(([k, v]) => `${k}=${v}`).join('; ');
    this.headers = client.headers({ cookie });
  }

  /** [[name, args], …] with ids c0, c1, …: { ms from the first byte sent to the last one read, results }. */
  ask(calls) {
    const body = JSON.stringify({ using: USING, methodCalls: calls.map(([name, args], i) => [name, args, `c${i}`]) });
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const request = http.request(this.url, { method: 'POST', agent: this.agent, headers: { ...this.headers, 'Content-Length': Buffer.byteLength(body) } }, (response) => {
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('end', () => {
          const ms = performance.now() - started;
          const { methodResponses } = JSON.parse(Buffer.concat(pieces));
          const wrong = methodResponses?.find(([name]) => name === 'error');
          if (!methodResponses || wrong) return reject(new Error(JSON.stringify(wrong ?? Buffer.concat(pieces).toString())));
          resolve({ ms, results: methodResponses.map(([, result]) => result) });
        });
      });
      request.on('error', reject).end(body);
    });
  }

  close() {
    this.agent.destroy();
  }
}

const inboxOf = async (client, accountId) => (await client.mailboxes(accountId)).inbox.id;

/** Answers {postroom, org, person, client, accountId, inbox, asker(client), colleague(n): the client of another person with the same mailbox, close()}. */
export async function startAccount({ messages, average }) {
  const org = await startOrganisation(['--mails', '0']);
  const person = org.person('plain');
  const add = (folder, count) => count > 0 && must([process.execPath, path.join(ROOT, 'dev/org.mjs'), 'mailbox', '--dir', org.dir, '--person', person.mail, '--messages', String(count), '--avg-size', String(average), '--folder', folder]);
  const postroom = new Postroom({ config: { 'server.log_level': 'warn' } });
  for (const key of ['POSTROOM_SYNC_POLL', 'POSTROOM_SYNC_CALM', 'POSTROOM_SYNC_COMPARE', 'POSTROOM_SYNC_DOUBT']) delete postroom.env[key]; // the stated cadence
  const close = async () => { await postroom.close(); await org.close(); };
  try {
    add('INBOX', Math.ceil(messages * 0.7));
    add('Archive', Math.floor(messages * 0.3));
    postroom.addUser();
    await postroom.serve();
    const client = await postroom.signIn();
    const accountId = await addAccount({ postroom, client, org, person });
    await postroom.settled(person.mail, { ms: 60000 + messages * 5 });
    const secret = postroom.file('pw-of-colleagues', `${person.password}\n`);
    /* Another person with the same mailbox, signed in. */
    const colleague = async (n) => {
      const [email, password] = [`colleague${n}@northlight.example`, 'another horse 43'];
      postroom.addUser(email, password, false);
      postroom.must('account', 'add', person.mail, '--owner', email, '--imap', `imaps://${encodeURIComponent(person.upn)}@localhost:${org.dovecot.imapsPort}`,
        '--smtp', `smtps://${encodeURIComponent(person.upn)}@localhost:${org.dovecot.submissionsPort}`, '--password-file', secret, '--ca-file', org.caFile);
      return postroom.signIn(email, password);
    };
    const inbox = await inboxOf(client, accountId);
    return { postroom, org, person, client, accountId, inbox, asker: (who = client) => new Asker(postroom.url, who), colleague, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The same account without the mail server: {postroom, client, accountId, inbox, asker, close()}. */
export async function startFilled({ messages, average }) {
  const postroom = new Postroom({ config: { 'server.log_level': 'warn' } }), address = 'large@northlight.example';
  const close = () => postroom.close();
  try {
    postroom.addUser();
    await fillAccount(postroom, address, { messages, average });
    await postroom.serve();
    const client = await postroom.signIn();
    const accountId = await client.account(address);
    const inbox = await inboxOf(client, accountId);
    return { postroom, client, accountId, inbox, asker: (who = client) => new Asker(postroom.url, who), close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const LIST = ['id', 'threadId', 'mailboxIds', 'keywords', 'hasAttachment', 'from', 'to', 'subject', 'receivedAt', 'preview', 'size'];

/** The first 50 of a filter with what a list shows of them. */
export const listCalls = (accountId, filter) => [['Email/query', { accountId, filter, sort: [{ property: 'receivedAt', isAscending: false }], limit: 50 }],
  ['Email/get', { accountId, '#ids': { resultOf: 'c0', name: 'Email/query', path: '/ids' }, properties: LIST }]];

/** What a request takes that asks for nothing: the floor that the machine gives in this run, when it is asked beside the others. */
export const askNothing = async (asker) => (await asker.ask([['Core/echo', {}]])).ms;
