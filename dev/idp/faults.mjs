// Faults that tests switch on: at one endpoint, for one person or everybody, for the next N requests or for good.

/**
 * A fault: { endpoint, user?, client?, grant?, resource?, times?, and what happens: code | status (with
 * retryAfter) | drop | delayMs | raw | omit | claims | limitScopes }. Endpoints: authorize, token, graph,
 * introspect, discovery, keys.
 */
export class Faults {
  constructor() {
    this.list = [];
    this.next = 1;
  }

  add(given) {
    if (!given.endpoint) throw new TypeError('a fault needs an endpoint');
    const fault = { id: this.next++, hits: 0, ...given, left: given.times ?? Infinity };
    this.list.push(fault);
    return fault.id;
  }

  remove(id) {
    this.list = this.list.filter((f) => f.id !== id);
  }

  clear() {
    this.list = [];
  }

  /** Takes the first fault that fits `about` and has one of the wanted effects. */
  take(about, effects) {
    const same = (a, b) => String(a).toLowerCase() === String(b ?? '').toLowerCase();
    const fault = this.list.find((f) => f.left > 0
      && effects.some((e) => f[e] !== undefined)
      && ['endpoint', 'user', 'client', 'grant', 'resource'].every((k) => f[k] === undefined || same(f[k], about[k])));
    if (!fault) return null;
    fault.left -= 1;
    fault.hits += 1;
    return fault;
  }
}
