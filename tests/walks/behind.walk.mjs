// Behind a reverse proxy and below a sub-path: a mailbox is linked through the provider, mail read and answered, an address opened anew.

import assert from 'node:assert/strict';

import { ROW } from '../blackbox/support/browser.mjs';
import { startOrganisation } from '../blackbox/support/organisation.mjs';
import { ADMIN, Postroom } from '../blackbox/support/postroom.mjs';
import { PREFIX, startReverseProxy } from '../blackbox/support/reverse-proxy.mjs';
import { passSignInService } from '../blackbox/support/sign-in-service.mjs';
import { walk } from './support/walk.mjs';

async function begin() {
  const [org, proxy] = await Promise.all([startOrganisation(['--mails', '20']), startReverseProxy()]);
  const postroom = new Postroom();
  postroom.addUser();
  postroom.setProvider(org);
  await postroom.serve(['--public-url', `${proxy.url}/`]);
  proxy.target = postroom.port;
  const close = async () => { await postroom.close(); await proxy.close(); await org.close(); };
  return { org, proxy, person: org.person('main'), postroom: { url: proxy.url }, server: postroom, close };
}

walk('behind', { begin, start: null }, async (w) => {
  const { page, world: { proxy, person, server } } = w;
  await w.who.signIn(proxy.url, ADMIN, '.empty');
  await w.look('welcome');
  await page.goto(`${proxy.url}/oauth/microsoft/start?login_hint=${person.mail}&since=2025-01-15`);
  await passSignInService(page, person, { expected: person.mail });
  await page.waitForURL((url) => url.pathname.startsWith(`${PREFIX}/`));
  await server.settled(person.mail);
  await page.goto(proxy.url);
  await page.locator(ROW).first().waitFor();
  await w.look('list');
  await w.tap(page.locator(ROW).first());
  await page.locator('.message[data-open=true]').waitFor();
  await page.reload();
  await page.locator('.message[data-open=true]').waitFor();
  await w.look('opened-anew');
  await w.tap(w.button('action.reply', { within: page.locator('.message[data-open=true]').last() }).last());
  await page.locator('.composer-editor').waitFor();
  await page.keyboard.type('From below the path.');
  await page.locator('.composer-status', { hasText: w.t('compose.saved') }).waitFor();
  await w.look('answer');
  assert.deepEqual(proxy.astray, []);
});
