// Faults and limits that tests switch on, and the counters they read afterwards.

export const IMAP_FAULTS = ['throttle', 'unavailable', 'dropAfter', 'midLiteral', 'garbage', 'delay', 'emptyFetch', 'emptyCopyuid', 'byeAfterIdle', 'bye',
  'notConnected', 'refuseLogin', 'brokenStructure', 'no', 'hang'];
export const SMTP_FAULTS = ['reply', 'closeAfterData', 'delay', 'throttle', 'sentDelay', 'noSentCopy', 'dropAfter'];

export class Faults {
  #next = 1;

  constructor() { this.list = []; }

  /**
   * A fault: {service: 'imap'|'smtp', kind, person?: any address, command?: 'FETCH', 'UID FETCH', 'MAIL' …, folder?: that SELECT,
   * STATUS … name first, times?: default for ever, skip?: let so many fitting ones pass first, and what the kind needs: ms, bytes, reply, delivered}.
   * Answers with its id.
   */
  add(given) {
    const kinds = { imap: IMAP_FAULTS, smtp: SMTP_FAULTS }[given.service];
    if (!kinds) throw new TypeError('service must be imap or smtp');
    if (!kinds.includes(given.kind)) throw new TypeError(`kind must be one of ${kinds.join(', ')}`);
    const fault = { hits: 0, skip: 0, ...given, id: this.#next++, left: given.times ?? Infinity };
    this.list.push(fault);
    return fault.id;
  }

  remove(id) { this.list = this.list.filter((f) => f.id !== id); }

  clear() { this.list = []; }

  /** Uses up the first fault of that kind that fits; null when there is none. owner: the person, or null before login. */
  take(service, kind, owner = null, command = null, folder = null) {
    if (this.list.length === 0) return null;
    const fault = this.list.find((f) => f.left > 0 && f.service === service && f.kind === kind
      && (!f.owner || f.owner === owner) && (!f.command || f.command.toUpperCase() === command) && (!f.folder || f.folder === folder));
    if (!fault) return null;
    if (fault.skip > 0) { fault.skip--; return null; }
    fault.left--;
    fault.hits++;
    return fault;
  }
}

/** Counts by person and name; persons are UPNs, '-' before a login. */
export class Counters {
  constructor() { this.clear(); }

  clear() { this.people = new Map(); }

  add(person, name, n = 1) {
    const key = person?.upn ?? '-';
    if (!this.people.has(key)) this.people.set(key, {});
    const row = this.people.get(key);
    row[name] = (row[name] ?? 0) + n;
  }

  read() { return Object.fromEntries(this.people); }
}
