// Signatures and templates by hand: one of an address, one with placeholders and a file for everybody, and a letter that has both.

import assert from 'node:assert/strict';

import { until } from '../blackbox/support/organisation.mjs';
import { arrives, composer, editor, newLetter, preferences } from './support/composer.mjs';
import { walk } from './support/walk.mjs';

const SIGNATURE = 'Anna Berg, 销售部, מכירות', TEMPLATE = 'Offer הצעה';
const prepare = async (world) => { await preferences(world, { undoSendSeconds: 0 }); return {}; };

const settings = async (w, section) => {
  await w.page.goto(`${w.world.postroom.url}/settings/${section}`);
  await w.page.locator('.settings-content h1').waitFor();
};
const rich = (w) => w.dialog().locator('.rich-editor');

async function signature(w) {
  await settings(w, 'signatures');
  await w.look('none-yet');
  await w.tap(w.button('writing.signatureNew').first());
  await w.field('writing.name', { within: w.dialog() }).fill('Work');
  await w.tap(rich(w));
  await w.page.keyboard.type(SIGNATURE);
  await w.look('signature');
  await w.tap(w.button('writing.save', { within: w.dialog() }));
  await w.page.locator('.writing-list .card', { hasText: 'Work' }).waitFor();
  await w.field('writing.signatureForNew', { exact: false }).first().selectOption('Work');
  const { client, account } = w.world;
  await until('the signature of the address', async () => (await client.call('Identity/get', { accountId: account, ids: null })).list[0].textSignature.includes('Anna Berg'));
  await w.look('signatures');
}

async function template(w) {
  await settings(w, 'templates');
  await w.tap(w.button('writing.templateNew').first());
  await w.field('writing.name', { within: w.dialog() }).fill(TEMPLATE);
  await w.dialog().getByLabel(w.t('compose.subject')).first().fill('Offer {{ask: Offer number}}');
  await w.tap(rich(w));
  await w.page.keyboard.type('Dear ');
  await w.tap(w.button('writing.variable', { within: w.dialog() }));
  await w.look('placeholders');
  await w.tap(w.item('writing.varRecipientFirstName'));
  await w.dialog().locator('.rich-editor:focus').waitFor();
  await w.page.keyboard.type(', here is {{ask: Offer number}}.');
  await w.dialog().locator('input[type=file][multiple]').setInputFiles({ name: 'prices.txt', mimeType: 'text/plain', buffer: Buffer.from('price list') });
  await w.dialog().locator('.composer-attachment', { hasText: 'prices.txt' }).waitFor();
  await w.field('writing.shared', { within: w.dialog(), exact: false }).selectOption('everybody');
  await w.tap(w.button('writing.preview', { within: w.dialog() }));
  await w.dialog().locator('.writing-preview iframe').waitFor();
  await w.look('template');
  await w.tap(w.button('writing.save', { within: w.dialog() }));
  await w.page.locator('.writing-row', { hasText: TEMPLATE }).waitFor();
  await w.look('templates');
}

async function letter(w) {
  await w.page.goto(w.world.postroom.url);
  await w.page.locator('.row').first().waitFor();
  await newLetter(w, { to: 'James Okafor <james.okafor@northlight.example>' });
  await editor(w).getByText(SIGNATURE).waitFor();
  await w.look('begins-with-the-signature');
  await w.tap(w.button('letter.insertTemplate', { within: composer(w) }));
  await w.field('letter.searchTemplates', { within: w.dialog() }).fill('offer');
  await w.look('which-template');
  await w.press('Enter');
  const number = w.dialog().getByLabel('Offer number');
  await number.fill('A-17');
  await w.look('asked-for');
  await w.press('Enter');
  await editor(w).getByText('Dear James, here is A-17.').waitFor();
  await composer(w).getByText('prices.txt').waitFor();
  assert.equal(await editor(w).getByText(SIGNATURE).count(), 1);
  assert.ok(await editor(w).evaluate((node) => node.innerText.indexOf('Dear James') < node.innerText.indexOf('Anna Berg')), 'the template stands before the signature');
  await w.look('template-and-signature');
  await w.tap(w.button('compose.send', { within: composer(w) }));
  await editor(w).waitFor({ state: 'detached' });
  await arrives(w, 'james.okafor@northlight.example', 'Offer A-17');
}

walk('signatures', { prepare }, async (w) => {
  await signature(w);
  await template(w);
  await letter(w);
});
