// Who has agreed to what. Names are those of scopes.mjs grantNames().

export class Consents {
  constructor(clock) {
    this.clock = clock;
    this.byUser = new Map();
    this.byTenant = new Map();
    this.revokedAt = new Map();
  }

  #key(owner, app) {
    return `${owner}|${app.clientId}`;
  }

  /** Everything the person has granted, or an administrator for the whole tenant. */
  granted(person, app) {
    const own = this.byUser.get(this.#key(person.oid, app)) ?? [];
    const all = this.byTenant.get(this.#key(person.tenant.id, app)) ?? [];
    return [...new Set([...own, ...all])];
  }

  grantUser(person, app, names) {
    const key = this.#key(person.oid, app);
    this.byUser.set(key, [...new Set([...(this.byUser.get(key) ?? []), ...names])]);
  }

  grantTenant(tenant, app, names) {
    const key = this.#key(tenant.id, app);
    this.byTenant.set(key, [...new Set([...(this.byTenant.get(key) ?? []), ...names])]);
  }

  /** Takes consent back: from then on refresh tokens issued before answer 65001. */
  revoke(person, app) {
    this.byUser.delete(this.#key(person.oid, app));
    this.byTenant.delete(this.#key(person.tenant.id, app));
    this.revokedAt.set(this.#key(person.oid, app), this.clock.now() / 1000);
  }

  /**
   * What a refresh token may still be used for. Its own names count as granted (they outlive a
   * restart of this program) unless consent was taken back after it was issued.
   */
  grantedTo(refresh, person, app) {
    const revoked = this.revokedAt.get(this.#key(person.oid, app));
    const now = this.granted(person, app);
    return revoked !== undefined && refresh.iat <= revoked ? now : [...new Set([...now, ...refresh.names])];
  }
}
