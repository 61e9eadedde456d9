// A browser without a screen: cookies, the CSRF header, JMAP, and the forms of the sign-in service.

import assert from 'node:assert/strict';

export const USING = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail', 'urn:ietf:params:jmap:submission', 'urn:ietf:params:jmap:quota', 'urn:ietf:params:jmap:blob', 'urn:postroom:manage'];

export class Client {
  cookies = new Map(); // "host:port" -> Map

  constructor(url) {
    this.url = url;
  }

  #jar(url) {
    const key = new URL(url).host;
    if (!this.cookies.has(key)) this.cookies.set(key, new Map());
    return this.cookies.get(key);
  }

  /** fetch with cookies; redirects are not followed. */
  async fetch(target, options = {}) {
    const url = new URL(target, `${this.url}/`);
    const jar = this.#jar(url);
    const headers = { ...options.headers };
    if (jar.size) headers.cookie = [...jar].map(([k, v]) => `${k}=${v}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...options, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      if (/max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(name.length + 1));
    }
    return response;
  }

  async signIn(email, password) {
    const response = await this.fetch('auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: this.url }, body: JSON.stringify({ email, password }) });
    assert.equal(response.status, 200, `sign-in: ${response.status} ${await response.clone().text()}`);
    const { csrf, user } = await response.json();
    Object.assign(this, { csrf, user });
    return this;
  }

  headers(more = {}) {
    return { 'Content-Type': 'application/json', 'X-Postroom-CSRF': this.csrf, Origin: this.url, ...more };
  }

  async session() {
    return (await this.fetch('.well-known/jmap')).json();
  }

  /** Raw API request; the Response. */
  post(body, headers = {}) {
    return this.fetch('jmap', { method: 'POST', headers: this.headers(headers), body: typeof body === 'string' ? body : JSON.stringify(body) });
  }

  /** [[name, args], …] -> [[name, result], …]. */
  async calls(methodCalls) {
    const response = await this.post({ using: USING, methodCalls: methodCalls.map(([name, args], i) => [name, args, `c${i}`]) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text).methodResponses;
  }

  /** One method; its result. A method error is thrown. */
  async call(name, args) {
    const [[got, result]] = await this.calls([[name, args]]);
    if (got === 'error') throw Object.assign(new Error(`${name}: ${result.type} ${result.description ?? ''}`), result);
    return result;
  }

  /** The JMAP account id of an address. */
  async account(address) {
    const { accounts } = await this.session();
    const found = Object.entries(accounts).find(([, a]) => a.name === address);
    assert.ok(found, `no account ${address} in ${JSON.stringify(Object.values(accounts).map((a) => a.name))}`);
    return found[0];
  }

  async mailboxes(accountId) {
    const { list } = await this.call('Mailbox/get', { accountId, ids: null });
    return Object.fromEntries(list.map((m) => [m.role ?? m.name, m]));
  }

  async upload(accountId, bytes, type = 'application/octet-stream') {
    const response = await this.fetch(`jmap/upload/${accountId}/`, { method: 'POST', headers: this.headers({ 'Content-Type': type }), body: bytes });
    assert.ok(response.status === 201 || response.status === 200, `upload: ${response.status}`);
    return response.json();
  }

  async download(accountId, blobId, name = 'x', type = 'application/octet-stream') {
    const response = await this.fetch(`jmap/download/${accountId}/${blobId}/${name}?type=${encodeURIComponent(type)}`);
    assert.equal(response.status, 200);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Follows redirects by hand until the browser is back at Postroom, or on a page of the sign-in service. */
  async #follow(response, hold = false) {
    let at = response;
    for (let hops = 0; hops < 10 && at.status >= 300 && at.status < 400; hops++) {
      const next = new URL(at.headers.get('location'), at.url);
      if (next.pathname.startsWith('/link/')) return { done: next };
      if (hold && next.pathname.endsWith('/callback')) return { done: next };
      at = await this.fetch(next);
    }
    return { page: await at.text(), status: at.status, url: at.url };
  }

  async #submit(place, fields, hold) {
    const action = /<form[^>]*action="([^"]+)"/.exec(place.page)?.[1];
    assert.ok(action, `no form on ${place.url}: ${place.page.slice(0, 400)}`);
    const flow = /name="flow"[^>]*value="([^"]*)"/.exec(place.page)[1];
    return this.#follow(await this.fetch(new URL(action.replaceAll('&amp;', '&'), place.url), { method: 'POST', body: new URLSearchParams({ flow, ...fields }) }), hold);
  }

  /**
   * Links a mailbox as a person would: start, sign in, consent. Answers { done: URL of link/done or link/failed } or { page } when the sign-in
   * service showed a page of its own. answer: 'accept' or 'decline'; person: who signs in; hint: the typed address. agreed: fetch without asking for
   * the start date first. hold: stop before the callback, whose URL is `done` then.
   */
  async link({ provider = 'microsoft', hint, person, since = '', answer = 'accept', account, agreed = true, hold = false }) {
    const query = new URLSearchParams({ ...(agreed ? {} : { hold: '1' }), ...(hint === undefined ? {} : { login_hint: hint }), ...(since ? { since } : {}), ...(account ? { account } : {}) });
    let place = await this.#follow(await this.fetch(`oauth/${provider}/start?${query}`), hold);
    if (place.done) return place;
    if (place.page.includes('id="other-account"')) {
      const tile = place.page.includes(`data-upn="${person.upn}"`) ? person.upn : '';
      place = await this.#submit(place, { account: tile }, hold);
    }
    if (!place.done && place.page.includes('id="signin-form"')) place = await this.#submit(place, { username: person.upn, password: person.password }, hold);
    if (!place.done && place.page.includes('id="accept"')) place = await this.#submit(place, { answer }, hold);
    return place;
  }

  /** link() that must end at link/done; the account id. */
  async linked(person, more = {}) {
    const { done, page } = await this.link({ hint: person.mail, person, ...more });
    assert.ok(done?.pathname.endsWith('/link/done'), `linking ended at ${done ?? page?.slice(0, 600)}`);
    return done.searchParams.get('account');
  }

  /** Reads server-sent events until stop(event) says so. */
  async events({ types = '*', ms = 15000 } = {}, stop = () => true) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ms);
    const seen = [];
    try {
      const response = await this.fetch(`jmap/eventsource?types=${types}&closeafter=no&ping=5`, { signal: abort.signal, headers: { Accept: 'text/event-stream' } });
      assert.equal(response.status, 200);
      let text = '';
      for await (const piece of response.body) {
        text += Buffer.from(piece).toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = Object.fromEntries(text.slice(0, end).split('\n').filter((l) => l.includes(':')).map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1).trim()]));
          text = text.slice(end + 2);
          seen.push(event);
          if (stop(event, seen)) return seen;
        }
      }
    } catch (error) {
      if (error.name !== 'AbortError') throw error;
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
    return seen;
  }
}
