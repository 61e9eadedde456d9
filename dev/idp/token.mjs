// The token endpoint: authorization_code and refresh_token, for confidential web applications first of all.

import { createHash, randomBytes } from 'node:crypto';

import { checkApp, findAuthority } from './authorize.mjs';
import { AadError, entraTime } from './errors.mjs';
import { answerScopes, grantNames, parseScopes } from './scopes.mjs';

/** Client id and secret from the form or from HTTP Basic. */
function readClient(request, params) {
  const basic = /^Basic\s+(.+)$/i.exec(request.headers.authorization ?? '');
  if (!basic) return { id: params.client_id, secret: params.client_secret };
  const [id, ...rest] = Buffer.from(basic[1], 'base64').toString().split(':');
  return { id: decodeURIComponent(id), secret: decodeURIComponent(rest.join(':')) };
}

function checkSecret(app, secret, platform, now) {
  const isPublic = platform === 'public' || platform === 'spa';
  if (isPublic) {
    if (secret !== undefined) throw new AadError(700025);
    return;
  }
  if (!secret) throw new AadError(7000218);
  const found = app.secrets.find((s) => s.value === secret);
  if (!found) throw new AadError(7000215, { clientId: app.clientId });
  if (found.expires <= now) throw new AadError(7000222, { clientId: app.clientId });
}

function checkVerifier(pkce, verifier) {
  if (!pkce) {
    if (verifier !== undefined) throw new AadError(501481);
    return;
  }
  const given = verifier ?? '';
  const made = pkce.method === 'S256' ? createHash('sha256').update(given).digest('base64url') : given;
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(given) || made !== pkce.challenge) throw new AadError(501481);
}

export class TokenEndpoint {
  constructor(idp) {
    this.idp = idp;
  }

  /** Answers with the body of a successful token answer; throws AadError. */
  handle(ctx, { params, repeated }) {
    const { directory } = this.idp;
    const authority = findAuthority(directory, ctx.tenant);
    if (repeated) throw new AadError(9002313);
    const client = readClient(ctx.request, params);
    ctx.note({ client: client.id, grant: params.grant_type, scope: params.scope });
    if (!params.grant_type) throw new AadError(900144, { parameter: 'grant_type' });
    if (!client.id) throw new AadError(900144, { parameter: 'client_id' });
    const app = directory.app(client.id);
    checkApp(app, client.id, authority);
    const now = this.idp.clock.now();
    if (params.grant_type === 'authorization_code') return this.#byCode(ctx, authority, app, client, params, now);
    if (params.grant_type === 'refresh_token') return this.#byRefresh(ctx, authority, app, client, params, now);
    if (params.grant_type === 'client_credentials') return this.#byClient(app, client, params, now);
    throw new AadError(70003, { grant: params.grant_type });
  }

