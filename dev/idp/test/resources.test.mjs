import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { checkRedirectUri } from '../directory.mjs';
import * as sampleOrganisation from '../../people.mjs';
import { startIdp } from '../idp.mjs';
import { GRAPH, introspect, link, NORTH, OUTLOOK, refresh, SECRET, start } from './fixture.mjs';

let idp;
before(async () => { idp = await start(); });
after(() => idp.close());

async function me(accessToken, query = '') {
  const response = await fetch(`${idp.url}/v1.0/me${query}`, { headers: accessToken ? { authorization: `Bearer ${accessToken}` } : {} });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function graphToken(options) {
  const { refresh_token: rt } = await link(idp.url, options);
  return (await refresh(idp.url, rt, { scope: GRAPH })).body.access_token;
}

describe('Graph /v1.0/me', () => {
  it('tells UPN and mail apart', async () => {
    const { status, body } = await me(await graphToken({ user: 'mfox@north.onmicrosoft.example' }));
    assert.equal(status, 200);
    assert.equal(body.userPrincipalName, 'mfox@north.onmicrosoft.example');
    assert.equal(body.mail, 'maeve.fox@north.example');
  });

  it('may have no mail, and selects', async () => {
    idp.control.flags('anna@north.example', { noMail: true });
    const { body } = await me(await graphToken(), '?$select=mail,id');
    idp.control.flags('anna@north.example', { noMail: false });
    assert.deepEqual(Object.keys(body).sort(), ['@odata.context', 'id', 'mail']);
    assert.equal(body.mail, null);
  });

  it('serves personal accounts', async () => {
    const { body } = await me(await graphToken({ user: 'sam@outlook.example' }));
    assert.equal(body.id, '9c1debf80752c6a1');
  });

  it('refuses no token, an Outlook token, an id_token and an old token', async () => {
    const body = await link(idp.url);
    for (const bad of [null, 'x', body.access_token, body.id_token]) {
      const answer = await me(bad);
      assert.equal(answer.status, 401);
      assert.equal(answer.body.error.code, 'InvalidAuthenticationToken');
    }
    const good = await graphToken();
    idp.control.advance(5400);
    assert.equal((await me(good)).status, 401);
  });

  it('throttles when told to', async () => {
    const good = await graphToken();
    idp.control.fault({ endpoint: 'graph', status: 429, retryAfter: 3, times: 1 });
    const answer = await me(good);
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get('retry-after'), '3');
    assert.equal((await me(good)).status, 200);
  });
});

describe('introspection for Dovecot', () => {
  it('accepts an Outlook token for both services', async () => {
    for (const user of ['anna@north.example', 'sam@outlook.example']) {
      const { access_token: at, expires_in: seconds } = await link(idp.url, { user });
      for (const service of ['imap', 'submission']) {
        const answer = await introspect(idp.url, at, service);
        assert.equal(answer.active, true);
        assert.equal(answer.username, user);
        assert.equal(answer.exp - answer.iat, seconds);
      }
    }
  });

  it('checks the scope of each service', async () => {
    const imap = idp.control.mint('anna@north.example', 'https://outlook.office.com/IMAP.AccessAsUser.All');
    assert.equal((await introspect(idp.url, imap, 'imap')).active, true);
    assert.equal((await introspect(idp.url, imap, 'submission')).active, false);
    assert.equal((await introspect(idp.url, imap, 'sieve')).active, false);
  });

  it('refuses a Graph token even with the mail scopes of Graph', async () => {
    const graph = idp.control.mint('anna@north.example', 'IMAP.AccessAsUser.All SMTP.Send');
    assert.equal((await introspect(idp.url, graph, 'imap')).active, false);
  });

  it('refuses expired, revoked, disabled, forged and foreign tokens', async () => {
    const { access_token: at } = await link(idp.url);
    assert.equal((await introspect(idp.url, `${at.slice(0, -6)}AAAAAA`, 'imap')).active, false);
    idp.control.flags('anna@north.example', { disabled: true });
    assert.equal((await introspect(idp.url, at, 'imap')).active, false);
    idp.control.flags('anna@north.example', { disabled: false });
    assert.equal((await introspect(idp.url, at, 'imap')).active, true);
    idp.control.revoke('anna@north.example', { refresh: false });
    assert.equal((await introspect(idp.url, at, 'imap')).active, false);
    idp.control.advance(1);
    const short = idp.control.mint('anna@north.example', OUTLOOK, { seconds: 10 });
    assert.equal((await introspect(idp.url, short, 'imap')).active, true);
    idp.control.advance(11);
    assert.equal((await introspect(idp.url, short, 'imap')).active, false);
    const other = await start();
    const foreign = other.control.mint('anna@north.example', OUTLOOK);
    await other.close();
    assert.equal((await introspect(idp.url, foreign, 'imap')).active, false);
  });
});

