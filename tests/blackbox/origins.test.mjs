// A page of another origin in a real browser: what it may do with a token, and that it may do nothing without one.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { launchBrowser, noBrowser, signInAt } from './support/browser.mjs';
import { startLinked } from './support/linked.mjs';
import { ADMIN } from './support/postroom.mjs';

let linked, postroom, token, elsewhere, browser, context, page;

/** An empty page at another host and port. */
async function startElsewhere() {
  const server = createServer((request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Elsewhere</title>'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

/* These run in a page. */

async function useJmap({ url, token, account }) {
  const headers = { Authorization: `Bearer ${token}` };
  const session = await (await fetch(`${url}/.well-known/jmap`, { headers })).json();
  const call = async (...methodCalls) => {
    const body = JSON.stringify({ using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'], methodCalls });
    const response = await fetch(session.apiUrl, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body });
    return (await response.json()).methodResponses;
  };
  const fill = (address, values) => address.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
  const [[, { ids }]] = await call(['Email/query', { accountId: account, limit: 1 }, '0']);
  const upload = await fetch(fill(session.uploadUrl, { accountId: account }), { method: 'POST', headers: { ...headers, 'Content-Type': 'text/plain' }, body: 'Größe' });
  const { blobId } = await upload.json();
  const download = await fetch(fill(session.downloadUrl, { accountId: account, blobId, name: 'a.txt', type: 'text/plain' }), { headers });
  const stop = new AbortController();
  const events = await fetch(fill(session.eventSourceUrl, { types: 'Email', closeafter: 'state', ping: '0' }), { headers, signal: stop.signal });
  const [[, set]] = await call(['Email/set', { accountId: account, update: { [ids[0]]: { 'keywords/$flagged': true } } }, '0']);
  let told = '';
  for (const reader = events.body.pipeThrough(new TextDecoderStream()).getReader(); !told.includes('StateChange');) {
    const { done, value } = await reader.read();
    if (done) break;
    told += value;
  }
  stop.abort();
  return { uploaded: upload.status, text: await download.text(), name: download.headers.get('Content-Disposition'), updated: Object.keys(set.updated ?? {}), ids, told };
}

/** What a page gets that only has what the browser remembers: a status, or that it may not know. */
async function tryWithout({ url, credentials, how }) {
  try {
    return (await fetch(`${url}/jmap`, { method: 'POST', credentials, ...how, body: '{"using":["urn:ietf:params:jmap:core"],"methodCalls":[]}' })).status;
  } catch (error) {
    return error.name;
  }
}

function trySocket({ url }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/jmap/ws`, 'jmap');
    const got = [];
    socket.onopen = () => {
      socket.send(JSON.stringify({ '@type': 'WebSocketPushEnable', dataTypes: null }));
      socket.send(JSON.stringify({ '@type': 'Request', id: 'R', using: ['urn:ietf:params:jmap:core'], methodCalls: [['Core/echo', { a: 1 }, '0']] }));
    };
    socket.onmessage = ({ data }) => { got.push(JSON.parse(data)); socket.close(); };
    socket.onclose = ({ code }) => resolve({ code, got, protocol: socket.protocol });
  });
}

describe('a page of another origin', { skip: noBrowser, timeout: 300000 }, () => {
  before(async () => {
    [linked, elsewhere, browser] = await Promise.all([startLinked('james.okafor@northlight.example', { mails: 3 }), startElsewhere(), launchBrowser()]);
    ({ postroom } = linked);
    token = postroom.must('token', 'create', ADMIN.email, '--name', 'elsewhere').trim().split(/\s+/).at(-1);
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(elsewhere.url);
  }, { timeout: 300000 });

  after(async () => {
    await browser?.close();
    await elsewhere?.close();
    await linked?.close();
  });

  test('reads, writes, uploads, downloads and listens with a token', async () => {
    const done = await page.evaluate(useJmap, { url: postroom.url, token, account: linked.account });
    assert.equal(done.uploaded, 201);
    assert.equal(done.text, 'Größe');
    assert.match(done.name, /a\.txt/);
    assert.deepEqual(done.updated, done.ids);
    assert.match(done.told, new RegExp(`"${linked.account}":\\{"Email"`));
  });

  test('learns only that it may not without one', async () => {
    const json = { headers: { 'Content-Type': 'application/json' } };
    assert.equal(await page.evaluate(tryWithout, { url: postroom.url, credentials: 'omit', how: json }), 403);
  });

  test('gains nothing by a person who is signed in beside it', async () => {
    const own = await context.newPage();
    await signInAt(own, postroom.url, ADMIN);
    await own.getByText(linked.person.mail).first().waitFor();
    for (const how of [{ headers: { 'Content-Type': 'application/json' } }, {}])
      assert.equal(await page.evaluate(tryWithout, { url: postroom.url, credentials: 'include', how }), 'TypeError');
    const { code, got } = await page.evaluate(trySocket, { url: postroom.url });
    assert.deepEqual([code, got], [1006, []]);
    // The same from a page of Postroom's own.
    const socket = await own.evaluate(trySocket, { url: postroom.url });
    assert.equal(socket.protocol, 'jmap');
    assert.deepEqual(socket.got.map((m) => [m['@type'], m.requestId, m.methodResponses]), [['Response', 'R', [['Core/echo', { a: 1 }, '0']]]]);
    await own.close();
  });
});
