// What tests may change while the identity provider runs. The same functions are called in-process and by
// POST /.control/{name} with the header X-Control-Key and a JSON array or object of arguments.

import { parseScopes } from './scopes.mjs';

export class Control {
  #idp;

  constructor(idp) {
    this.#idp = idp;
  }

  #person(login) {
    const found = this.#idp.directory.person(login);
    if (!found) throw new TypeError(`nobody is called ${login}`);
    return found;
  }

  #app(clientId) {
    const found = clientId === undefined ? this.#idp.directory.apps[0] : this.#idp.directory.app(clientId);
    if (!found) throw new TypeError(`no application ${clientId}`);
    return found;
  }

  /** Switches a fault on; see faults.mjs. Answers with its id. */
  fault(given) {
    return this.#idp.faults.add(given);
  }

  removeFault(id) {
    this.#idp.faults.remove(id);
  }

  clearFaults() {
    this.#idp.faults.clear();
  }

  /** Only connections from this address reach token, discovery, keys and Graph; null: all. Answers with how many others were turned away. */
  onlyFrom(address = null) {
    this.#idp.onlyFrom.address = address;
    return this.#idp.onlyFrom.turnedAway;
  }

  /** { access, refresh, code, idToken } in seconds; access null means random 60 to 90 minutes. */
  lifetimes(given) {
    Object.assign(this.#idp.tokens.lifetimes, given);
    return this.#idp.tokens.lifetimes;
  }

  /** Moves the clock ahead, so that tokens age without waiting. */
  advance(seconds) {
    this.#idp.clock.ahead += seconds * 1000;
  }

  /** Makes all tokens issued so far to a person worthless. */
  revoke(login, { refresh = true, access = true } = {}) {
    const person = this.#person(login);
    const now = this.#idp.clock.now() / 1000;
    if (refresh) person.refreshValidFrom = now;
    if (access) person.accessValidFrom = now;
  }

  /** Changes a person's flags: disabled, blocked, noEmailClaim, noMail, noUserConsent, imapOff, smtpAuthOff, … */
  flags(login, change = {}) {
    return Object.assign(this.#person(login).flags, change);
  }

  /** Changes upn, mail, password, admin or aliases of a person. */
  person(login, change = {}) {
    const person = this.#person(login);
    for (const key of Object.keys(change)) {
      if (!['upn', 'mail', 'password', 'admin', 'aliases', 'name'].includes(key)) throw new TypeError(`cannot change ${key}`);
    }
    Object.assign(person, change);
  }

  /** Changes a tenant: { userConsent: boolean }. */
  tenant(name, change = {}) {
    const tenant = this.#idp.directory.tenant(name);
    if (!tenant) throw new TypeError(`no tenant ${name}`);
    if (change.userConsent !== undefined) tenant.userConsent = change.userConsent === true;
  }

  /** Grants (a list of names such as "outlook/SMTP.Send", or true for all permissions) or takes back (null) consent. */
  consent(login, names, clientId) {
    const person = this.#person(login);
    const app = this.#app(clientId);
    if (names === null) this.#idp.consents.revoke(person, app);
    else this.#idp.consents.grantUser(person, app, names === true ? app.permissions : names);
    return this.#idp.consents.granted(person, app);
  }

  /** Registers one more redirect URI, by Microsoft's rules. */
  addRedirect(uri, clientId, platform = 'web') {
    this.#idp.directory.addRedirect(this.#app(clientId).clientId, uri, platform);
  }

  /** Replaces the secrets of an application: [{ id, value, expires }]. */
  secrets(list, clientId) {
    this.#app(clientId).secrets = list.map((s) => ({ ...s, expires: s.expires ? Date.parse(s.expires) : Infinity }));
  }

  /** An access token without a browser, for tests of the mail side. */
  mint(login, scope, { clientId, seconds = 3600 } = {}) {
    const app = this.#app(clientId);
    const person = this.#person(login);
    const [chosen] = parseScopes(scope, app, person.tenant.id).resources;
    const names = chosen.names.map((n) => `${chosen.resource.key}/${n}`);
    return this.#idp.tokens.issueAccess({ person, app, resource: chosen.resource, uri: chosen.uri, names, seconds,
      issuer: `https://sts.windows.net/${person.tenant.id}/` });
  }

  /** Requests seen so far, oldest first, without secrets. */
  log() {
    return this.#idp.log.slice();
  }

  clearLog() {
    this.#idp.log.length = 0;
  }
}

const NAMES = Object.getOwnPropertyNames(Control.prototype).filter((n) => n !== 'constructor');

/** Calls one function of the control by name. Arguments: an array, or one value. */
export function callControl(control, name, args) {
  if (!NAMES.includes(name)) throw new TypeError(`no control function ${name}`);
  return control[name](...(Array.isArray(args) ? args : [args].filter((a) => a !== undefined))) ?? null;
}
