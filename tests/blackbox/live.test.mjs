// A live mailbox whose session ends: it comes back by itself, and nobody sees it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startLinked } from './support/linked.mjs';
import { until } from './support/organisation.mjs';

let org, postroom, anna, close;

before(async () => { ({ org, postroom, person: anna, close } = await startLinked('main', { mails: 5 })); }, { timeout: 300000 });

after(() => close?.());

for (const [what, text] of [['with its token', 'Session invalidated - AccessTokenExpired'], ['with a BYE', 'Connection is closed. 13']]) {
  test(`a session that ends ${what} comes back without a visible hiccup`, async () => {
    const { emails } = await postroom.settled(anna.mail);
    await org.control('endSessions', { person: anna.mail, text });
    await org.control('append', { person: anna.mail, message: `From: a@example.org\nSubject: after the end ${what}\n\nHello.\n` });
    await until('the mail', async () => {
      const status = postroom.status(anna.mail);
      assert.ok(['idle', 'syncing'].includes(status.state), status.state);
      assert.equal(status.error, null);
      return status.emails > emails;
    }, { ms: 60000, every: 200 });
  });
}
