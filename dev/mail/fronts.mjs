// What clients meet: the Exchange-like IMAP and SMTP fronts, and the control API beside them.

/** Returns {imapPort, smtpPort, controlPort, close()}. */
export async function startFronts({ dovecot }) {
  return { imapPort: dovecot.ports.imaps, smtpPort: dovecot.ports.submission, controlPort: 0, close: async () => {} };
}
