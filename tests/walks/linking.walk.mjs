// Linking a mailbox by hand, from an empty Postroom to the first mails: at Microsoft with the wrong account and back, and another mailbox by its servers.

import assert from 'node:assert/strict';

import { startEmpty } from '../blackbox/support/linked.mjs';
import { ROW } from '../blackbox/support/browser.mjs';
import { until } from '../blackbox/support/organisation.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const ANNA = 'anna.berg@northlight.example', JAMES = 'james.okafor@northlight.example';

const check = (w, id) => w.page.locator('.check').filter({ has: w.page.locator('.check-head strong', { hasText: w.t(id) }) });
const estimate = (w) => w.page.locator('.start-estimate');
const linked = (w, address) => w.world.postroom.json('account', 'list').some((one) => one.email === address);

async function estimated(w, other = '') {
  return until('the estimate', async () => {
    const text = await estimate(w).innerText();
    return text !== w.t('link.estimating') && text !== other && text;
  });
}

walk('linking', { begin: () => startEmpty({ mails: 120 }), start: '.empty, .welcome' }, async (w) => {
  const { org, postroom } = w.world;
  const [anna, james] = [ANNA, JAMES].map(org.person);
  await w.text('welcome.title').waitFor();
  await w.look('empty');
  await w.tap(w.button('welcome.link', { role: 'link' }));
  await w.tap(w.button('link.toMicrosoft'));
  await w.text('link.addressInvalid').waitFor();
  await w.look('wizard');

  await w.field('link.address').fill(ANNA);
  await w.tap(w.button('link.toMicrosoft'));
  await passSignInService(w.page, james, { look: async (name) => w.look(`provider-${name}`) });
  await w.page.locator('.link-failure').getByText(JAMES).waitFor();
  assert.ok(!linked(w, ANNA) && !linked(w, JAMES));
  await w.look('wrong-account');

  await w.tap(w.button('linkFailed.again'));
  await passSignInService(w.page, anna);
  await w.page.getByRole('heading', { name: w.t('link.setUpTitle', { address: ANNA }) }).waitFor();
  for (const id of ['check.address', 'check.authorise', 'check.token', 'check.imap', 'check.folders', 'check.smtp', 'check.start']) await check(w, id).getByText(w.t('check.state.ok')).waitFor();
  const quarter = await estimated(w);
  await w.look('checks');
  await w.tap(w.button('link.everything'));
  assert.notEqual(await estimated(w, quarter), quarter);
  await check(w, 'check.token').locator('summary').click();
  await estimate(w).scrollIntoViewIfNeeded();
  await w.look('start-date');
  assert.equal(postroom.status(ANNA).emails, 0, 'nothing is fetched before it is agreed to');

  await org.control('addFault', { service: 'imap', kind: 'delay', person: ANNA, command: 'UID FETCH', ms: 1500, times: 8 });
  await w.tap(w.button('link.start'));
  await w.page.getByRole('heading', { name: w.t('linkDone.title', { address: ANNA }) }).waitFor();
  await w.page.locator('.progress-line, [role=progressbar]').first().waitFor();
  await w.look('first-sync');
  await w.text('linkDone.allHere').waitFor({ timeout: 60000 });
  await w.look('all-here');
  await w.tap(w.button('linkDone.open', { role: 'link' }));
  await w.page.locator(ROW).first().waitFor();
  await w.look('inbox');
  assert.deepEqual(await org.control('outside'), [], 'no test mail was sent');
});

async function typeServers(w, { password, imap }) {
  const { org } = w.world;
  for (const [server, port] of [['link.imapServer', imap], ['link.smtpServer', org.dovecot.submissionsPort]]) {
    await w.page.getByLabel(`${w.t(server)}, ${w.t('link.host')}`).fill('localhost');
    await w.page.getByLabel(`${w.t(server)}, ${w.t('link.port')}`).fill(String(port));
  }
  await w.page.locator('input[type=password]').fill(password);
  await w.tap(w.page.locator('.link-form button[type=submit]'));
}

/* Names are asked of nobody here: only the table of well-known providers finds something. */
walk('linking-plain', { begin: () => startEmpty({ mails: 40, env: (org) => ({ SSL_CERT_FILE: org.caFile }) }), start: '.empty' }, async (w) => {
  const { org, postroom } = w.world;
  const workshop = org.person('workshop@lampworks.example');
  await w.tap(w.button('welcome.link', { role: 'link' }));
  await w.field('link.address').fill('somebody@yahoo.com');
  await w.text('link.foundServers', { imap: 'imap.mail.yahoo.com', smtp: 'smtp.mail.yahoo.com' }).waitFor();
  await w.text('link.appPassword').waitFor();
  await w.look('found');
  await w.field('link.address').fill(workshop.mail);
  await w.page.getByRole('radio', { name: w.t('link.plain') }).check();
  await w.text('link.foundNothing').or(w.text('link.foundFailed')).waitFor({ timeout: 30000 });
  await typeServers(w, { password: 'not this one', imap: org.dovecot.imapsPort });
  await check(w, 'check.imap').getByText(w.t('check.state.bad')).waitFor();
  await check(w, 'check.folders').getByText(w.t('check.state.skipped')).waitFor();
  await w.look('wrong-password');
  await typeServers(w, { password: workshop.password, imap: 1 });
  await check(w, 'check.imap').getByText(w.t('check.state.bad')).waitFor();
  await w.look('server-away');
  assert.ok(!linked(w, workshop.mail));
  await typeServers(w, { password: workshop.password, imap: org.dovecot.imapsPort });
  await check(w, 'check.start').getByText(w.t('check.state.ok')).waitFor();
  await estimated(w);
  await estimate(w).scrollIntoViewIfNeeded();
  await w.look('in-order');
  await w.tap(w.button('link.start'));
  await w.page.getByRole('heading', { name: w.t('linkDone.title', { address: workshop.mail }) }).waitFor();
  await w.text('linkDone.allHere').waitFor({ timeout: 60000 });
  await w.look('linked');
  assert.ok(linked(w, workshop.mail) && postroom.status(workshop.mail).emails > 0);
});
