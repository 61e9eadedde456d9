// What the identity provider hands out: codes, tokens, and the checks of each.
// Refresh tokens and personal access tokens are sealed, so no table of them grows during long tests.

import { createCipheriv, createDecipheriv, createHash, createHmac, createSign, createVerify, generateKeyPairSync,
  hkdfSync, randomBytes, randomInt } from 'node:crypto';

import { answerScopes, RESOURCES } from './scopes.mjs';

const b64 = (value) => Buffer.from(value).toString('base64url');
const json64 = (value) => b64(JSON.stringify(value));

const REFRESH_PREFIX = { work: '1.AXoA', personal: 'M.C5' };
const TICKET_PREFIX = 'EwB';

/** Seals small JSON values under a key that is random, or derived from a seed to outlive a restart. */
class Sealer {
  #key;

  constructor(seed) {
    this.#key = seed ? Buffer.from(hkdfSync('sha256', seed, 'idp', 'tokens', 32)) : randomBytes(32);
  }

  seal(value) {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
    return b64(Buffer.concat([iv, cipher.getAuthTag(), body]));
  }

  open(text) {
    try {
      const raw = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, raw.subarray(0, 12));
      decipher.setAuthTag(raw.subarray(12, 28));
      return JSON.parse(Buffer.concat([decipher.update(raw.subarray(28)), decipher.final()]).toString());
    } catch {
      return null;
    }
  }
}

export class Tokens {
  constructor({ directory, clock, seed }) {
    this.directory = directory;
    this.clock = clock;
    this.sealer = new Sealer(seed);
    this.keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.kid = createHash('sha256').update(this.keys.publicKey.export({ type: 'spki', format: 'der' })).digest('base64url').slice(0, 27);
    this.codes = new Map();
    this.pairwise = randomBytes(32);
    this.lifetimes = { access: null, refresh: 90 * 86400, code: 600, idToken: 3600 };
  }

  seconds() {
    return Math.floor(this.clock.now() / 1000);
  }

  jwks(issuer) {
    const { n, e } = this.keys.publicKey.export({ format: 'jwk' });
    return { keys: [{ kty: 'RSA', use: 'sig', kid: this.kid, x5t: this.kid, n, e, issuer }] };
  }

  #sign(header, claims) {
    const text = `${json64({ typ: 'JWT', alg: 'RS256', kid: this.kid, ...header })}.${json64(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.keys.privateKey, 'base64url')}`;
  }

  /** Stores what the token request must repeat; answers with the code. */
  issueCode(grant) {
    const now = this.seconds();
    for (const [code, old] of this.codes) if (old.expires + 3600 < now) this.codes.delete(code);
    const prefix = grant.person.personal ? 'M.C5' : '1.AXoA';
    const code = `${prefix}${b64(randomBytes(grant.person.personal ? 30 : 300))}`;
    this.codes.set(code, { ...grant, issued: now, expires: now + this.lifetimes.code, used: false });
    return code;
  }

  issueRefresh(grant) {
    const prefix = grant.person.personal ? REFRESH_PREFIX.personal : REFRESH_PREFIX.work;
    return `${prefix}.${this.sealer.seal({
      kind: 'refresh', oid: grant.person.oid, cid: grant.app.clientId, names: grant.names, uri: grant.uri,
      iat: this.clock.now() / 1000, platform: grant.platform, pad: b64(randomBytes(600)),
    })}`;
  }

  openRefresh(text) {
    const prefix = Object.values(REFRESH_PREFIX).find((p) => text.startsWith(`${p}.`));
    const value = prefix ? this.sealer.open(text.slice(prefix.length + 1)) : null;
    return value?.kind === 'refresh' ? value : null;
  }

  accessSeconds() {
    return this.lifetimes.access ?? randomInt(3600, 5400);
  }

  /** An access token for one resource: a JWT for work accounts, an opaque ticket for personal ones. */
  issueAccess({ person, app, resource, uri, names, issuer, seconds }) {
    const now = this.seconds();
    const scopes = answerScopes(names, resource, uri).map((s) => s.slice(s.lastIndexOf('/') + 1));
    const claims = {
      aud: resource.key === 'graph' ? resource.appId : uri, iss: issuer, iat: now, nbf: now, exp: now + seconds,
      appid: app.clientId, app_displayname: app.name, oid: person.oid, tid: person.tenant.id, upn: person.upn,
      unique_name: person.upn, name: person.name, scp: scopes.join(' '), xms_iat: this.clock.now() / 1000, ver: '1.0', uti: b64(randomBytes(16)),
    };
    if (person.personal) {
      return `${TICKET_PREFIX}${this.sealer.seal({ kind: 'ticket', ...claims, pad: b64(randomBytes(500)) })}`;
    }
    const nonce = resource.key === 'graph' ? { nonce: b64(randomBytes(32)) } : {};
    return this.#sign({ x5t: this.kid, ...nonce }, { ...claims, xms_pad: b64(randomBytes(500)) });
  }

  #openJwt(token) {
    const parts = token.split('.');
    if (parts.length !== 3) return null;
    const verify = createVerify('RSA-SHA256').update(`${parts[0]}.${parts[1]}`);
    if (!verify.verify(this.keys.publicKey, parts[2], 'base64url')) return null;
    const claims = JSON.parse(Buffer.from(parts[1], 'base64url').toString());
    return claims.scp === undefined ? null : claims;
  }

  /**
   * Claims of a live access token, or null: unknown, expired, revoked, or of a disabled account.
   * An id_token is not an access token and is refused.
   */
  openAccess(token) {
    if (typeof token !== 'string' || token.length > 16384) return null;
    const ticket = token.startsWith(TICKET_PREFIX) ? this.sealer.open(token.slice(TICKET_PREFIX.length)) : null;
    let claims = ticket?.kind === 'ticket' ? ticket : null;
    try {
      claims ??= this.#openJwt(token);
    } catch {
      return null;
    }
    if (!claims || claims.exp <= this.seconds()) return null;
    const person = this.directory.personByOid(claims.oid);
    if (!person || person.flags.disabled || claims.xms_iat <= person.accessValidFrom) return null;
    const resource = Object.values(RESOURCES).find((r) => r.appId === claims.aud || r.uris.includes(claims.aud));
    return { claims, person, resource, scopes: claims.scp.split(' ') };
  }

  /** The id_token of OpenID Connect as Entra gives it. `change` overrides claims, for tests. */
  issueIdToken({ person, app, names, nonce, issuer, change }) {
    const now = this.seconds();
    const claims = {
      ver: '2.0', iss: issuer, aud: app.clientId, iat: now, nbf: now, exp: now + this.lifetimes.idToken,
      sub: createHmac('sha256', this.pairwise).update(`${person.oid}/${app.clientId}`).digest('base64url'),
      tid: person.tenant.id, uti: b64(randomBytes(16)), rh: `1.${b64(randomBytes(18))}`,
    };
    if (nonce !== undefined) claims.nonce = nonce;
    if (names.includes('profile')) {
      Object.assign(claims, { oid: person.oid, name: person.name, preferred_username: person.upn });
    }
    const email = person.flags.noEmailClaim ? null : person.mail;
    if (names.includes('email') && email) claims.email = email;
    for (const [key, value] of Object.entries(change ?? {})) {
      if (value === null) delete claims[key];
      else claims[key] = value;
    }
    return this.#sign({}, claims);
  }
}
