// What the tests of the page's desk begin with: an organisation, two linked mailboxes, and somebody signed in at the screen.

import { launchBrowser, ROW, Visitor } from './browser.mjs';
import { startOrganisation } from './organisation.mjs';
import { ADMIN, Postroom } from './postroom.mjs';

/**
 * people: flags or addresses as for org.person(). Returns { org, postroom, client, people, accounts, browser, arrive(options), close() };
 * arrive answers a Visitor that is signed in and has its first list.
 */
export async function startDesk(people = ['main', 'james.okafor@northlight.example'], { mails = 20 } = {}) {
  const [org, browser] = await Promise.all([startOrganisation(['--mails', String(mails)]), launchBrowser()]);
  const postroom = new Postroom();
  const close = async () => {
    await browser.close();
    await postroom.close();
    await org.close();
  };
  try {
    postroom.addUser();
    postroom.setProvider(org);
    await postroom.serve();
    const client = await postroom.signIn();
    const found = people.map((name) => org.person(name));
    const accounts = [];
    for (const person of found) accounts.push(await client.linked(person));
    for (const person of found) await postroom.settled(person.mail);
    const arrive = async (options = {}) => {
      const visitor = await Visitor.arrive(browser, [postroom.url], options);
      await visitor.signIn(postroom.url, ADMIN, ROW);
      return visitor;
    };
    return { org, postroom, client, people: found, accounts, browser, arrive, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A plain mail into a person's folder, read or not. */
export async function deliver(org, person, subject, { flags = [], folder = 'INBOX', from = 'Priya Raman <priya@museum.example>', text = 'Hello.', date = new Date() } = {}) {
  const raw = [`From: ${from}`, `To: ${person.mail}`, `Subject: ${subject}`, `Date: ${date.toUTCString().replace('GMT', '+0000')}`, `Message-ID: <${Math.random().toString(36).slice(2)}@museum.example>`, '', text, ''].join('\r\n');
  await org.control('append', { person: person.mail, raw: Buffer.from(raw).toString('base64'), flags, folder });
}
