// What most tests begin with: a sample organisation, a Postroom that serves, and one mailbox linked and brought in.

import { startOrganisation } from './organisation.mjs';
import { Postroom } from './postroom.mjs';

/** A Postroom with an administrator and the provider's settings, and no mailbox. config, env: as for Postroom. Returns { org, postroom, close() }. */
export async function startEmpty({ mails = 10, config = {}, env = () => ({}), provider = true } = {}) {
  const org = await startOrganisation(['--mails', String(mails)]);
  const postroom = new Postroom({ config, env: env(org) });
  const close = async () => {
    await postroom.close();
    await org.close();
  };
  try {
    postroom.addUser();
    if (provider) postroom.setProvider(org);
    await postroom.serve();
    return { org, postroom, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * mails: of each person. config: as for Postroom. link: as for Client.linked.
 * Returns { org, postroom, client, person, account, close() }; nothing is left running when it fails.
 */
export async function startLinked(address, { mails = 10, config = {}, link = {} } = {}) {
  const { org, postroom, close } = await startEmpty({ mails, config });
  try {
    const person = org.person(address);
    const client = await postroom.signIn();
    const account = await client.linked(person, link);
    await postroom.settled(person.mail);
    return { org, postroom, client, person, account, close };
  } catch (error) {
    await close();
    throw error;
  }
}
