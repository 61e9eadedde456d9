// Checks XOAUTH2 logins as Exchange does: the token by introspection, the login name by the rules of each protocol.

import http from 'node:http';

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** Asks the identity provider about a token. Resolves to its answer ({active, username, exp, …}). */
export function introspect(url, token, service) {
  const body = `token=${encodeURIComponent(token)}`;
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent, headers: {
      'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body), 'X-Dovecot-Auth-Service': service } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => {
        try { resolve(JSON.parse(Buffer.concat(parts))); } catch { reject(new Error('the identity provider answered nonsense')); }
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** {user, token} of a decoded XOAUTH2 response, or null when it is not one. */
export function readXoauth2(base64) {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const match = /^user=([^\x01]+)\x01auth=Bearer ([^\x01\s]+)\x01\x01$/i.exec(text);
  return match ? { user: match[1], token: match[2] } : null;
}

export const makeXoauth2 = (user, token) => Buffer.from(`user=${user}\x01auth=Bearer ${token}\x01\x01`).toString('base64');
