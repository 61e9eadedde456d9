// The authorization endpoint: what Entra checks, in its order, before and after a person signs in.

import { randomBytes } from 'node:crypto';

import { ALIASES, CONSUMERS, redirectMatches } from './directory.mjs';
import { AadError } from './errors.mjs';
import { grantNames, parseScopes } from './scopes.mjs';

const PROMPTS = ['login', 'none', 'consent', 'select_account', 'create'];
const MODES = ['query', 'fragment', 'form_post'];

/** The tenant segment of an address: an alias, or a tenant of ours. Throws 90002 or 900023. */
export function findAuthority(directory, name) {
  const plain = name.toLowerCase();
  if (ALIASES.includes(plain)) return { name, alias: plain, tenant: plain === 'consumers' ? directory.tenant(CONSUMERS) : null };
  const tenant = directory.tenant(plain);
  if (tenant) return { name, alias: null, tenant };
  throw new AadError(/^[0-9a-f-]{36}$/.test(plain) || plain.includes('.') ? 90002 : 900023, { tenantName: name });
}

/** Is the application known there, and open to those who sign in there? */
export function checkApp(app, clientId, authority) {
  const details = { clientId, appName: app?.name, tenantName: authority.tenant?.name ?? authority.name };
  if (!app) throw new AadError(700016, details);
  const personalOnly = app.audience === 'PersonalMicrosoftAccount';
  const consumers = authority.tenant?.id === CONSUMERS;
  if (app.audience === 'AzureADMyOrg') {
    if (authority.alias) throw new AadError(50194, details);
    if (authority.tenant !== app.home) throw new AadError(700016, details);
  }
  if (personalOnly && !consumers) throw new AadError(9002331, details);
  if (consumers && app.audience === 'AzureADMultipleOrgs') throw new AadError(9002332, details);
}

function findRedirect(app, params) {
  const asked = params.redirect_uri;
  if (!asked) throw new AadError(900971);
  const found = app.redirects.find((r) => redirectMatches(r.uri, asked));
  if (!found) throw new AadError(50011, { redirectUri: asked, clientId: app.clientId });
  return { uri: asked, platform: found.platform ?? 'web' };
}

function checkChallenge(params, platform) {
  const { code_challenge: challenge, code_challenge_method: method = 'plain' } = params;
  if (challenge === undefined) {
    if (platform === 'spa') throw new AadError(9002313);
    return null;
  }
  if (!['S256', 'plain'].includes(method)) throw new AadError(90023, { parameter: 'code_challenge_method' });
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) throw new AadError(90023, { parameter: 'code_challenge' });
  return { challenge, method };
}

/** Checks whose failure is reported to the application, since its redirect URI is known to be right. */
function checkRest(flow, params, repeated) {
  if (repeated) throw new AadError(9002313);
  if (!params.response_type) throw new AadError(900144, { parameter: 'response_type' });
  if (params.response_type !== 'code') throw new AadError(700009, { value: params.response_type });
  if (params.response_mode && !MODES.includes(params.response_mode)) throw new AadError(90023, { parameter: 'response_mode' });
  if (!params.scope) throw new AadError(900144, { parameter: 'scope' });
  flow.prompts = (params.prompt ?? '').split(' ').filter(Boolean);
  if (flow.prompts.some((p) => !PROMPTS.includes(p)) || (flow.prompts.includes('none') && flow.prompts.length > 1)) {
    throw new AadError(90023, { parameter: 'prompt' });
  }
  flow.pkce = checkChallenge(params, flow.platform);
  flow.scopes = parseScopes(params.scope, flow.app, flow.authority.name);
  flow.names = grantNames(flow.scopes);
}

/**
 * Reads an authorization request. Throws AadError for what stays on Entra's page; what must be told to
 * the application comes back in flow.failed.
 */
export function readAuthorize(directory, tenantName, { params, repeated }, base) {
  const authority = findAuthority(directory, tenantName);
  if (!params.client_id) throw new AadError(900144, { parameter: 'client_id' });
  const app = directory.app(params.client_id);
  checkApp(app, params.client_id, authority);
  const redirect = findRedirect(app, params);
  const flow = {
    id: randomBytes(24).toString('base64url'), kind: 'user', base: `/${tenantName}`, origin: base, authority, app,
    redirectUri: redirect.uri, platform: redirect.platform, state: params.state, nonce: params.nonce,
    mode: MODES.includes(params.response_mode) ? params.response_mode : 'query',
    loginHint: params.login_hint ?? '', prompts: [], failed: null, person: null,
  };
  try {
    checkRest(flow, params, repeated);
  } catch (error) {
    if (!(error instanceof AadError)) throw error;
    flow.failed = error;
  }
  return flow;
}

/** The request for an administrator's consent on behalf of a tenant. */
export function readAdminConsent(directory, tenantName, { params }, base) {
  const authority = findAuthority(directory, tenantName);
  if (authority.alias === 'common' || authority.alias === 'consumers') throw new AadError(90009);
  const app = directory.app(params.client_id);
  const details = { clientId: params.client_id, tenantName };
  if (!app || (app.audience === 'AzureADMyOrg' && authority.tenant && authority.tenant !== app.home)) {
    throw new AadError(700016, details);
  }
  const redirect = findRedirect(app, params);
  const scopes = parseScopes(params.scope || 'https://graph.microsoft.com/.default https://outlook.office.com/.default', app, tenantName);
  return {
    id: randomBytes(24).toString('base64url'), kind: 'admin', base: `/${tenantName}`, origin: base, authority, app,
    redirectUri: redirect.uri, platform: redirect.platform, state: params.state, mode: 'query', loginHint: '',
    prompts: ['select_account'], scopes, names: grantNames(scopes), failed: null, person: null,
  };
}

/** May this person use this application at this authority? Throws what Entra shows. */
export function checkPerson(flow, person) {
  const { authority, app } = flow;
  const details = {
    upn: person.upn, clientId: app.clientId, appName: app.name, tenantName: authority.tenant?.name ?? authority.name,
    provider: person.personal ? 'live.com' : `https://sts.windows.net/${person.tenant.id}/`,
  };
  const foreign = authority.tenant !== null && authority.tenant !== person.tenant;
  const workOnly = authority.alias === 'organizations' || app.audience === 'AzureADMultipleOrgs' || app.audience === 'AzureADMyOrg';
  if (foreign || (person.personal && workOnly)) throw new AadError(50020, details);
  if (!person.personal && app.audience === 'PersonalMicrosoftAccount') throw new AadError(500208, details);
  if (person.flags.blocked) throw new AadError(53003, details);
  if (person.flags.notAssigned || (app.assignmentRequired && !person.flags.assigned)) throw new AadError(50105, details);
  // Exchange's older host name serves work accounts only.
  const odd = flow.scopes.resources.find((r) => r.uri === 'https://outlook.office365.com');
  if (person.personal && odd) throw new AadError(70011, { scope: odd.uri });
}
