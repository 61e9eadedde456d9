// A mailbox in many folders, reached as Dovecot is (QRESYNC) and as Exchange is (the front of dev/mail), and changes made to it.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ImapClient, encodeFolder, quote } from '../dev/mail/imap-client.mjs';
import { ROOT, startOrganisation } from '../tests/blackbox/support/organisation.mjs';
import { must } from './contenders.mjs';

/** Twelve folders with their shares of the messages. */
const FOLDERS = { INBOX: 0.3, Archive: 0.2, 'Sent Items': 0.1, 'Projects/Lamps': 0.1, 'Projects/Fairs': 0.05, Suppliers: 0.05, Invoices: 0.05, Team: 0.05, Newsletters: 0.04, Travel: 0.03, Old: 0.02, Misc: 0.01 };

const OUTLOOK = 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send';

/** Answers {org, address, dovecot, exchange (servers for contenders.mjs), total, change(share, fresh), close()}. */
export async function startMailbox({ messages, average }) {
  const org = await startOrganisation(['--mails', '0']);
  const person = org.person('empty');
  const add = (folder, count) => must([process.execPath, path.join(ROOT, 'dev/org.mjs'), 'mailbox', '--dir', org.dir, '--person', person.mail, '--messages', String(count), '--avg-size', String(average), '--folder', folder]);
  const names = Object.keys(FOLDERS);
  const login = `${person.upn}*${org.dovecot.masterUser}`;
  const mailbox = { org, address: person.mail, total: 0, close: () => org.close() };

  for (const [index, folder] of names.entries()) {
    const count = index === names.length - 1 ? messages - mailbox.total : Math.floor(messages * FOLDERS[folder]);
    if (count > 0) add(folder, count);
    mailbox.total += count;
  }
  for (const folder of await org.control('folders', { person: person.mail }))
    if (!names.includes(folder) && folder !== 'Projects') mailbox.total += (await org.control('messages', { person: person.mail, folder })).length;

  mailbox.dovecot = { imapPort: org.dovecot.imapsPort, smtpPort: org.dovecot.submissionPort, login, password: org.dovecot.masterPassword, caFile: org.caFile };
  const token = await org.control('idp/mint', [person.upn, OUTLOOK]);
  await org.control('flags', { person: person.mail, basicAuth: { password: person.password, token: token.access_token ?? token } });
  mailbox.exchange = { imapPort: org.imap.port, smtpPort: org.smtp.port, login: person.upn, password: person.password, caFile: org.caFile };

  /** Turns \Flagged on or off for a share of each folder's messages, another one each time, and adds `fresh` messages. */
  let round = 0;
  mailbox.change = async (share, fresh) => {
    const client = await ImapClient.connect({ port: org.dovecot.imapsPort, ca: readFileSync(org.caFile) });
    await client.must(`LOGIN ${quote(login)} ${quote(org.dovecot.masterPassword)}`);
    for (const folder of names) {
      await client.must(`SELECT ${quote(encodeFolder(folder))}`);
      const found = (await client.must('UID SEARCH ALL')).untagged.map((r) => r.text).find((text) => text.startsWith('* SEARCH')) ?? '';
      const uids = found.split(' ').slice(2);
      const step = Math.round(1 / share);
      const chosen = uids.filter((_, at) => at % step === round % step);
      if (chosen.length) await client.must(`UID STORE ${chosen.join(',')} +FLAGS.SILENT (\\Flagged)`);
    }
    client.close();
    const each = Math.floor(fresh / 4);
    for (const folder of names.slice(0, 4)) add(folder, each);
    mailbox.total += each * 4;
    round++;
  };
  return mailbox;
}