  #fault(ctx, about) {
    const fault = this.idp.faults.take({ endpoint: 'token', ...about }, ['code']);
    if (fault) {
      throw new AadError(fault.code, { clientId: about.client, upn: about.user, text: fault.text, retryAfter: fault.retryAfter,
        issued: entraTime(this.idp.clock.now()), validFrom: entraTime(this.idp.clock.now()) });
    }
    ctx.note({ user: about.user, resource: about.resource });
  }

  /** The application itself, without a person; its token opens nothing here. */
  #byClient(app, client, params, now) {
    checkSecret(app, client.secret, 'web', now);
    if (!/\/\.default$/.test(params.scope ?? '')) throw new AadError(70011, { scope: params.scope ?? '' });
    return { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: randomBytes(48).toString('base64url') };
  }

  #byCode(ctx, authority, app, client, params, now) {
    for (const name of ['code', 'redirect_uri']) {
      if (!params[name]) throw new AadError(900144, { parameter: name });
    }
    // The form of a code is looked at before the secret is.
    if (!/^(1\.AXoA|M\.C5)[A-Za-z0-9_-]{30,}$/.test(params.code)) throw new AadError(9002313);
    const grant = this.idp.tokens.codes.get(params.code);
    checkSecret(app, client.secret, grant?.platform ?? 'web', now);
    if (!grant || grant.app !== app) throw new AadError(70000);
    if (grant.used) throw new AadError(54005);
    if (grant.expires <= now / 1000) throw new AadError(70008, { issued: entraTime(grant.issued * 1000) });
    if (grant.authority.alias !== authority.alias || grant.authority.tenant !== authority.tenant) {
      throw new AadError(700005, { codeTenant: grant.authority.name });
    }
    if (grant.redirectUri !== params.redirect_uri) {
      throw new AadError(500112, { redirectUri: params.redirect_uri, expected: grant.redirectUri });
    }
    checkVerifier(grant.pkce, params.code_verifier);
    this.#checkPerson(grant.person);
    const chosen = this.#resourceForCode(grant, params, app, authority);
    this.#fault(ctx, { user: grant.person.upn, client: app.clientId, grant: 'authorization_code', resource: chosen.resource.key });
    grant.used = true;
    return this.#answer(ctx, { ...grant, ...chosen, grantType: 'authorization_code' });
  }

  /** One resource per token: 28000 when the request names several, 28003 when it leaves the choice open. */
  #resourceForCode(grant, params, app, authority) {
    const asked = parseScopes(params.scope, app, authority.name);
    if (asked.resources.length > 1) throw new AadError(28000);
    if (asked.resources.length === 0 && grant.resources.length > 1) throw new AadError(28003);
    const chosen = asked.resources[0] ?? grant.resources[0] ?? parseScopes('User.Read', app, authority.name).resources[0];
    const granted = [...new Set([...grant.names, ...this.idp.consents.granted(grant.person, app)])];
    this.#checkGranted(asked, granted, app);
    return { resource: chosen.resource, uri: chosen.uri, granted };
  }

  #checkGranted(asked, granted, app) {
    const missing = grantNames(asked).find((n) => !granted.includes(n) && n.includes('/'));
    if (missing) throw new AadError(65001, { clientId: app.clientId, appName: app.name });
  }

  #checkPerson(person) {
    if (person.flags.disabled) throw new AadError(50057);
    if (person.flags.blocked) throw new AadError(53003);
  }

  #byRefresh(ctx, authority, app, client, params, now) {
    if (!params.refresh_token) throw new AadError(900144, { parameter: 'refresh_token' });
    const refresh = this.idp.tokens.openRefresh(params.refresh_token);
    checkSecret(app, client.secret, refresh?.platform ?? 'web', now);
    if (!refresh) throw new AadError(9002313);
    const person = this.idp.directory.personByOid(refresh.oid);
    if (!person || refresh.cid !== app.clientId) throw new AadError(70000);
    if (authority.tenant && authority.tenant !== person.tenant) throw new AadError(700005, { codeTenant: person.tenant.id });
    this.#checkRefreshAge(refresh, person, now);
    this.#checkPerson(person);
    const asked = parseScopes(params.scope, app, authority.name);
    const fallback = parseScopes(`${refresh.uri}/.default`, app, authority.name).resources[0];
    const chosen = asked.resources[0] ?? fallback;
    const granted = this.idp.consents.grantedTo(refresh, person, app);
    // Scopes of a second resource are not looked at: the first wins silently.
    this.#checkGranted({ oidc: [], resources: asked.resources.slice(0, 1) }, granted, app);
    this.#fault(ctx, { user: person.upn, client: app.clientId, grant: 'refresh_token', resource: chosen.resource.key });
    return this.#answer(ctx, { app, person, names: refresh.names, granted, platform: refresh.platform,
      resource: chosen.resource, uri: chosen.uri, grantType: 'refresh_token' });
  }

  #checkRefreshAge(refresh, person, now) {
    const issued = entraTime(refresh.iat * 1000);
    if (refresh.iat <= person.refreshValidFrom) {
      throw new AadError(50173, { issued, validFrom: entraTime(person.refreshValidFrom * 1000) });
    }
    const age = now / 1000 - refresh.iat;
    if (refresh.platform === 'spa' && age >= 86400) throw new AadError(700084, { issued });
    if (age >= this.idp.tokens.lifetimes.refresh) throw new AadError(person.personal ? 70008 : 700082, { issued });
  }

  #answer(ctx, { app, person, names, granted, platform, nonce, resource, uri, grantType }) {
    const { tokens, faults } = this.idp;
    const about = { endpoint: 'token', user: person.upn, client: app.clientId, grant: grantType, resource: resource.key };
    const limited = faults.take(about, ['limitScopes'])?.limitScopes;
    const kept = limited ? granted.filter((n) => !n.includes('/') || limited.includes(n)) : granted;
    const seconds = tokens.accessSeconds();
    const body = {
      token_type: 'Bearer', scope: answerScopes(kept, resource, uri).join(' '), expires_in: seconds, ext_expires_in: seconds,
      access_token: tokens.issueAccess({ person, app, resource, uri, names: kept, seconds, issuer: `https://sts.windows.net/${person.tenant.id}/` }),
    };
    if (names.includes('offline_access')) body.refresh_token = tokens.issueRefresh({ person, app, names, uri, platform });
    if (names.includes('openid')) {
      const change = faults.take(about, ['claims'])?.claims;
      body.id_token = tokens.issueIdToken({ person, app, names, nonce, issuer: `${ctx.base}/${person.tenant.id}/v2.0`, change });
    }
    for (const name of faults.take(about, ['omit'])?.omit ?? []) delete body[name];
    return body;
  }
}
