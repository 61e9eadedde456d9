// Scopes and the resources they belong to. One access token is for one resource.

import { AadError } from './errors.mjs';

export const OIDC_SCOPES = ['openid', 'profile', 'email', 'offline_access'];

const MAIL_PROTOCOLS = ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send'];
const MAIL_DATA = ['Mail.Read', 'Mail.ReadBasic', 'Mail.ReadWrite', 'Mail.Send', 'User.Read'];

/** Graph lists the mail protocol scopes too, but a token for Graph opens no mailbox. */
export const RESOURCES = {
  outlook: {
    key: 'outlook',
    appId: '00000002-0000-0ff1-ce00-000000000000',
    name: 'Office 365 Exchange Online',
    uris: ['https://outlook.office.com', 'https://outlook.office365.com'],
    scopes: [...MAIL_PROTOCOLS, ...MAIL_DATA],
  },
  graph: {
    key: 'graph',
    appId: '00000003-0000-0000-c000-000000000000',
    name: 'Microsoft Graph',
    uris: ['https://graph.microsoft.com'],
    scopes: [...MAIL_PROTOCOLS, ...MAIL_DATA, 'MailboxSettings.Read', 'User.ReadBasic.All'],
  },
};

const CONSENT_TEXT = {
  'outlook/IMAP.AccessAsUser.All': 'Read and write access to your mail through IMAP',
  'outlook/SMTP.Send': 'Send mail as you through SMTP AUTH',
  'outlook/POP.AccessAsUser.All': 'Read your mail through POP',
  'graph/User.Read': 'Sign you in and read your profile',
  'graph/Mail.Send': 'Send mail as you',
  offline_access: 'Maintain access to data you have given it access to',
  openid: 'Sign you in',
  profile: 'View your basic profile',
  email: 'View your email address',
};

/** What the consent page says for a granted name such as "outlook/SMTP.Send". */
export function consentText(name) {
  return CONSENT_TEXT[name] ?? name;
}

function splitScope(word) {
  const slash = word.lastIndexOf('/');
  if (slash < 0) return { uri: RESOURCES.graph.uris[0], name: word };
  return { uri: word.slice(0, slash).replace(/\/+$/, ''), name: word.slice(slash + 1) };
}

function findResource(uri) {
  const wanted = uri.toLowerCase();
  return Object.values(RESOURCES).find((r) => r.appId === wanted || r.uris.includes(wanted));
}

function resolveScope(word, app, tenantName) {
  const { uri, name } = splitScope(word);
  const resource = findResource(uri);
  if (!resource) throw new AadError(500011, { resource: uri, tenantName });
  if (name === '.default') return { resource, uri, names: permissionsOf(app, resource), whole: true };
  const known = resource.scopes.find((s) => s.toLowerCase() === name.toLowerCase());
  if (!known) {
    throw new AadError(650053, { appName: app.name, scope: name, resource: resource.appId });
  }
  return { resource, uri, names: [known], whole: false };
}

function permissionsOf(app, resource) {
  const prefix = `${resource.key}/`;
  return app.permissions.filter((p) => p.startsWith(prefix)).map((p) => p.slice(prefix.length));
}

/**
 * Reads a scope parameter into { oidc: [names], resources: [{ resource, uri, names }] } in the order
 * the resources first appear. Throws 70011, 500011 or 650053.
 */
export function parseScopes(text, app, tenantName) {
  const words = (text ?? '').split(/\s+/).filter(Boolean);
  const oidc = new Set();
  const found = new Map();
  let whole = false;
  for (const word of words) {
    const plain = word.toLowerCase();
    if (OIDC_SCOPES.includes(plain)) {
      oidc.add(plain);
      continue;
    }
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word)) throw new AadError(70011, { scope: word });
    const one = resolveScope(word, app, tenantName);
    whole ||= one.whole;
    const group = found.get(one.resource.key) ?? { resource: one.resource, uri: one.uri, names: [] };
    for (const name of one.names) if (!group.names.includes(name)) group.names.push(name);
    found.set(one.resource.key, group);
  }
  const resources = [...found.values()];
  if (whole && words.some((w) => !OIDC_SCOPES.includes(w.toLowerCase()) && !w.endsWith('/.default'))) {
    throw new AadError(70011, { detail: ".default scope can't be combined with resource-specific scopes." });
  }
  return { oidc: [...oidc], resources };
}

/** Names as consent keeps them: "openid", "outlook/SMTP.Send". */
export function grantNames(scopes) {
  const names = [...scopes.oidc];
  for (const { resource, names: list } of scopes.resources) {
    for (const name of list) names.push(`${resource.key}/${name}`);
  }
  return names;
}

/** The scope string of a token answer: all that is granted on that resource, prefixed as Entra does. */
export function answerScopes(granted, resource, uri) {
  const prefix = `${resource.key}/`;
  const own = granted.filter((n) => n.startsWith(prefix)).map((n) => `${uri}/${n.slice(prefix.length)}`);
  if (resource.key !== 'graph') return own;
  return [...OIDC_SCOPES.filter((n) => n !== 'offline_access' && granted.includes(n)), ...own];
}
