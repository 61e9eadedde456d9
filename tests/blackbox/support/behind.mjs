// Accounts at Dovecot behind fault proxies of their own, one for IMAP and one for submission.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { startFaultProxy } from '../../../dev/fault/proxy.mjs';
import { ADMIN } from './postroom.mjs';

export const identityOf = (org) => ({ key: readFileSync(path.join(org.dir, 'tls/server.key')), cert: readFileSync(path.join(org.dir, 'tls/server.pem')) });

/** { imap, smtp, close() }: proxies that end TLS with the organisation's certificate. */
export async function proxiesFor(org, { recording = false, lingering = false } = {}) {
  const tls = identityOf(org);
  const ca = readFileSync(org.caFile);
  const imap = await startFaultProxy({ to: { port: org.dovecot.imapPort }, through: { port: org.dovecot.imapsPort }, tls, recording, lingering });
  const smtp = await startFaultProxy({ to: { port: org.dovecot.submissionsPort, ca }, through: { port: org.dovecot.submissionsPort }, tls, recording });
  return { imap, smtp, close: () => Promise.all([imap.close(), smtp.close()]) };
}

/** Adds a person's mailbox at Dovecot by password; through proxies where they are given. The JMAP account id. */
export async function addAccount({ postroom, client, org, person, proxies = null }) {
  const { masterUser, masterPassword, imapsPort, submissionsPort } = org.dovecot;
  const login = person.flags.plain ? person.upn : `${person.upn}*${masterUser}`;
  const password = person.flags.plain ? person.password : masterPassword;
  const at = (scheme, port) => `${scheme}://${encodeURIComponent(login)}@localhost:${port}`;
  const done = await postroom.run('account', 'add', person.mail, '--owner', ADMIN.email, '--imap', at('imaps', proxies?.imap.port ?? imapsPort),
    '--smtp', at('smtps', proxies?.smtp.port ?? submissionsPort), '--password-file', postroom.file(`pw-of-${person.mail}`, `${password}\n`), '--ca-file', org.caFile);
  if (done.status !== 0) throw new Error(`account add ${person.mail}: ${done.err}`);
  return client.account(person.mail);
}
