// What may go wrong at the provider: permissions declined or an administrator's to give, a link used up, protocols that are switched off.

import assert from 'node:assert/strict';

import { startEmpty } from '../blackbox/support/linked.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

const [JAMES, MAEVE, DMYTRO, ELIF] = ['james.okafor', 'maeve.oneill', 'dmytro.kovalenko', 'elif.yildiz'].map((name) => `${name}@northlight.example`);

const check = (w, id) => w.page.locator('.check').filter({ has: w.page.locator('.check-head strong', { hasText: w.t(id) }) });
const failure = (w) => w.page.locator('.link-failure');

async function toProvider(w, person) {
  await w.page.goto(`${w.world.postroom.url}/accounts/link`);
  await w.field('link.address').fill(person.mail);
  await w.tap(w.button('link.toMicrosoft'));
}

/* As far as the question whether to grant, or who may. */
async function toConsent(w, person) {
  const page = w.page, answers = page.locator('#decline, #return-to-app');
  await toProvider(w, person);
  await page.locator('#username, #other-account').or(answers).first().waitFor();
  if (await page.locator('#other-account').count()) await page.locator(`[data-upn="${person.upn}"], #other-account`).first().click();
  await page.locator('#username').or(answers).first().waitFor();
  if (await page.locator('#username').count() === 0) return;
  await page.locator('#username').fill(person.upn);
  await page.locator('#password').fill(person.password);
  await page.locator('#signin').click();
  await answers.first().waitFor();
}

async function declined(w, person) {
  await w.world.org.control('idp/consent', [person.upn, null]);
  await toConsent(w, person);
  await w.page.locator('#decline').click();
  await failure(w).getByRole('heading', { name: w.t('problem.declined.title') }).waitFor();
  assert.equal(await w.field('link.address').inputValue(), person.mail);
  await w.look('declined');
}

async function administratorsOnly(w, person) {
  await w.world.org.control('idp/consent', [person.upn, null]);
  await w.world.org.control('idp/flags', [person.upn, { noUserConsent: true }]);
  await toConsent(w, person);
  await w.page.locator('#return-to-app').click();
  await failure(w).locator('.link-consent code').waitFor();
  await w.look('an-administrators-to-give');
}

async function usedUp(w) {
  await w.page.goto(`${w.world.postroom.url}/oauth/microsoft/callback?state=long-gone&code=x`);
  await failure(w).getByRole('heading', { name: w.t('problem.link-expired.title') }).waitFor();
  await w.look('used-up');
}

async function switchedOff(w, imap, smtp) {
  await toProvider(w, imap);
  await passSignInService(w.page, imap);
  await check(w, 'check.imap').getByText(w.t('check.state.bad')).waitFor();
  await w.text('link.cannotStart').waitFor();
  assert.ok(await w.button('link.start').isDisabled());
  await w.look('imap-off');
  await w.tap(w.button('link.dontLink'));
  await toProvider(w, smtp);
  await passSignInService(w.page, smtp);
  await check(w, 'check.smtp').getByText(w.t('problem.smtp-auth-off.title')).waitFor();
  await w.look('smtp-off');
  assert.ok(await w.button('link.start').isEnabled());
}

walk('consent', { begin: () => startEmpty({ mails: 20 }), start: '.empty, .welcome' }, async (w) => {
  const [james, maeve, dmytro, elif] = [JAMES, MAEVE, DMYTRO, ELIF].map(w.world.org.person);
  await declined(w, james);
  await administratorsOnly(w, maeve);
  await usedUp(w);
  await switchedOff(w, dmytro, elif);
});
