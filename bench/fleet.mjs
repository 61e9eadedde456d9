// The fleet page of an organisation with thousands of mailboxes: all states as an administrator's page asks for them, what changed since, and the
// page in Chromium until its table stands, and until it is narrowed by a name. The mailboxes are rows of the store, paused and without mail: what
// grows with their number is measured, not what they do. By environment: FLEET_ACCOUNTS (5000), FLEET_RUNS (20).

import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { launchBrowser, Visitor } from '../tests/blackbox/support/browser.mjs';
import { ADMIN, Postroom } from '../tests/blackbox/support/postroom.mjs';
import { finish, megabytes, ms, number, quantile, say, wanted } from './report.mjs';

const ACCOUNTS = number('FLEET_ACCOUNTS', 5000), RUNS = number('FLEET_RUNS', 20);
const LIMITS = { all: 500, changes: 20, table: 2000, narrowed: 400 };

function fill(data) {
  const db = new DatabaseSync(path.join(data, 'postroom.db'));
  const owner = db.prepare('SELECT id FROM user WHERE admin = 0').get().id;
  const add = db.prepare('INSERT INTO account(owner, address, imap_host, imap_port, imap_security, smtp_port, since, paused) VALUES(?, ?, ?, 993, ?, 465, 0, 1)');
  const allow = db.prepare('INSERT INTO access(user, account, rights) VALUES(?, ?, 1)');
  db.exec('BEGIN');
  for (let n = 0; n < ACCOUNTS; n++) allow.run(owner, add.run(owner, `person${n}@crowd.example`, 'mail.crowd.example', 'tls').lastInsertRowid);
  db.exec('COMMIT');
  db.close();
}

async function times(act) {
  const taken = [];
  for (let run = 0; run < RUNS; run++) {
    const begun = performance.now();
    await act();
    taken.push(performance.now() - begun);
  }
  return taken;
}

const told = (name, taken) => { say(`${name.padEnd(48)} ${ms(quantile(taken, 0.5)).padStart(11)} ${ms(quantile(taken, 0.99)).padStart(11)}`); return quantile(taken, 0.99); };

async function inBrowser(url) {
  const browser = await launchBrowser();
  const visitor = await Visitor.arrive(browser, [url], { width: 1440, height: 900 });
  const { page } = visitor;
  await visitor.signIn(url, ADMIN);
  await page.getByText('Welcome to Postroom').waitFor();
  const table = [], narrowed = [];
  for (let run = 0; run < 5; run++) {
    await page.goto(`${url}/settings/general`);
    await page.locator('.settings-nav').waitFor();
    let begun = performance.now();
    await page.locator('.settings-nav').getByText('All mailboxes').click();
    await page.locator('.fleet-row', { hasText: '@crowd.example' }).first().waitFor();
    table.push(performance.now() - begun);
    begun = performance.now();
    await page.locator('main input').first().fill(`person${ACCOUNTS - 1}@`);
    await page.locator('.fleet-row', { hasText: `person${ACCOUNTS - 1}@` }).first().waitFor();
    narrowed.push(performance.now() - begun);
  }
  await browser.close();
  return { table, narrowed };
}

await finish(async () => {
  const postroom = new Postroom();
  try {
    postroom.addUser();
    postroom.addUser('somebody@crowd.example', 'a password of somebody', false);
    fill(postroom.data);
    await postroom.serve();
    const client = await postroom.signIn();
    const args = { accountId: client.user.id };
    let state, bytes;
    say(`${ACCOUNTS} mailboxes; p50 and p99 of ${RUNS} calls, of 5 visits`);
    const all = told('all of them (FleetAccount/get)', await times(async () => {
      const answer = await client.call('FleetAccount/get', { ...args, ids: null });
      if (answer.list.length !== ACCOUNTS) throw new Error(`${answer.list.length} mailboxes`);
      ({ state } = answer);
      bytes = JSON.stringify(answer).length;
    }));
    const changes = told('nothing changed (FleetAccount/changes)', await times(() => client.call('FleetAccount/changes', { ...args, sinceState: state })));
    const { table, narrowed } = await inBrowser(postroom.url);
    const drawn = told('the table stands, in the page', table), found = told('one found by name, in the page', narrowed);
    say(`the answer has ${megabytes(bytes)}`);
    return [wanted('all of them, p99', all, LIMITS.all, ms), wanted('nothing changed, p99', changes, LIMITS.changes, ms), wanted('the table, p99', drawn, LIMITS.table, ms),
      wanted('one found, p99', found, LIMITS.narrowed, ms)].every(Boolean);
  } finally {
    await postroom.stop();
    postroom.remove();
  }
});
