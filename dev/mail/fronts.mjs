// What clients meet: the Exchange-like IMAP and SMTP fronts, and the control API beside them.

import { personByAddress } from '../people.mjs';
import { startControl } from './control.mjs';
import { Counters, Faults } from './faults.mjs';
import { startImapFront } from './imap-front.mjs';
import { startSmtpFront } from './smtp-front.mjs';

/**
 * The identity provider's control can move its clock and change what is switched off for a person; the fronts follow.
 * Returns now(): milliseconds by that clock.
 */
function followIdp(control) {
  let ahead = 0;
  const advance = control.advance.bind(control);
  const flags = control.flags.bind(control);
  control.advance = (seconds) => { ahead += seconds * 1000; return advance(seconds); };
  control.flags = (login, change = {}) => {
    const person = personByAddress(login);
    for (const name of ['imapOff', 'smtpAuthOff']) if (person && name in change) person.flags[name] = change[name];
    return flags(login, change);
  };
  return () => Date.now() + ahead;
}

/** Returns {imapPort, smtpPort, controlPort, control, close()}. */
export async function startFronts({ idp, dovecot, office, tls, controlKey, ports }) {
  const shared = { introspectUrl: `${idp.url}/introspect`, dovecotPort: dovecot.ports.imap, faults: new Faults(), counters: new Counters(), now: followIdp(idp.control) };
  const limits = { imapConnections: 5000, smtpConnections: 3, messageSize: 36700160, onlyFrom: null, turnedAway: 0 };
  const tlsKeys = { key: tls.key, cert: tls.cert };
  const imap = await startImapFront({ shared, limits, tlsKeys, port: ports.imap });
  const smtp = await startSmtpFront({ shared, limits, office, tlsKeys, port: ports.smtp });
  const api = await startControl({ idp, key: controlKey, port: ports.control, faults: shared.faults, counters: shared.counters, dovecot, imap, smtp, limits, office });
  return {
    imapPort: imap.port, smtpPort: smtp.port, controlPort: api.port, control: api.control,
    async close() { await Promise.all([imap.close(), smtp.close(), api.close()]); },
  };
}
