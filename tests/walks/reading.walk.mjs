// Reading and organising by hand: keys, conversations, and what one does with a mail.

import { benchTalk } from '../blackbox/support/bench-talk.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { walk } from './support/walk.mjs';

const SUBJECT = 'Museum bench';

async function prepare({ org, person, client, account }) {
  const [asked, shown] = benchTalk('https://pictures.northlight.example');
  for (const [raw, flags] of [[asked, ['\\Seen']], [shown, []]]) await org.control('append', { person: person.mail, raw: raw.toString('base64'), flags });
  await until('the conversation', async () => (await client.call('Email/query', { accountId: account, filter: { from: 'museum' } })).ids.length >= 1);
}

walk('reading', { prepare }, async (w) => {
  await w.look('list');
  await w.page.locator('.row').first().click();
  await w.page.locator('.message[data-open=true]').first().waitFor();
  await w.look('conversation');
});