describe('discovery', () => {
  const read = async (tenant) => (await fetch(`${idp.url}/${tenant}/v2.0/.well-known/openid-configuration`)).json();

  it('has the literal {tenantid} on common and the id elsewhere', async () => {
    assert.equal((await read('common')).issuer, `${idp.url}/{tenantid}/v2.0`);
    assert.equal((await read('north.example')).issuer, `${idp.url}/${NORTH}/v2.0`);
    assert.equal((await read('common')).token_endpoint, `${idp.url}/common/oauth2/v2.0/token`);
  });

  it('knows no other tenant', async () => {
    assert.deepEqual((await read('west.example')).error_codes, [90002]);
  });
});

describe('control', () => {
  const call = (name, args, key = idp.controlKey) => fetch(`${idp.controlUrl}/${name}`, {
    method: 'POST', headers: { 'x-control-key': key }, body: JSON.stringify(args),
  });

  it('wants the key', async () => {
    assert.equal((await call('log', [], 'wrong')).status, 403);
    assert.equal((await fetch(`${idp.controlUrl}/log`)).status, 403);
  });

  it('does over HTTP what it does in-process', async () => {
    const answer = await (await call('fault', { endpoint: 'token', status: 503, times: 1 })).json();
    assert.equal(typeof answer.result, 'number');
    const { refresh_token: rt } = await link(idp.url).then((body) => body ?? link(idp.url));
    assert.ok(rt);
    assert.equal((await call('nothing', [])).status, 400);
    assert.equal((await call('constructor', [])).status, 400);
    assert.equal((await call('flags', ['who@north.example'])).status, 400);
  });

  it('logs requests without secrets', async () => {
    idp.control.clearLog();
    const body = await link(idp.url);
    await refresh(idp.url, body.refresh_token);
    await introspect(idp.url, body.access_token, 'imap');
    const log = idp.control.log();
    const text = JSON.stringify(log);
    for (const secret of [SECRET, 'pw-anna', body.refresh_token, body.access_token, body.id_token]) {
      assert.ok(!text.includes(secret));
    }
    assert.deepEqual(log.filter((e) => e.endpoint === 'token').map((e) => e.grant), ['authorization_code', 'refresh_token']);
    assert.ok(log.every((e) => e.status > 0));
  });
});

describe('registration of redirect URIs', () => {
  const bad = ['http://mail.example/cb', 'https://*.example/cb', 'https://mail.example/cb#x', 'https://mail.example/cb?x=1', 'https://mail.example/(cb)', `https://mail.example/${'x'.repeat(260)}`];
  for (const uri of bad) {
    it(`refuses ${uri.slice(0, 40)}`, () => assert.throws(() => checkRedirectUri(uri, 'AzureADandPersonalMicrosoftAccount')));
  }

  it('takes https and local http', () => {
    for (const uri of ['https://mail.example/cb', 'http://localhost/cb', 'http://127.0.0.1:9/cb']) checkRedirectUri(uri, 'AzureADandPersonalMicrosoftAccount');
  });
});

it('starts with the sample organisation', async () => {
  const sample = await startIdp({ ...sampleOrganisation, port: 0, tls: null });
  const { access_token: at } = { access_token: sample.control.mint('anna.berg@northlight.example', OUTLOOK) };
  assert.equal((await introspect(sample.url, at, 'imap')).username, 'anna.berg@northlight.example');
  await sample.close();
});

it('serves localhost and TLS', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'idp-tls-'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', join(dir, 'key'), '-out', join(dir, 'cert')], { stdio: 'ignore' });
  const tls = { key: readFileSync(join(dir, 'key')), cert: readFileSync(join(dir, 'cert')) };
  rmSync(dir, { recursive: true });
  const secure = await start({ tls });
  const text = await new Promise((done, fail) => {
    request(`${secure.tlsLocalhostUrl}/common/v2.0/.well-known/openid-configuration`, { ca: tls.cert, agent: false }, (response) => {
      let all = '';
      response.on('data', (part) => { all += part; });
      response.on('end', () => done(all));
    }).on('error', fail).end();
  });
  assert.equal(JSON.parse(text).issuer, `${secure.tlsLocalhostUrl}/{tenantid}/v2.0`);
  assert.equal((await fetch(`${secure.localhostUrl}/healthz`)).status, 200);
  await secure.close();
});
