// The server gone and the network lost: what is done meanwhile is shown, kept and carried out; trouble of a mailbox is told with its fix; new mail comes by itself.

import assert from 'node:assert/strict';

import { deliver } from '../blackbox/support/desk.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const [ONE, TWO, THREE] = ['Parcel 1 of 3', 'Parcel 2 of 3', 'Parcel 3 of 3'];

async function prepare({ org, person }) {
  for (const subject of [ONE, TWO, THREE]) await deliver(org, person, subject, { flags: ['\\Seen'] });
}

const bar = (w) => w.page.locator('.reader-bar');
const subjectsIn = async (w, folder) => (await w.world.org.control('messages', { person: w.world.person.mail, folder })).map((one) => one.subject);
const flagged = async (w, subject) => (await w.world.org.control('messages', { person: w.world.person.mail })).some((one) => one.subject === subject && one.flags.includes('\\Flagged'));
const pill = (w, count) => w.page.locator('.strip-waiting', { hasText: w.t('waiting.pill', { count }) });

async function act(w, id) {
  const control = w.button(id, { within: bar(w) });
  if (await control.isVisible()) return w.tap(control);
  await w.tap(w.button('action.more', { within: bar(w) }));
  return w.tap(w.item(id));
}

async function serverGone(w) {
  for (const subject of [ONE, TWO, THREE]) await w.row(subject).waitFor();
  await w.open(TWO);
  await w.open(ONE);
  await w.world.postroom.stop();
  await w.page.locator('.strip').getByText(w.t('app.offline')).waitFor({ timeout: 30000 });
  await w.look('server-gone');
  await act(w, 'action.archive');
  await pill(w, 1).waitFor();
  await w.backToList();
  await w.row(ONE).waitFor({ state: 'detached' });
  await w.tap(w.row(TWO));
  await w.page.locator('.reader-subject', { hasText: TWO }).waitFor();
  await act(w, 'action.flag');
  await pill(w, 2).waitFor();
  await w.look('changes-wait');
  await w.tap(pill(w, 2));
  await w.dialog().waitFor();
  await w.page.locator('.waiting-list li', { hasText: w.t('action.flagged') }).waitFor();
  await w.look('what-waits');
  await w.tap(w.button('common.close', { within: w.dialog() }).first());
  await w.world.postroom.serve();
  await until('both to be carried out', async () => (await subjectsIn(w, 'Archive')).includes(ONE) && flagged(w, TWO));
  await w.page.locator('.strip-waiting').waitFor({ state: 'detached' });
  await w.backToList();
  await w.row(TWO).locator('.row-starred').waitFor();
  assert.equal(await w.row(ONE).count(), 0);
  await w.look('carried-out');
}

async function networkLost(w) {
  await w.open(THREE);
  await w.who.context.setOffline(true);
  await act(w, 'action.delete');
  await pill(w, 1).waitFor();
  await w.backToList();
  await w.look('network-lost');
  assert.ok((await subjectsIn(w, 'INBOX')).includes(THREE));
  await w.who.context.setOffline(false);
  await until('it in the trash', async () => (await subjectsIn(w, 'Deleted Items')).includes(THREE));
  await w.page.locator('.strip-waiting').waitFor({ state: 'detached' });
}

async function newMail(w) {
  await deliver(w.world.org, w.world.person, 'A parcel by itself');
  await w.row('A parcel by itself').waitFor({ timeout: 40000 });
  await w.look('new-mail');
}

async function withdrawn(w) {
  const { org, person } = w.world;
  await org.control('idp/revoke', [person.upn]);
  await org.control('endSessions', { person: person.mail });
  const banner = w.page.locator('.banners [role=alert]');
  await banner.getByText(person.mail).waitFor();
  await w.look('banner');
  await w.tap(w.button('account.relink', { within: banner }));
  await passSignInService(w.page, person, { expected: person.mail });
  await w.page.getByRole('heading', { name: w.t('linkDone.title', { address: person.mail }) }).waitFor();
  await w.tap(w.button('linkDone.open', { role: 'link' }));
  await w.row('A parcel by itself').waitFor();
  await until('the banner to go', async () => (await banner.count()) === 0);
}

walk('away', { prepare, ignore: /\b503\b|ERR_(CONNECTION|INTERNET|EMPTY_RESPONSE|INCOMPLETE|NETWORK)/ }, async (w) => {
  await serverGone(w);
  await networkLost(w);
  await newMail(w);
  await withdrawn(w);
});
