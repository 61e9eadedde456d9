// A mailbox that one answers for: its health, a withdrawn permission mended in place, pause, start date, resync, sharing, and unlinking.

import assert from 'node:assert/strict';

import { ROW } from '../blackbox/support/browser.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { ADMIN } from '../blackbox/support/postroom.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const MAEVE = { email: 'maeve.oneill@northlight.example', password: 'maeve chose this' };
const LABEL = 'Cranes';

/* A colleague, and a mail with a label. */
async function prepare({ postroom, client, account }) {
  postroom.addUser(MAEVE.email, MAEVE.password, false);
  const { ids: [email] } = await client.call('Email/query', { accountId: account, filter: {}, sort: [{ property: 'receivedAt', isAscending: false }], limit: 1 });
  const { created } = await client.call('Label/set', { accountId: account, create: { a: { name: LABEL, color: 'teal' } } });
  const { keyword } = (await client.call('Label/get', { accountId: account, ids: [created.a.id] })).list[0];
  await client.call('Email/set', { accountId: account, update: { [email]: { [`keywords/${keyword}`]: true } } });
  await postroom.settled('anna.berg@northlight.example');
  return { keyword, labelled: email };
}

const fact = (w, id) => w.page.locator('.facts > div').filter({ has: w.page.getByText(w.t(id), { exact: true }) }).locator('dd');
const log = (w, id, values) => w.page.locator('.sync-log').getByText(w.t(id, values)).first();
const health = async (w) => (await w.world.client.call('AccountHealth/get', { accountId: w.world.client.user.id, ids: [w.world.account] })).list[0];

async function openAccounts(w) {
  if (w.width < 1100) await w.button('sidebar.open').click();
  await w.tap(w.page.locator('.user-button'));
  await w.tap(w.item('menu.accounts'));
  await w.page.getByRole('heading', { name: w.t('account.title'), level: 1 }).waitFor();
}

async function lookAtHealth(w) {
  await openAccounts(w);
  await w.look('mailboxes');
  await w.tap(w.button('health.title', { role: 'link' }));
  await w.page.getByRole('heading', { name: w.world.person.mail }).waitFor();
  await w.look('health');
  await w.tap(w.button('health.checkNow'));
  await until('a check', async () => (await w.page.locator('.check-ok').count()) === 7);
  await log(w, 'log.checked', { bad: 0 }).waitFor();
  await w.page.locator('.check').first().scrollIntoViewIfNeeded();
  await w.look('checked');
  assert.equal((await health(w)).maxSizeMessage, 157286400);
  await fact(w, 'health.maxSize').waitFor();
  await w.page.locator('.health-table').scrollIntoViewIfNeeded();
  await w.look('folders');
  await w.page.locator('.sync-log').scrollIntoViewIfNeeded();
  await w.look('log');
}

async function pauseAndGoOn(w) {
  await w.tap(w.button('account.pause'));
  await fact(w, 'health.newMail').getByText(w.t('health.fetchPaused')).waitFor();
  await w.look('paused');
  await w.tap(w.button('account.resume'));
  await fact(w, 'health.newMail').getByText(w.t('health.fetchWorks')).waitFor({ timeout: 30000 });
  await w.tap(w.button('account.changeSince'));
  await w.tap(w.button('link.lastMonth', { within: w.dialog() }));
  await until('an estimate', async () => (await w.dialog().locator('.start-estimate').innerText()) !== w.t('link.estimating'));
  await w.look('start-date');
  await w.tap(w.button('common.cancel', { within: w.dialog() }));
  await w.tap(w.button('resync.button'));
  await w.look('resync');
  await w.tap(w.button('resync.do', { within: w.dialog() }));
  await log(w, 'log.resync').waitFor();
  await w.world.postroom.settled(w.world.person.mail);
  const { list: [email] } = await w.world.client.call('Email/get', { accountId: w.world.account, ids: [w.world.labelled], properties: ['keywords'] });
  assert.ok(email.keywords[w.world.keyword], 'the label is still there');
}

async function mendInPlace(w) {
  const { org, person } = w.world;
  await org.control('idp/revoke', [person.upn]);
  await org.control('endSessions', { person: person.mail });
  await w.page.locator('.notice[role=alert], [role=alert]').getByText(person.mail).first().waitFor();
  await fact(w, 'health.sending').getByText(w.t('health.sendStopped')).waitFor();
  await w.look('withdrawn');
  await w.tap(w.button('health.checkNow'));
  await w.page.locator('.check-bad').first().waitFor();
  await w.page.locator('.check-bad').first().scrollIntoViewIfNeeded();
  await w.look('withdrawn-check');
  await w.tap(w.button('account.relink', { within: w.page.locator('.cards') }));
  await passSignInService(w.page, person, { expected: person.mail });
  await w.page.getByRole('heading', { name: w.t('linkDone.title', { address: person.mail }) }).waitFor();
  await w.text('linkDone.allHere').waitFor();
  await w.look('mended');
  assert.equal((await health(w)).since, null, 'everything is still wanted');
}

async function share(w) {
  await openAccountsByNavigation(w);
  await w.tap(w.button('share.open'));
  await w.field('share.with', { within: w.dialog() }).selectOption({ index: 0 });
  await w.tap(w.button('share.add', { within: w.dialog() }));
  await w.page.locator(`.share-row[data-user="${MAEVE.email}"]`).waitFor();
  await w.look('shared');
  const maeve = await w.another();
  await maeve.who.signIn(w.world.postroom.url, MAEVE, ROW);
  await maeve.tap(maeve.page.locator(ROW).first());
  const note = (id) => maeve.page.locator('.reader-shared', { hasText: maeve.t(id, { owner: ADMIN.email }) }).waitFor();
  await note('reader.sharedRead');
  await maeve.look('read-only');
  await w.field('share.rightOf', { within: w.dialog(), values: { email: MAEVE.email } }).selectOption({ label: w.t('share.work') });
  await w.toast('share.saved').waitFor();
  await note('reader.sharedWork');
  await maeve.page.locator('.account-shared').waitFor({ state: 'detached' });
  await maeve.look('to-work-in');
  await w.tap(w.button('share.take', { within: w.dialog(), values: { email: MAEVE.email } }));
  await w.page.locator(`.share-row[data-user="${MAEVE.email}"]`).waitFor({ state: 'detached' });
  await maeve.text('welcome.title').waitFor();
  await maeve.look('taken-away');
  await w.press('Escape');
}

async function openAccountsByNavigation(w) {
  await w.tap(w.page.locator('.settings-nav a[aria-current]'));
  await w.page.getByRole('heading', { name: w.t('account.title'), level: 1 }).waitFor();
}

async function unlink(w) {
  const { person, postroom } = w.world;
  await w.tap(w.button('health.title', { role: 'link' }));
  await w.tap(w.button('account.unlink'));
  assert.ok(await w.button('account.unlink', { within: w.dialog() }).isDisabled());
  await w.look('unlink');
  await w.dialog().locator('input').fill(person.mail);
  await w.tap(w.button('account.unlink', { within: w.dialog() }));
  await w.text('account.none').waitFor();
  await w.look('unlinked');
  await until('it to be gone', () => postroom.json('account', 'list').length === 0);
}

walk('account', { prepare }, async (w) => {
  await lookAtHealth(w);
  await pauseAndGoOn(w);
  await mendInPlace(w);
  await share(w);
  await unlink(w);
});
