// SECURITY.md at the doors: who may ask, what may be asked, what goes out. Numbers in the names are those of SECURITY.md.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { ask, send, webServer } from './support/hostile.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, PROGRAM, Postroom } from './support/postroom.mjs';

const MEMBER = { email: 'member@northlight.example', password: 'another horse 43' };
const VICTIM = { email: 'victim@northlight.example', password: 'a third horse 44' };
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

let org, postroom, client, member, anna, account;

before(async () => {
  org = await startOrganisation(['--mails', '20']);
  anna = org.person('main');
  /* No network is allowed here: what a user or a mail names must be public. The organisation is the administrator's choice. */
  postroom = new Postroom({ env: { POSTROOM_NETWORK_ALLOWED: '' }, config: { 'server.log_level': 'debug' } });
  postroom.addUser();
  for (const { email, password } of [MEMBER, VICTIM]) postroom.addUser(email, password, false);
  postroom.setProvider(org);
  await postroom.serve();
  client = await postroom.signIn();
  member = await postroom.signIn(MEMBER.email, MEMBER.password);
  account = await client.linked(anna);
  await postroom.settled(anna.mail);
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const basic = (email, password) => `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`;
const call = (method, target, options) => ask(postroom.port, method, target, options);
const login = (email, password, headers = {}) => call('POST', '/auth/login', { headers: { 'Content-Type': 'application/json', Origin: postroom.url, ...headers }, body: JSON.stringify({ email, password }) });
const cookieOf = (browser) => ({ Cookie: [...browser.cookies.get(`localhost:${postroom.port}`)].map(([k, v]) => `${k}=${v}`).join('; ') });
const echo = JSON.stringify({ using: ['urn:ietf:params:jmap:core'], methodCalls: [['Core/echo', { here: true }, 'c']] });

let serial = 0;
async function deliver(subject, body, headers = 'Content-Type: text/html; charset=utf-8', where = { postroom, client, account }) {
  await org.control('append', { person: anna.mail, message: `From: x@elsewhere.example\nTo: ${anna.mail}\nSubject: ${subject}\nMessage-ID: <security-${++serial}@elsewhere.example>\nMIME-Version: 1.0\n${headers}\n\n${body}\n` });
  return until(subject, async () => {
    const { ids: [id] } = await where.client.call('Email/query', { accountId: where.account, filter: { subject }, limit: 1 });
    if (!id) return null;
    const { list: [email] } = await where.client.call('Email/get', { accountId: where.account, ids: [id], properties: ['postroom:state', 'blobId'] });
    return email['postroom:state'] === 'pending' ? null : { id, ...email };
  });
}

const view = async (id, remoteImages = false, where = { client, account }) => (await where.client.call('EmailView/get', { accountId: where.account, ids: [id], remoteImages })).list[0];

/* --- 4: sign-in ------------------------------------------------------------------------------------------------------------------ */

test('4: login and Basic share one limit a user, whatever address they come from', async () => {
  const from = (n) => ({ 'X-Forwarded-For': `198.51.100.${n}` });
  const refused = [];
  for (let i = 0; i < 10; i++) {
    const answer = i % 2 ? await login(VICTIM.email.toUpperCase(), `wrong ${i}`, from(i)) : await call('GET', '/jmap/session', { headers: { Authorization: basic(VICTIM.email, `wrong ${i}`), ...from(i) } });
    refused.push(answer.status);
  }
  assert.deepEqual(refused, Array(10).fill(401));
  const right = await login(VICTIM.email, VICTIM.password, from(77));
  assert.equal(right.status, 429);
  assert.ok(Number(right.headers['retry-after']) > 0);
  assert.equal((await call('GET', '/jmap/session', { headers: { Authorization: basic(VICTIM.email, VICTIM.password), ...from(78) } })).status, 429);
  assert.equal((await login(MEMBER.email, MEMBER.password, from(1))).status, 200);
});

test('4: Bearer, Basic and login share one limit an address', async () => {
  const from = { 'X-Forwarded-For': '198.51.100.200' };
  let last;
  for (let i = 0; i < 60 && last?.status !== 429; i++) {
    last = i % 3 === 0 ? await login(`nobody-${i}@elsewhere.example`, 'wrong', from)
      : await call('GET', '/jmap/session', { headers: { ...from, Authorization: i % 3 === 1 ? `Bearer wrong-${i}` : basic(`nobody-${i}@elsewhere.example`, 'wrong') } });
    assert.ok([401, 429].includes(last.status), `${last.status}`);
  }
  assert.equal(last.status, 429);
  assert.equal((await login(ADMIN.email, ADMIN.password, from)).status, 429);
  assert.equal((await call('GET', '/jmap/session', { headers: { ...from, Authorization: 'Bearer x' } })).status, 429);
  assert.equal((await login(ADMIN.email, ADMIN.password, { 'X-Forwarded-For': '198.51.100.201' })).status, 200);
});

test('4: a /64 of IPv6 counts as one address, and tokens without a name do not shut each other out', async () => {
  const statuses = new Set();
  for (let i = 0; i < 60; i++) statuses.add((await call('GET', '/jmap/session', { headers: { 'X-Forwarded-For': `2001:db8:1:2:${i}::${i}`, Authorization: `Bearer wrong-${i}` } })).status);
  assert.deepEqual([...statuses], [401, 429]);
  assert.equal((await call('GET', '/jmap/session', { headers: { 'X-Forwarded-For': '2001:db8:1:3::1', Authorization: 'Bearer wrong' } })).status, 401);
  for (let i = 0; i < 12; i++) assert.equal((await call('GET', '/jmap/session', { headers: { 'X-Forwarded-For': `198.51.100.${240 + i}`, Authorization: basic('', `wrong ${i}`) } })).status, 401);
});

test('4: an unknown user takes as long as a wrong password', async () => {
  const time = async (email) => {
    const took = [];
    for (let i = 0; i < 3; i++) {
      const begun = performance.now();
      assert.equal((await login(email, `wrong ${i}`, { 'X-Forwarded-For': '198.51.100.220' })).status, 401);
      took.push(performance.now() - begun);
    }
    return Math.min(...took);
  };
  const known = await time(MEMBER.email), unknown = await time('stranger@northlight.example');
  assert.ok(unknown > known * 0.5, `${unknown} ms against ${known} ms`);
});

test('4: JMAP takes application/json only, from whomever', async () => {
  const Authorization = basic(ADMIN.email, ADMIN.password);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', null]) {
    const answer = await call('POST', '/jmap', { headers: { Authorization, ...(type ? { 'Content-Type': type } : {}) }, body: echo });
    assert.equal(answer.status, 400, `${type}`);
    assert.match(answer.text, /notJSON/);
  }
  assert.equal((await call('POST', '/jmap', { headers: { Authorization, 'Content-Type': 'application/json; charset=utf-8' }, body: echo })).status, 200);
});

test('4: a write by cookie needs this session’s CSRF token and our Origin', async () => {
  const json = { 'Content-Type': 'application/json', ...cookieOf(client) };
  const good = { ...json, Origin: postroom.url, 'X-Postroom-CSRF': client.csrf };
  assert.equal((await call('POST', '/jmap', { headers: good, body: echo })).status, 200);
  const without = (name) => Object.fromEntries(Object.entries(good).filter(([k]) => k !== name));
  const bad = {
    'no token': without('X-Postroom-CSRF'),
    'an empty token': { ...good, 'X-Postroom-CSRF': '' },
    'another session’s token': { ...good, 'X-Postroom-CSRF': member.csrf },
    'no origin': without('Origin'),
    'a foreign origin': { ...good, Origin: 'https://evil.example' },
    'an opaque origin': { ...good, Origin: 'null' },
    'another port': { ...good, Origin: `http://localhost:${postroom.port + 1}` },
    'our name as a prefix': { ...good, Origin: `${postroom.url}.evil.example` },
    'another site': { ...good, 'Sec-Fetch-Site': 'cross-site' },
    'a sister site': { ...good, 'Sec-Fetch-Site': 'same-site' },
  };
  for (const [what, headers] of Object.entries(bad))
    for (const target of ['/jmap', `/jmap/upload/${account}/`, '/auth/logout']) assert.equal((await call('POST', target, { headers, body: echo })).status, 403, `${what}: ${target}`);
  assert.equal((await call('GET', '/auth/session', { headers: cookieOf(client) })).status, 200);
});

test('4: a browser that sends Basic by itself cannot be used from elsewhere, and nobody is signed in from elsewhere', async () => {
  const Authorization = basic(ADMIN.email, ADMIN.password);
  const Origin = 'https://evil.example';
  /* What needs no preflight is refused; what needs one does not get the browser's own password, since no answer allows credentials. */
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
    for (const target of ['/jmap', `/jmap/upload/${account}/`]) assert.equal((await call('POST', target, { headers: { Authorization, 'Content-Type': type, Origin }, body: echo })).status, 403, `${type}: ${target}`);
  const asked = { Origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' };
  for (const target of ['/jmap/session', '/jmap', '/']) assert.equal((await call('OPTIONS', target, { headers: asked })).headers['access-control-allow-credentials'], undefined);
  assert.equal((await call('OPTIONS', '/', { headers: asked })).headers['access-control-allow-origin'], undefined);
  assert.equal((await call('OPTIONS', '/auth/login', { headers: asked })).headers['access-control-allow-origin'], undefined);
  const forced = await login(ADMIN.email, ADMIN.password, { Origin: 'https://evil.example' });
  assert.equal(forced.status, 403);
  assert.equal(forced.headers['set-cookie'], undefined);
});

test('4: the session cookie is HttpOnly, Lax, and ends with logout', async () => {
  const answer = await login(MEMBER.email, MEMBER.password);
  const [cookie] = answer.headers['set-cookie'];
  assert.match(cookie, /^postroom_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
  const browser = await postroom.signIn(MEMBER.email, MEMBER.password);
  const stolen = cookieOf(browser);
  assert.equal((await call('POST', '/auth/logout', { headers: { ...stolen, ...browser.headers() } })).status, 204);
  assert.equal((await call('GET', '/jmap/session', { headers: stolen })).status, 401);
});

test('4: who is not signed in is refused before the body is read', async () => {
  for (const [target, length] of [[`/jmap/upload/${account}/`, 40 << 20], ['/jmap', 9 << 20]]) {
    for (const credentials of ['', `Authorization: ${basic(ADMIN.email, 'wrong')}\r\n`, 'Authorization: Bearer x\r\n', 'Cookie: postroom_session=x\r\n']) {
      const head = `POST ${target} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.230\r\nContent-Type: application/json\r\n${credentials}`;
      assert.match(await send(postroom.port, `${head}Content-Length: ${length}\r\n\r\n`), /^HTTP\/1\.1 401 /, `${target} ${credentials}`);
      assert.match(await send(postroom.port, `${head}Transfer-Encoding: chunked\r\n\r\n400\r\n`), /^HTTP\/1\.1 401 /, `${target} chunked ${credentials}`);
    }
  }
});

/* --- 2: others' mail ------------------------------------------------------------------------------------------------------------- */

test('2: foreign and missing accounts and blobs answer with the same bytes at every HTTP door', async () => {
  const { blobId } = await client.upload(account, 'mine alone', 'text/plain');
  const { list: [mail] } = await client.call('Email/get', { accountId: account, ids: (await client.call('Email/query', { accountId: account, limit: 1 })).ids, properties: ['blobId'] });
  const same = async (make) => {
    const answers = [];
    for (const where of [account, 'a4711', 'a0', 'x']) answers.push(await make(where));
    for (const { status, text } of answers) assert.deepEqual({ status, text }, { status: 404, text: answers[0].text });
  };
  for (const blob of [blobId, mail.blobId, `${mail.blobId}-1`, 'b4711']) await same((where) => call('GET', `/jmap/download/${where}/${blob}/x?type=text/plain`, { headers: cookieOf(member) }));
  await same((where) => call('POST', `/jmap/upload/${where}/`, { headers: { ...cookieOf(member), ...member.headers() }, body: 'x' }));
  assert.deepEqual(Object.keys((await member.session()).accounts), [member.user.id]);
});

test('2: a member cannot reach another’s account, person, or the providers by any id', async () => {
  const theirs = client.user.id;
  await assert.rejects(member.call('Email/query', { accountId: account }), { type: 'accountNotFound' });
  await assert.rejects(member.call('LinkedAccount/get', { accountId: theirs, ids: null }), { type: 'accountNotFound' });
  const { notUpdated } = await member.call('LinkedAccount/set', { accountId: member.user.id, update: { [account]: { paused: true }, a4711: { paused: true } } });
  assert.equal(notUpdated[account].type, 'notFound');
  assert.deepEqual(notUpdated[account], notUpdated.a4711);
  const { notDestroyed } = await member.call('LinkedAccount/set', { accountId: member.user.id, destroy: ['a4711', account] });
  assert.deepEqual(notDestroyed[account], notDestroyed.a4711);
  const refused = await member.call('Provider/set', { accountId: member.user.id, update: { microsoft: { authority: 'https://evil.example' } }, destroy: ['microsoft'], create: { k: { name: 'evil', type: 'microsoft', clientId: org.apps[0].clientId, clientSecret: 'x' } } }).catch((error) => ({ error }));
  assert.ok(refused.error?.type === 'forbidden' || [refused.notUpdated?.microsoft, refused.notDestroyed?.microsoft, refused.notCreated?.k].every((e) => e?.type === 'forbidden'), JSON.stringify(refused));
  const { list: [provider] } = await member.call('Provider/get', { accountId: member.user.id, ids: null });
  for (const property of ['clientId', 'clientSecret', 'authority', 'caFile', 'problem']) assert.equal(provider[property], undefined, property);
  const relink = await member.fetch(`oauth/microsoft/start?account=${account}`);
  const missing = await member.fetch('oauth/microsoft/start?account=a4711');
  assert.equal(relink.headers.get('location'), missing.headers.get('location'));
  assert.match(relink.headers.get('location'), /link\/failed\?code=/);
});

test('2: events of others do not reach a member', async () => {
  const seen = member.events({ ms: 4000 }, () => false);
  await deliver('Only Anna’s', '<p>x</p>');
  for (const event of await seen) assert.equal((event.data ?? '').includes(account), false, event.data);
});

/* --- 6: the application's origin -------------------------------------------------------------------------------------------------- */

test('6: scripts run by a nonce of this very answer only; styles have none', async () => {
  const nonces = new Set();
  for (const target of ['/', '/index.html', '/settings/microsoft', '/link/failed?code=x', '/']) {
    const answer = await call('GET', target);
    if (answer.status === 404 && /not built/.test(answer.text)) return;
    const policy = Object.fromEntries(answer.headers['content-security-policy'].split(';').map((d) => d.trim().split(/\s+(.*)/)));
    const nonce = /^'nonce-([\w+/=]{22,})'$/.exec(policy['script-src'])?.[1];
    assert.ok(nonce, policy['script-src']);
    nonces.add(nonce);
    assert.equal(policy['default-src'], "'none'");
    assert.equal(policy['object-src'], "'none'");
    assert.equal(policy['frame-ancestors'], "'none'");
    assert.doesNotMatch(policy['style-src'], /nonce/);
    const scripts = answer.text.match(/<script\b[^>]*>/g);
    assert.ok(scripts.length > 0);
    for (const tag of scripts) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
    assert.doesNotMatch(answer.text, /\son\w+=|javascript:/i);
  }
  assert.equal(nonces.size, 5);
});

test('6: what was uploaded is saved, never run or shown in our origin', async () => {
  const files = { 'x.html': '<script>alert(1)</script>', 'x.svg': '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'x.js': 'alert(1)', 'x.xhtml': '<html xmlns="http://www.w3.org/1999/xhtml"/>' };
  for (const [name, text] of Object.entries(files)) {
    const { blobId } = await client.upload(account, text, 'text/html');
    for (const type of ['text/html', 'image/svg+xml', 'text/javascript', 'application/xhtml+xml', 'text/css', 'text/html; charset=utf-8', 'x\r\nX-Evil: 1', '']) {
      const at = `/jmap/download/${account}/${blobId}/${name}?type=${encodeURIComponent(type)}`;
      const answer = await call('GET', at, { headers: cookieOf(client) });
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-disposition'], /^attachment; filename="/, at);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      const policy = answer.headers['content-security-policy'];
      assert.match(policy, /^sandbox; default-src 'none'/);
      assert.doesNotMatch(policy, /allow-/);
      assert.equal(answer.headers['x-evil'], undefined);
      assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
      for (const destination of ['script', 'style', 'worker', 'sharedworker', 'serviceworker', 'embed', 'object', 'xslt', 'manifest', 'audioworklet'])
        assert.equal((await call('GET', at, { headers: { ...cookieOf(client), 'Sec-Fetch-Dest': destination } })).status, 403, destination);
    }
  }
  const { blobId } = await client.upload(account, 'x', 'text/plain');
  const odd = await call('GET', `/jmap/download/${account}/${blobId}/${encodeURIComponent('a"; filename=evil.html; x="')}?type=text/plain`, { headers: cookieOf(client) });
  assert.match(odd.headers['content-disposition'], /^attachment; filename="[^"]*"; filename\*=UTF-8''[^;"]*$/);
  assert.equal((await call('GET', `/jmap/download/${account}/${blobId}/a%0d%0aX-Evil:%201?type=text/plain`, { headers: cookieOf(client) })).status, 400);
});

/* --- 7: a hostile mail ------------------------------------------------------------------------------------------------------------ */

const HOSTILE = `<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/"><link rel="stylesheet" href="/x.css">
<style>@import url(/steal.css); body { background: url("/oauth/microsoft/start") } p::after { content: url(https://evil.example/a) } a[href^="x"] { color: red }</style>
<img src="/oauth/microsoft/start?login_hint=x"><img src="oauth/microsoft/start"><img src="../auth/logout"><img src="//localhost/x"><img src="\\\\localhost\\x">
<img src="${'{{HERE}}'}/oauth/microsoft/start"><img src="mail-image/forged"><img src="${'{{HERE}}'}/mail-image/forged"><img srcset="/auth/session 1x, https://evil.example/b 2x"><img src=x onerror=alert(1)>
<picture><source srcset="/a"><img src="blob:x"></picture><video src="/v" poster="/p"></video><audio src="/a"></audio><object data="/o"></object><embed src="/e"><iframe src="/" srcdoc="<script>1</script>"></iframe>
<form action="/auth/logout" method="post"><button formaction="/jmap">x</button><input name=q></form><table background="/t"><tr><td background="/u" style="background-image:url(/w);width:1px">x</td></tr></table>
<a href="/settings">one</a><a href="javascript:alert(1)">two</a><a href="data:text/html,x">three</a><a href="?x">four</a><a href="//evil.example">five</a><a href="java&#10;script:alert(1)">six</a><a href="https://ok.example/">seven</a>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a><image href="/s"/><use href="/u#x"/><style>*{background:url(/z)}</style></svg><math><mtext><img src=x onerror=alert(1)></mtext></math>
<p style="background:url('/oauth/microsoft/start')">p</p><p style="content:'\\75rl(/x)'">q</p><p style="background-image: \\75\\72\\6c(/esc)">r</p><p style="list-style:image-set('/is' 1x)">s</p><div style="position:fixed;inset:0;z-index:99999">cover</div><script>alert(1)</script>`;

test('7: a mail’s HTML has no address of ours and none without scheme, no script, no CSS url()', async () => {
  const { id } = await deliver('Hostile markup', HOSTILE.replaceAll('{{HERE}}', postroom.url));
  for (const remote of [false, true]) {
    const { html, state } = await view(id, remote);
    assert.equal(state, 'ready');
    assert.match(html, /ok\.example/);
    for (const [, name, value] of html.matchAll(/\s([\w:-]+)\s*=\s*"([^"]*)"/g)) {
      assert.doesNotMatch(name, /^(on|srcset|background|poster|action|formaction|data$|xlink|srcdoc|http-equiv)/i, `${name}=${value}`);
      if (name === 'src') assert.match(value, remote ? /^(mail-image\/[\w-]{40,}|data:image\/)/ : /^data:image\//, value);
      if (name === 'href') assert.match(value, /^(https?:\/\/|mailto:|tel:|#)/, value);
      if (name === 'style') assert.doesNotMatch(value, /url|\\|image-set|@import|expression|position\s*:\s*(fixed|sticky)/i, value);
    }
    assert.doesNotMatch(html, /<(script|iframe|object|embed|form|input|button|base|meta|link|svg|math|video|audio|source|frame)\b/i);
    assert.doesNotMatch(html.replace(/<[^>]*>/g, ''), /url\(\s*['"]?[/h]/i);
    for (const style of html.match(/<style[\s\S]*?<\/style>/gi) ?? []) assert.doesNotMatch(style, /url|@import|\\/i);
    /* Where images are wanted, not one of them is ours: each address asks us to fetch, and we do not fetch ourselves. */
    for (const [, token] of html.matchAll(/src="mail-image\/([\w-]+)"/g)) {
      const claim = Buffer.from(token, 'base64url').subarray(32).toString();
      assert.match(claim, / r https?:\/\//, claim);
    }
  }
});

test('7: an image’s address is its reader’s alone, and cannot be altered', async () => {
  const { id } = await deliver('Inline image', `--b\nContent-Type: text/html\n\n<img src="cid:dot">\n--b\nContent-Type: image/gif\nContent-ID: <dot>\nContent-Transfer-Encoding: base64\n\n${GIF.toString('base64')}\n--b--`, 'Content-Type: multipart/related; boundary=b');
  const { html } = await view(id);
  const at = /src="(mail-image\/[\w-]+)"/.exec(html)[1];
  const get = (target, browser, headers = {}) => call('GET', `/${target}`, { headers: { ...(browser ? cookieOf(browser) : {}), ...headers } });
  const good = await get(at, client);
  assert.equal(good.status, 200);
  assert.equal(good.headers['content-type'], 'image/gif');
  assert.equal(good.headers['x-content-type-options'], 'nosniff');
  assert.equal((await get(at, null)).status, 401);
  assert.equal((await get(at, member)).status, 404);
  for (const destination of ['script', 'style', 'iframe', 'object']) assert.equal((await get(at, client, { 'Sec-Fetch-Dest': destination })).status, 403, destination);
  const token = at.slice('mail-image/'.length);
  const bytes = Buffer.from(token, 'base64url');
  const altered = [0, 31, 32, bytes.length - 1].map((i) => { const copy = Buffer.from(bytes); copy[i] ^= 1; return copy.toString('base64url'); });
  const claim = bytes.subarray(32).toString();
  const forged = Buffer.concat([bytes.subarray(0, 32), Buffer.from(claim.replace(/ b \S+$/, ` r http://127.0.0.1:${org.ports.idp}/`))]).toString('base64url');
  for (const bad of [...altered, forged, token.slice(0, -3), `${token}AAAA`, `${token}=`, 'x', '..%2fauth%2fsession', '%00']) assert.ok([400, 404].includes((await get(`mail-image/${bad}`, client)).status), bad);
});

/* --- 5: the internal network ------------------------------------------------------------------------------------------------------ */

const LOOPBACKS = ['127.0.0.1', '127.1', '0x7f000001', '2130706433', '0.0.0.0', 'localhost', 'localhost.', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[::]'];
const PRIVATE = ['10.0.0.1', '192.168.1.1', '172.16.0.1', '169.254.169.254', '100.64.0.1', '[fe80::1]', '[fd00::1]', '[::ffff:10.0.0.1]'];

test('5: an image that a mail names is not fetched from our own network', async () => {
  const bait = await webServer((request, response) => response.end(GIF), '::');
  try {
    const { id } = await deliver('Internal images', [...LOOPBACKS, ...PRIVATE].map((host) => `<img src="http://${host}:${bait.port}/${encodeURIComponent(host)}">`).join('\n'));
    const { html } = await view(id, true);
    const found = [...html.matchAll(/src="(mail-image\/[\w-]+)"/g)].map((m) => m[1]);
    assert.ok(found.length >= LOOPBACKS.length, html);
    for (const at of found) {
      const { status } = await call('GET', `/${at}`, { headers: cookieOf(client) });
      assert.ok([400, 403, 502].includes(status), `${status}`);
    }
    assert.deepEqual(bait.hits, []);
  } finally {
    await bait.close();
  }
});

test('5: an image that redirects into our network is not followed', { timeout: 300000 }, async () => {
  const inner = await webServer((request, response) => response.end(GIF), '127.0.0.2');
  const outer = await webServer((request, response) => {
    if (request.url === '/good') setTimeout(() => response.end(GIF), 300);
    else response.writeHead(302, { Location: decodeURIComponent(request.url.slice(1)) }).end();
  });
  /* As if 127.0.0.1 were the internet, and 127.0.0.2 the network behind. */
  const other = new Postroom({ env: { POSTROOM_NETWORK_ALLOWED: '127.0.0.1/32' } });
  try {
    other.addUser();
    other.setProvider(org);
    await other.serve();
    const browser = await other.signIn();
    const where = { postroom: other, client: browser, account: await browser.linked(anna) };
    await other.settled(anna.mail);
    const targets = [`http://127.0.0.2:${inner.port}/a`, `http://[::ffff:127.0.0.2]:${inner.port}/b`, `//127.0.0.2:${inner.port}/c`, 'file:///etc/passwd', `gopher://127.0.0.2:${inner.port}/d`];
    const { id } = await deliver('Redirects', ['good', ...targets].map((to) => `<img src="http://127.0.0.1:${outer.port}/${encodeURIComponent(to)}">`).join('\n'), undefined, where);
    const { html } = await view(id, true, where);
    const statuses = [], found = [...html.matchAll(/src="(mail-image\/[\w-]+)"/g)].map(([, at]) => at);
    /* Several that want it at once have it fetched once. */
    for (const { status } of await Promise.all([0, 1, 2].map(() => browser.fetch(found[0])))) assert.equal(status, 200);
    for (const at of found) statuses.push((await browser.fetch(at)).status);
    assert.equal(statuses[0], 200);
    assert.equal(statuses.length, 1 + targets.length);
    for (const status of statuses.slice(1)) assert.ok([403, 502].includes(status), `${statuses}`);
    assert.equal(outer.hits.length, 1 + targets.length);
    assert.deepEqual(inner.hits, []);
  } finally {
    await other.close();
    await inner.close();
    await outer.close();
  }
});

test('5: a mail server that a user names must have a public address', async () => {
  const bait = await webServer((request, response) => response.end('* OK\r\n'), '::');
  let connected = 0;
  const { createServer } = await import('node:net');
  const mail = createServer((socket) => { connected++; socket.end('* OK [CAPABILITY IMAP4rev1] x\r\n'); });
  await new Promise((resolve) => mail.listen(0, '::', resolve));
  try {
    const { port } = mail.address();
    for (const host of [...LOOPBACKS, ...PRIVATE]) {
      for (const scheme of ['imaps', 'imap+starttls', 'imap']) {
        const { notCreated } = await member.call('LinkedAccount/set', { accountId: member.user.id, create: { k: { address: 'me@elsewhere.example', imapUrl: `${scheme}://${host}:${port}`, smtpUrl: 'smtps://smtp.elsewhere.example', password: 'x' } } });
        assert.ok(notCreated?.k, `${scheme}://${host}`);
        assert.doesNotMatch(JSON.stringify(notCreated.k), /CAPABILITY|refused|reset/i);
      }
    }
    assert.equal(connected, 0);
    const { notCreated } = await member.call('LinkedAccount/set', { accountId: member.user.id, create: { k: { address: 'me@elsewhere.example', imapUrl: `imaps://127.0.0.1:${port}`, smtpUrl: 'smtps://smtp.elsewhere.example', password: 'x' } } });
    assert.match(JSON.stringify(notCreated.k), /not public|private address/);
  } finally {
    await new Promise((resolve) => mail.close(resolve));
    await bait.close();
  }
});

/* --- 13, 16 ----------------------------------------------------------------------------------------------------------------------- */

test('13: no address is made of the Host header, and no redirect leaves for where a request says', async () => {
  const strange = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.example', ...cookieOf(client) };
  const session = JSON.parse((await call('GET', '/.well-known/jmap', { headers: strange })).text);
  for (const key of ['apiUrl', 'downloadUrl', 'uploadUrl', 'eventSourceUrl']) assert.ok(session[key].startsWith(`${postroom.url}/`), session[key]);
  const start = new URL((await call('GET', '/oauth/microsoft/start', { headers: strange })).headers.location);
  assert.equal(start.searchParams.get('redirect_uri'), `${postroom.url}/oauth/microsoft/callback`);
  for (const target of ['/', 'http://evil.example/', '//evil.example/', '/%2f%2fevil.example', '/\\evil.example', '/link/failed?next=https://evil.example', '/?next=//evil.example',
    '/oauth/microsoft/callback?state=x&code=x&next=https://evil.example', '/oauth/evil.example/start', '/oauth/https:%2f%2fevil.example/start', '/oauth/microsoft/callback?admin_consent=True&next=//evil.example', '/oauth/microsoft/callback?error=https://evil.example&state=x']) {
    for (const headers of [strange, { Host: 'evil.example' }]) {
      const { headers: got, text } = await call('GET', target, { headers });
      if (got.location) assert.ok(got.location.startsWith(`${postroom.url}/`) || /^\/(?![/\\])/.test(got.location), `${target}: ${got.location}`);
      assert.doesNotMatch(text.replaceAll(/\s+/g, ' '), /(href|src|action|content)="[^"]*evil\.example/);
    }
  }
});

test('16: the log has no query, no control characters and no addresses of ours in the metrics', async () => {
  for (const target of ['/oauth/microsoft/start?login_hint=CanaryHint', '/oauth/microsoft/callback?code=CanaryCode&state=CanaryState', '/jmap/eventsource?types=CanaryTypes&closeafter=state', '/?x=CanaryQuery', '/oauth/Canary%1b[31mPath/start', '/oauth/Canary%c2%9b31mPath/start', '/metrics?x=CanaryMetrics'])
    await Promise.race([call('GET', target, { headers: cookieOf(client) }), new Promise((resolve) => setTimeout(resolve, 500))]);
  await login('Canary\u001b]0;x\u0007@evil.example', 'CanaryPassword\u001b[31m');
  await login('Canary\u009b31m@evil.example', 'x');
  const log = postroom.log();
  assert.match(log, /http\.request/);
  assert.doesNotMatch(log, /Canary(Hint|Code|State|Types|Query|Metrics|Password)/);
  assert.doesNotMatch(log, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u);
  assert.doesNotMatch((await call('GET', '/metrics')).text, /@|northlight/);
});

test('16: a crash leaves no core file with secrets in it', (t) => {
  const dumps = (words) => spawnSync('bash', ['-c', `ulimit -c unlimited || exit 3; "$@" >&2 & sleep 1; kill -ABRT $!; wait $!`, 'x', ...words], { cwd: postroom.dir, env: { ...postroom.env, LC_ALL: 'C' }, encoding: 'utf8' });
  const usual = dumps(['sleep', '10']);
  if (!/core dumped/.test(usual.stderr)) return t.skip('this machine keeps no core files');
  const ours = dumps([PROGRAM, 'serve', '--data', `${postroom.dir}/data-core`, '--listen', '127.0.0.1:0']);
  assert.match(ours.stderr, /Aborted/);
  assert.doesNotMatch(ours.stderr, /core dumped/);
});

test('12: npm runs no scripts, and its packages are locked by hash', () => {
  const root = new URL('../../', import.meta.url);
  const lock = JSON.parse(readFileSync(new URL('web/package-lock.json', root), 'utf8'));
  for (const [name, entry] of Object.entries(lock.packages)) if (name && !entry.link) assert.match(entry.integrity ?? '', /^sha512-/, name);
  assert.equal(Object.keys(lock.packages).includes('node_modules/node'), false);
  for (const file of ['Makefile', 'tools/install-deps', '.ci/run']) for (const line of readFileSync(new URL(file, root), 'utf8').split('\n')) if (/\bnpm (ci|install|i)\b/.test(line)) assert.match(line, /npm ci --ignore-scripts/, `${file}: ${line}`);
});
