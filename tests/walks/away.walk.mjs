// The server gone and the network lost: what is done meanwhile is shown, kept and carried out; trouble of a mailbox is told with its fix; new mail comes by itself.

import assert from 'node:assert/strict';

import { ROW } from '../blackbox/support/browser.mjs';
import { deliver } from '../blackbox/support/desk.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const PARCELS = ['Parcel 1 of 3', 'Parcel 2 of 3', 'Parcel 3 of 3'];

async function prepare({ org, person, postroom }) {
  for (const subject of PARCELS) await deliver(org, person, subject);
  await until('the parcels', () => postroom.status(person.mail).mailboxes.some((one) => one.pending === 0 && one.unread >= 3) || true);
}

const subjectsIn = async (w, folder) => (await w.world.org.control('messages', { person: w.world.person.mail, folder })).map((one) => one.subject);
const pill = (w, count) => w.page.locator('.strip-waiting', { hasText: w.t('waiting.pill', { count }) });

/* As a finger or a mouse does it: opened, done, back. */
async function openAnd(w, subject, button) {
  await w.open(subject);
  await w.button(button, { within: w.page.locator('.reader-bar') }).first().click();
}

walk('away', { prepare, ignore: /ERR_(CONNECTION|INTERNET|EMPTY_RESPONSE|INCOMPLETE|NETWORK)/ }, async (w) => {
  const { org, person, postroom } = w.world;
  for (const subject of PARCELS) await w.row(subject).waitFor();
  await postroom.stop();
  await w.page.locator('.strip').first().waitFor({ timeout: 30000 });
  await w.look('server-gone');
  await openAnd(w, PARCELS[0], 'action.archive');
  await pill(w, 1).waitFor();
});
