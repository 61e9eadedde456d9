// The Exchange-like IMAP service: TLS from the start, one ImapSession per connection, sessions that end with their token.

import tls from 'node:tls';
import { ImapSession } from './imap-session.mjs';
import { letThrough, listen } from './runtime.mjs';

/**
 * shared: {introspectUrl, dovecotPort, faults, counters, now()}. limits: {imapConnections} per person.
 * Returns {port, sessions, endSessions(person, text), close()}.
 */
export async function startImapFront({ shared, limits, tlsKeys, port = 0 }) {
  const sessions = new Set();
  const admit = (session) => [...sessions].filter((s) => s.person === session.person && s.backend).length < limits.imapConnections;
  const server = tls.createServer({ ...tlsKeys, minVersion: 'TLSv1.2' }, (socket) => {
    const session = new ImapSession(socket, { ...shared, admit });
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
    session.run();
  });
  server.on('tlsClientError', () => {});
  const open = new Set();
  server.on('connection', (socket) => { open.add(socket); socket.once('close', () => open.delete(socket)); letThrough(socket, limits); });
  const chosen = await listen(server, port);
  const timer = setInterval(() => {
    const now = shared.now();
    for (const session of sessions) if (session.expires <= now) session.bye('Session invalidated - AccessTokenExpired');
  }, 200);
  return {
    port: chosen, sessions,
    endSessions: (person, text) => { for (const s of sessions) if (!person || s.person === person) s.bye(text); },
    close: () => new Promise((done) => { clearInterval(timer); server.close(done); for (const socket of open) socket.destroy(); }),
  };
}
