// What most tests begin with: a sample organisation, a Postroom that serves, and one mailbox linked and brought in.

import { startOrganisation } from './organisation.mjs';
import { Postroom } from './postroom.mjs';

/**
 * mails: of each person. config: as for Postroom. link: as for Client.linked.
 * Returns { org, postroom, client, person, account, close() }; nothing is left running when it fails.
 */
export async function startLinked(address, { mails = 10, config = {}, link = {} } = {}) {
  const org = await startOrganisation(['--mails', String(mails)]);
  const postroom = new Postroom({ config });
  const close = async () => {
    await postroom.close();
    await org.close();
  };
  try {
    const person = org.person(address);
    postroom.addUser();
    postroom.setProvider(org);
    await postroom.serve();
    const client = await postroom.signIn();
    const account = await client.linked(person, link);
    await postroom.settled(person.mail);
    return { org, postroom, client, person, account, close };
  } catch (error) {
    await close();
    throw error;
  }
}
