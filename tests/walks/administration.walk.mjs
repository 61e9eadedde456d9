// Administration by hand: a person is invited and comes in, roles, disabling, all mailboxes with what is wrong of them, and the log of acts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { until } from '../blackbox/support/organisation.mjs';
import { ADMIN } from '../blackbox/support/postroom.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const MAEVE = { email: 'maeve.oneill@northlight.example', name: 'Maeve O’Neill', password: 'maeve chose this' };
const OTHERS = ['james.okafor@northlight.example', 'jonas.weber@northlight.example', 'elif.yildiz@northlight.example', 'lin.yue@northlight.example'];

/* Some mailboxes more; one of them has lost its permission, one cannot send, one is paused. Microsoft may let in who linked it. */
async function prepare({ org, postroom, client }) {
  const accounts = {};
  for (const address of OTHERS) accounts[address] = await client.linked(org.person(address));
  for (const address of OTHERS) await postroom.settled(address);
  await client.call('LinkedAccount/set', { accountId: client.user.id, update: { [accounts[OTHERS[1]]]: { paused: true } } });
  await client.call('Provider/set', { accountId: client.user.id, update: { microsoft: { signIn: 'linked' } } });
  await org.control('idp/revoke', [OTHERS[0]]);
  await org.control('endSessions', { person: OTHERS[0] });
  await postroom.settled(OTHERS[0], { state: 'needs-relink' });
}

const rowOf = (w, email) => w.page.locator(`tr[data-user="${email}"]`);

async function choose(w, email, id) {
  await w.tap(w.button('people.menu', { values: { email } }));
  await w.tap(w.item(id));
}

async function section(w, id) {
  await w.tap(w.page.locator('.settings-nav').getByRole('link', { name: w.t(id), exact: true }));
  await w.page.getByRole('heading', { name: w.t(id), level: 1 }).waitFor();
}

async function invite(w) {
  if (w.width < 1100) await w.button('sidebar.open').click();
  await w.tap(w.page.locator('.user-button'));
  await w.tap(w.item('menu.settings'));
  await section(w, 'people.title');
  await rowOf(w, ADMIN.email).waitFor();
  await w.look('people');
  await w.tap(w.button('people.invite'));
  await w.field('people.email', { within: w.dialog() }).fill(MAEVE.email);
  await w.field('people.name', { within: w.dialog() }).fill(MAEVE.name);
  await w.look('invite');
  await w.tap(w.button('people.inviteDo'));
  const url = await w.page.locator('.invite-url').innerText();
  await w.look('link');
  await w.tap(w.button('common.close', { within: w.dialog() }).last());
  await rowOf(w, MAEVE.email).getByText(w.t('people.invited')).waitFor();
  return url;
}

/* The invited person: a password of their own, and then Microsoft in its place. */
async function accept(w, url) {
  const maeve = await w.another();
  await maeve.page.goto(url);
  await maeve.text('invite.welcome').waitFor();
  await maeve.field('profile.new').fill(MAEVE.password);
  await maeve.field('profile.again').fill('something else');
  await maeve.tap(maeve.button('invite.accept'));
  await maeve.text('profile.differ').waitFor();
  await maeve.look('invited');
  await maeve.field('profile.again').fill(MAEVE.password);
  await maeve.tap(maeve.button('invite.accept'));
  await maeve.text('welcome.text').waitFor();
  await maeve.look('newcomer');
  await maeve.page.goto(`${w.world.postroom.url}/settings/profile`);
  await maeve.tap(maeve.button('profile.identityLink', { role: 'link' }));
  await passSignInService(maeve.page, w.world.org.person(MAEVE.email));
  await maeve.text('profile.identityDone').waitFor();
  await maeve.look('own-sign-in');
  assert.equal(await maeve.page.locator('.settings-nav').getByText(maeve.t('people.title'), { exact: true }).count(), 0, 'a member sees no administration');
  return maeve;
}

async function byMicrosoft(w) {
  const again = await w.another();
  await again.page.goto(w.world.postroom.url);
  await again.tap(again.button('signIn.microsoft', { role: 'link' }));
  await passSignInService(again.page, w.world.org.person(MAEVE.email));
  await again.text('welcome.text').waitFor();
}

async function roles(w, maeve) {
  await w.page.reload();
  await rowOf(w, MAEVE.email).getByText(w.t('people.active')).waitFor();
  await w.tap(w.button('people.menu', { values: { email: MAEVE.email } }));
  await w.item('people.makeAdmin').waitFor();
  await w.look('person-menu');
  await w.tap(w.item('people.makeAdmin'));
  await rowOf(w, MAEVE.email).getByText(w.t('people.administrator')).waitFor();
  await choose(w, MAEVE.email, 'people.makeMember');
  await rowOf(w, MAEVE.email).getByText(w.t('people.member'), { exact: true }).waitFor();
  await choose(w, ADMIN.email, 'people.makeMember');
  await w.page.locator('.toast-problem').waitFor();
  await w.look('last-administrator');
  await choose(w, MAEVE.email, 'people.disable');
  await rowOf(w, MAEVE.email).getByText(w.t('people.disabled')).waitFor();
  assert.equal(await rowOf(w, MAEVE.email).getByText(w.t('people.never')).count(), 0, 'they were here');
  await maeve.page.locator('input[name=password]').waitFor();
  assert.equal(await maeve.page.locator('.sign-in [role=alert]').count(), 0);
  await maeve.look('disabled-is-out');
  await choose(w, MAEVE.email, 'people.remove');
  await w.look('remove');
  await w.tap(w.button('common.cancel', { within: w.dialog() }));
}

async function fleet(w) {
  await section(w, 'fleet.title');
  const line = (address) => w.page.locator(`.fleet-line[data-address="${address}"]`);
  await line(OTHERS[0]).waitFor();
  await w.look('fleet');
  await w.field('fleet.onlyProblems').check();
  await line(OTHERS[1]).waitFor({ state: 'detached' });
  await line(OTHERS[0]).getByText(w.t('state.needs-relink')).waitFor();
  await w.look('troubled');
  await w.field('fleet.onlyProblems').uncheck();
  await line(OTHERS[1]).getByRole('link').click();
  await w.page.getByRole('heading', { name: OTHERS[1] }).waitFor();
  await w.page.locator('.sync-log').getByText(w.t('log.paused')).first().scrollIntoViewIfNeeded();
  await w.look('sync-log');
}

async function audit(w) {
  await section(w, 'audit.title');
  await w.page.getByText(w.t('audit.userDisable')).first().waitFor();
  await w.look('audit');
  await w.page.locator('.people-filters select').nth(1).selectOption({ label: w.t('audit.kindUser') });
  await until('people only', async () => (await w.page.locator('.audit-act', { hasText: w.t('audit.signInDone') }).count()) === 0);
  await w.page.locator('.audit-act').first().scrollIntoViewIfNeeded();
  await w.look('audit-people');
  const [download] = await Promise.all([w.page.waitForEvent('download'), w.button('audit.csv').click()]);
  assert.match(readFileSync(await download.path(), 'utf8'), new RegExp(MAEVE.email));
}

walk('administration', { prepare, ignore: /status of (40[14]|422)/ }, async (w) => {
  const url = await invite(w);
  const maeve = await accept(w, url);
  await byMicrosoft(w);
  await roles(w, maeve);
  await fleet(w);
  await audit(w);
});
