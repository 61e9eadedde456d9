// The protected resources: Graph's /v1.0/me, and the introspection that stands for Exchange's own token check.

import { randomUUID } from 'node:crypto';

import { readBody, readParams, sendJson } from './http.mjs';

const ME_DEFAULT = ['businessPhones', 'displayName', 'givenName', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation',
  'preferredLanguage', 'surname', 'userPrincipalName', 'id'];

/** What each mail service wants of an Outlook token. */
const SERVICE_SCOPES = { imap: 'IMAP.AccessAsUser.All', submission: 'SMTP.Send', smtp: 'SMTP.Send', pop3: 'POP.AccessAsUser.All' };

function graphError(ctx, status, code, message, headers = {}) {
  const date = new Date(ctx.now()).toISOString().slice(0, 19);
  sendJson(ctx.response, status, {
    error: { code, message, innerError: { date, 'request-id': randomUUID(), 'client-request-id': ctx.correlation || randomUUID() } },
  }, headers);
}

function bearer(request) {
  return /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function profile(person) {
  const [givenName, ...rest] = person.name.split(' ');
  return {
    businessPhones: [], displayName: person.name, givenName, jobTitle: null,
    mail: person.flags.noMail ? null : person.mail, mobilePhone: null, officeLocation: null,
    preferredLanguage: person.locale, surname: rest.join(' '), userPrincipalName: person.upn, id: person.graphId,
    otherMails: [], proxyAddresses: [person.mail, ...person.aliases].filter(Boolean).map((a, i) => `${i === 0 ? 'SMTP' : 'smtp'}:${a}`),
  };
}

/** GET /v1.0/me */
export function graphMe(idp, ctx) {
  const token = bearer(ctx.request);
  if (!token) {
    graphError(ctx, 401, 'InvalidAuthenticationToken', 'Access token is empty.', { 'WWW-Authenticate': 'Bearer' });
    return;
  }
  const live = idp.tokens.openAccess(token);
  ctx.note({ user: live?.person.upn });
  if (!live) {
    graphError(ctx, 401, 'InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.');
    return;
  }
  if (live.resource?.key !== 'graph') {
    graphError(ctx, 401, 'InvalidAuthenticationToken', 'Access token validation failure. Invalid audience.');
    return;
  }
  const fault = idp.faults.take({ endpoint: 'graph', user: live.person.upn, client: live.claims.appid }, ['status']);
  if (fault) {
    graphError(ctx, fault.status, fault.graphCode ?? 'serviceNotAvailable', 'The service is unavailable.',
      fault.retryAfter ? { 'Retry-After': String(fault.retryAfter) } : {});
    return;
  }
  if (!live.scopes.some((s) => s.startsWith('User.Read'))) {
    graphError(ctx, 403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
    return;
  }
  const all = profile(live.person);
  const wanted = ctx.url.searchParams.get('$select')?.split(',').map((n) => n.trim()) ?? ME_DEFAULT;
  const body = { '@odata.context': `${ctx.base}/v1.0/$metadata#users/$entity` };
  for (const name of wanted) if (name in all) body[name] = all[name];
  sendJson(ctx.response, 200, body);
}

async function introspected(ctx) {
  if (ctx.request.method === 'GET') return { token: bearer(ctx.request) ?? ctx.url.searchParams.get('token') };
  return readParams(new URLSearchParams(await readBody(ctx.request))).params;
}

/**
 * POST /introspect (RFC 7662) for Dovecot. X-Dovecot-Auth-Service says which protocol asks; the token must be
 * Outlook's and carry that protocol's scope. Without the header the audience alone is checked.
 */
export async function introspect(idp, ctx) {
  const params = await introspected(ctx);
  const service = ctx.request.headers['x-dovecot-auth-service'] ?? params.service;
  const live = idp.tokens.openAccess(params.token);
  const wanted = SERVICE_SCOPES[service];
  let why = null;
  if (!live) why = 'token';
  else if (live.resource?.key !== 'outlook') why = 'audience';
  else if (service && (!wanted || !live.scopes.includes(wanted))) why = 'scope';
  else if (idp.faults.take({ endpoint: 'introspect', user: live.person.upn, resource: service }, ['inactive'])) why = 'fault';
  ctx.note({ user: live?.person.upn, service, active: why === null, why: why ?? undefined });
  if (why !== null) {
    sendJson(ctx.response, 200, { active: false });
    return;
  }
  const { claims, person } = live;
  sendJson(ctx.response, 200, {
    active: true, username: person.upn, email: person.mail ?? person.upn, exp: claims.exp, iat: claims.iat, scope: claims.scp,
    aud: claims.aud, client_id: claims.appid, sub: person.oid, tid: person.tenant.id, token_type: 'Bearer',
  });
}

/** GET /{tenant}/v2.0/.well-known/openid-configuration */
export function discovery(ctx, authority) {
  const at = (rest) => `${ctx.base}/${ctx.tenant}/${rest}`;
  const id = authority.tenant?.id ?? '{tenantid}';
  sendJson(ctx.response, 200, {
    token_endpoint: at('oauth2/v2.0/token'),
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: at('discovery/v2.0/keys'),
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${ctx.base}/${id}/v2.0`,
    request_uri_parameter_supported: false,
    userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
    authorization_endpoint: at('oauth2/v2.0/authorize'),
    end_session_endpoint: at('oauth2/v2.0/logout'),
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'preferred_username', 'name', 'tid', 'ver', 'email', 'oid'],
    tenant_region_scope: null,
    cloud_instance_name: 'microsoftonline.com',
    msgraph_host: 'graph.microsoft.com',
  }, { 'Access-Control-Allow-Origin': '*' });
}
