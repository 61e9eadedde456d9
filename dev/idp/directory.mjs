// Tenants, people and applications, as the sample organisation hands them in, checked and indexed.

import { createHash } from 'node:crypto';

export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';
export const ALIASES = ['common', 'organizations', 'consumers'];

const AUDIENCES = ['AzureADMyOrg', 'AzureADMultipleOrgs', 'AzureADandPersonalMicrosoftAccount', 'PersonalMicrosoftAccount'];
const AUDIENCE_WORDS = { multi: AUDIENCES[2], organizations: AUDIENCES[1], single: AUDIENCES[0], personal: AUDIENCES[3] };
const DEFAULT_PERMISSIONS = ['openid', 'profile', 'email', 'offline_access', 'graph/User.Read',
  'outlook/IMAP.AccessAsUser.All', 'outlook/SMTP.Send'];

const listOf = (value) => (Array.isArray(value) ? value : Object.values(value ?? {}));

/** A stable GUID made from a name, for fixtures that give none. */
export function guidFrom(name) {
  const h = createHash('sha256').update(name).digest('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`;
}

function makeTenant(given) {
  const domains = [given.domain, ...listOf(given.domains)].filter(Boolean).map((d) => d.toLowerCase());
  return {
    id: given.id.toLowerCase(),
    name: given.name ?? domains[0] ?? given.id,
    domains,
    userConsent: given.userConsent !== false,
  };
}

function personalIds(given) {
  const hex = (given.oid ?? guidFrom(given.upn)).replace(/-/g, '').slice(-16);
  return { oid: `00000000-0000-0000-${hex.slice(0, 4)}-${hex.slice(4)}`, graphId: hex };
}

function makePerson(given, tenant) {
  const personal = tenant.id === CONSUMERS;
  const oid = (given.oid ?? guidFrom(given.upn)).toLowerCase();
  return {
    name: given.name ?? given.upn,
    upn: given.upn,
    mail: given.mail === undefined ? given.upn : given.mail,
    aliases: listOf(given.aliases),
    password: given.password,
    locale: given.locale ?? 'en-US',
    admin: given.admin === true || given.flags?.admin === true,
    flags: { ...given.flags },
    tenant,
    personal,
    ...(personal ? personalIds(given) : { oid, graphId: oid }),
    refreshValidFrom: 0,
    accessValidFrom: 0,
  };
}

/** Microsoft's rules for a registered redirect URI; throws a plain Error naming the rule that is broken. */
export function checkRedirectUri(uri, audience) {
  const fail = (why) => {
    throw new Error(`redirect URI ${uri}: ${why}`);
  };
  if (uri.length > 256) fail('longer than 256 characters');
  if (/[!$'(),;*]/.test(uri)) fail('has one of ! $ \' ( ) , ; *');
  const url = new URL(uri);
  const local = ['localhost', '127.0.0.1'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) fail('must be https (http only for localhost)');
  if (url.hash) fail('has a fragment');
  if (url.search && audience.includes('Personal')) fail('has a query, but personal accounts are allowed');
}

function makeApp(given, tenants) {
  const word = given.audience ?? 'multi';
  const audience = AUDIENCE_WORDS[word] ?? word;
  if (!AUDIENCES.includes(audience)) throw new Error(`unknown sign-in audience ${audience}`);
  const redirects = listOf(given.redirectUris).map((r) => (typeof r === 'string' ? { uri: r, platform: 'web' } : r));
  for (const { uri } of redirects) checkRedirectUri(uri, audience);
  return {
    clientId: given.clientId.toLowerCase(),
    name: given.name ?? 'Postroom',
    publisher: given.publisher ?? 'unverified',
    home: tenants.find((t) => t.id === given.tenant || t.domains.includes(given.tenant)) ?? tenants[0],
    audience,
    redirects,
    secrets: listOf(given.secrets).map((s, i) => ({ id: s.id ?? guidFrom(`${given.clientId}/${i}`), value: s.value, expires: s.expires ? Date.parse(s.expires) : Infinity })),
    permissions: given.permissions ?? DEFAULT_PERMISSIONS,
    assignmentRequired: given.assignmentRequired === true,
  };
}

/** Same string, except that the port does not matter for http(s)://localhost. */
export function redirectMatches(registered, asked) {
  if (registered === asked) return true;
  const drop = (uri) => uri.replace(/^(https?:\/\/localhost):\d+(?=[/?]|$)/, '$1');
  return /^https?:\/\/localhost[:/]/.test(asked) && drop(registered) === drop(asked);
}

export class Directory {
  constructor({ tenants, people, apps }) {
    this.tenants = listOf(tenants).map(makeTenant);
    if (!this.tenants.some((t) => t.id === CONSUMERS)) {
      this.tenants.push(makeTenant({ id: CONSUMERS, name: 'Microsoft accounts', domains: [] }));
    }
    // People without a tenant have no Microsoft account at all.
    this.people = listOf(people).filter((p) => p.tenant !== null).map((p) => makePerson(p, this.#homeOf(p)));
    this.apps = listOf(apps).map((a) => makeApp(a, this.tenants));
  }

  #homeOf(person) {
    const name = person.tenant ?? person.upn.split('@')[1];
    const tenant = name === 'consumers' ? this.tenant(CONSUMERS) : this.tenant(name);
    if (!tenant) throw new Error(`${person.upn}: tenant ${name} is not in the list of tenants`);
    return tenant;
  }

  /** A tenant by id or verified domain. */
  tenant(name) {
    const wanted = String(name).toLowerCase();
    return this.tenants.find((t) => t.id === wanted || t.domains.includes(wanted));
  }

  /** Microsoft's sign-in takes the UPN; personal accounts also sign in with an alias. */
  person(login) {
    const wanted = String(login ?? '').trim().toLowerCase();
    return this.people.find((p) => p.upn.toLowerCase() === wanted)
      ?? this.people.find((p) => p.personal && p.aliases.some((a) => a.toLowerCase() === wanted));
  }

  personByOid(oid) {
    return this.people.find((p) => p.oid === oid);
  }

  app(clientId) {
    const wanted = String(clientId ?? '').toLowerCase();
    return this.apps.find((a) => a.clientId === wanted);
  }

  addRedirect(clientId, uri, platform = 'web') {
    const app = this.app(clientId);
    checkRedirectUri(uri, app.audience);
    if (!app.redirects.some((r) => r.uri === uri)) app.redirects.push({ uri, platform });
  }
}
