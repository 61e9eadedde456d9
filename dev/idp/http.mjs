// Small HTTP helpers: bodies with a limit, cookies, answers.

const MAX_BODY = 256 * 1024;

/** Reads a whole request body; rejects with a plain Error when it is too large. */
export async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY) throw new Error('request body too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Parameters as a plain object; a repeated parameter is malformed for OAuth and comes back as `repeated`. */
export function readParams(search) {
  const params = Object.create(null);
  let repeated = null;
  for (const [key, value] of search) {
    if (key in params) repeated = key;
    params[key] = value;
  }
  return { params, repeated };
}

export function readCookies(request) {
  const cookies = Object.create(null);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) cookies[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return cookies;
}

const COMMON = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'strict-origin-when-cross-origin' };

export function sendJson(response, status, body, headers = {}) {
  response.writeHead(status, { ...COMMON, 'Content-Type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

export function sendHtml(response, status, html, headers = {}) {
  response.writeHead(status, {
    ...COMMON,
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    ...headers,
  });
  response.end(html);
}

export function redirect(response, location, headers = {}) {
  response.writeHead(302, { ...COMMON, Location: location, ...headers });
  response.end();
}

/** Adds parameters to a redirect URI in the query or the fragment. */
export function withParams(uri, params, mode) {
  const pairs = new URLSearchParams(Object.entries(params).filter(([, v]) => v !== undefined && v !== null)).toString();
  if (mode === 'fragment') return `${uri}#${pairs}`;
  return `${uri}${uri.includes('?') ? '&' : '?'}${pairs}`;
}
