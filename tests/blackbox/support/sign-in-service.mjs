// Through the pages of the organisation's sign-in service, whichever of them it shows.

import assert from 'node:assert/strict';

const OURS = '.mail, .wizard, .result, .settings-frame, .sign-in, .empty';

/** page stands at the service, or is on its way there. expected: the name that must be filled in already; look(name): at each page, before it is answered. */
export async function passSignInService(page, person, { expected = null, look = async () => {} } = {}) {
  await page.locator('#username, #other-account, #accept').first().waitFor();
  if (await page.locator('#other-account').count()) await page.locator(`[data-upn="${person.upn}"], #other-account`).first().click();
  await page.locator(`#username, #accept, ${OURS}`).first().waitFor();
  if (await page.locator('#username').count()) {
    if (expected !== null) assert.equal(await page.locator('#username').inputValue(), expected);
    else await page.locator('#username').fill(person.upn);
    await look('sign-in');
    await page.locator('#password').fill(person.password);
    await page.locator('#signin').click();
  }
  await page.locator(`#accept, ${OURS}`).first().waitFor();
  if (await page.locator('#accept').count()) {
    await look('consent');
    await page.locator('#accept').click();
  }
}
