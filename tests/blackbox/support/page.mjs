// A page signed in to a linked mailbox: what the browser tests of single screens begin with.

import { launchBrowser, Visitor } from './browser.mjs';
import { startLinked } from './linked.mjs';
import { ADMIN } from './postroom.mjs';

/** As startLinked, with { browser, visitor, page } besides; arrive(options) brings in another machine, already signed in. */
export async function startPage(address, { mails = 10, config = {}, screen = {} } = {}) {
  const browser = await launchBrowser();
  let linked;
  try {
    linked = await startLinked(address, { mails, config });
    const { postroom, org } = linked;
    const arrive = async (options = {}) => {
      const visitor = await Visitor.arrive(browser, [postroom.url, new URL(org.authority).origin].map((url) => new URL(url).origin), { width: 1440, height: 900, ...options });
      await visitor.signIn(postroom.url, ADMIN, '.compose-button, .mail');
      return visitor;
    };
    const visitor = await arrive(screen);
    return { ...linked, browser, visitor, page: visitor.page, arrive, close: async () => { await browser.close(); await linked.close(); } };
  } catch (error) {
    await browser.close();
    await linked?.close();
    throw error;
  }
}
