import assert from 'node:assert/strict';
import { createPublicKey, createVerify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { APP, CALLBACK, claimsOf, CONSUMERS, EXPIRED, GRAPH, link, NORTH, OUTLOOK, redeem, refresh, SCOPES, SECRET, SECRET_ID,
  SINGLE, start, token, walk, WORK_ONLY } from './fixture.mjs';

let idp;
before(async () => { idp = await start(); });
after(() => idp.close());

function assertError(answer, code, error, status = 400) {
  assert.equal(answer.body.error_codes?.[0], code, answer.text);
  assert.equal(answer.body.error, error);
  assert.equal(answer.status, status);
  assert.match(answer.body.error_description, new RegExp(`^AADSTS${code}: .+ Trace ID: ${answer.body.trace_id} Correlation ID: ${answer.body.correlation_id} Timestamp: ${answer.body.timestamp}$`));
  assert.match(answer.body.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
}

describe('redeeming a code', () => {
  it('gives one resource, all of its granted scopes, a refresh token and an id_token', async () => {
    const body = await link(idp.url);
    assert.equal(body.token_type, 'Bearer');
    assert.equal(body.scope, OUTLOOK);
    assert.ok(body.expires_in >= 3600 && body.expires_in < 5400);
    const access = claimsOf(body.access_token);
    assert.equal(access.aud, 'https://outlook.office.com');
    assert.equal(access.scp, 'IMAP.AccessAsUser.All SMTP.Send');
    const id = claimsOf(body.id_token);
    assert.equal(id.aud, APP);
    assert.equal(id.iss, `${idp.url}/${NORTH}/v2.0`);
    assert.equal(id.tid, NORTH);
    assert.equal(id.nonce, 'the-nonce');
    assert.equal(id.preferred_username, 'anna@north.example');
    assert.equal(id.email, 'anna@north.example');
    assert.match(id.oid, /^[0-9a-f-]{36}$/);
    assert.ok(id.exp > id.iat);
  });

  it('signs with the published key', async () => {
    const { access_token: jwt } = await link(idp.url);
    const keys = await (await fetch(`${idp.url}/common/discovery/v2.0/keys`)).json();
    const [head, claims, signature] = jwt.split('.');
    const key = keys.keys.find((k) => k.kid === JSON.parse(Buffer.from(head, 'base64url')).kid);
    const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`);
    assert.ok(verify.verify(createPublicKey({ key, format: 'jwk' }), signature, 'base64url'));
  });

  it('leaves the email claim out when told to', async () => {
    idp.control.flags('anna@north.example', { noEmailClaim: true });
    const body = await link(idp.url);
    idp.control.flags('anna@north.example', { noEmailClaim: false });
    assert.equal(claimsOf(body.id_token).email, undefined);
  });

  it('gives personal accounts an opaque token and the consumers tenant', async () => {
    const body = await link(idp.url, { user: 'sam@outlook.example' });
    assert.match(body.access_token, /^EwB[A-Za-z0-9_-]+$/);
    const id = claimsOf(body.id_token);
    assert.equal(id.tid, CONSUMERS);
    assert.equal(id.oid, '00000000-0000-0000-9c1d-ebf80752c6a1');
  });

  it('gives no refresh token without offline_access and no id_token without openid', async () => {
    const done = await walk(idp.url, { scope: OUTLOOK });
    const { body } = await redeem(idp.url, done);
    assert.equal(body.refresh_token, undefined);
    assert.equal(body.id_token, undefined);
  });

  it('works once; a second use is 54005', async () => {
    const done = await walk(idp.url);
    assert.equal((await redeem(idp.url, done)).status, 200);
    assertError(await redeem(idp.url, done), 54005, 'invalid_grant');
  });

  it('works for ten minutes', async () => {
    const done = await walk(idp.url);
    idp.control.advance(601);
    assertError(await redeem(idp.url, done), 70008, 'invalid_grant');
  });

  const rows = [
    ['scopes of two resources', 28000, 'invalid_request', { scope: SCOPES }],
    ['no scope after two resources', 28003, 'invalid_request', { scope: null }],
    ['a wrong verifier', 501481, 'invalid_grant', { code_verifier: 'x'.repeat(50) }],
    ['no verifier', 501481, 'invalid_grant', { code_verifier: null }],
    ['another redirect URI', 500112, 'invalid_client', { redirect_uri: CALLBACK.replace('8025', '8026') }],
    ['a wrong secret', 7000215, 'invalid_client', { client_secret: 'wrong' }, 401],
    ['the Secret ID instead of the value', 7000215, 'invalid_client', { client_secret: SECRET_ID }, 401],
    ['an expired secret', 7000222, 'invalid_client', { client_secret: EXPIRED }, 401],
    ['no secret', 7000218, 'invalid_client', { client_secret: null }, 401],
    ['an unknown application', 700016, 'unauthorized_client', { client_id: '00000000-5e2b-4d6f-8a37-1b9c4e7d2f60' }],
    ['the code of another application', 70000, 'invalid_grant', { client_id: WORK_ONLY }],
    ['a code that is not one', 9002313, 'invalid_grant', { code: 'nonsense' }],
    ['a scope nobody consented to', 65001, 'invalid_grant', { scope: 'https://outlook.office.com/Mail.ReadWrite' }],
    ['no grant type', 900144, 'invalid_request', { grant_type: null }],
    ['another grant type', 70003, 'unsupported_grant_type', { grant_type: 'password' }],
  ];
  for (const [name, code, error, change, status] of rows) {
    it(`refuses ${name}`, async () => {
      const done = await walk(idp.url);
      assertError(await redeem(idp.url, done, change), code, error, status);
      if (change.scope !== undefined) assert.equal((await redeem(idp.url, done)).status, 200, 'the code is still good');
    });
  }

  it('refuses another tenant than the code was issued at', async () => {
    const done = await walk(idp.url);
    assertError(await redeem(idp.url, done, {}, NORTH), 700005, 'invalid_grant');
  });

  it('refuses a verifier when the request had no challenge', async () => {
    const done = await walk(idp.url, { code_challenge: null, code_challenge_method: null });
    assertError(await redeem(idp.url, done), 501481, 'invalid_grant');
  });

  it('refuses a single-tenant application on common and accepts its tenant', async () => {
    const done = await walk(idp.url, { tenant: NORTH, client_id: SINGLE });
    assertError(await redeem(idp.url, done, { client_id: SINGLE }), 50194, 'invalid_request');
    assert.equal((await redeem(idp.url, done, { client_id: SINGLE }, NORTH)).status, 200);
  });

  it('takes the client by HTTP Basic', async () => {
    const done = await walk(idp.url);
    const basic = Buffer.from(`${APP}:${encodeURIComponent(SECRET)}`).toString('base64');
    const response = await fetch(`${idp.url}/common/oauth2/v2.0/token`, {
      method: 'POST', headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: done.code, code_verifier: done.verifier, redirect_uri: CALLBACK, scope: OUTLOOK }),
    });
    assert.equal(response.status, 200);
  });

  it('takes POST of a form only', async () => {
    const get = await fetch(`${idp.url}/common/oauth2/v2.0/token`);
    assert.equal((await get.json()).error_codes[0], 900561);
    const json = await fetch(`${idp.url}/common/oauth2/v2.0/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    assert.equal((await json.json()).error_codes[0], 900144);
  });
});

describe('refreshing', () => {
  it('gives a new refresh token and leaves the old one alive', async () => {
    const first = await link(idp.url);
    const second = (await refresh(idp.url, first.refresh_token)).body;
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal((await refresh(idp.url, first.refresh_token)).status, 200);
    assert.equal((await refresh(idp.url, second.refresh_token)).status, 200);
  });

  it('serves the other resource, and the first of two silently', async () => {
    const { refresh_token: rt } = await link(idp.url);
    const graph = (await refresh(idp.url, rt, { scope: GRAPH })).body;
    assert.match(graph.scope, /graph\.microsoft\.com\/User\.Read/);
    assert.equal(claimsOf(graph.access_token).aud, '00000003-0000-0000-c000-000000000000');
    const both = (await refresh(idp.url, rt, { scope: `${OUTLOOK} ${GRAPH}` })).body;
    assert.equal(claimsOf(both.access_token).aud, 'https://outlook.office.com');
    const none = (await refresh(idp.url, rt, { scope: null })).body;
    assert.equal(claimsOf(none.access_token).aud, 'https://outlook.office.com');
  });

  it('ends after 90 days unused', async () => {
    const { refresh_token: rt } = await link(idp.url);
    idp.control.advance(89 * 86400);
    assert.equal((await refresh(idp.url, rt)).status, 200);
    idp.control.advance(2 * 86400);
    assertError(await refresh(idp.url, rt), 700082, 'invalid_grant');
  });

  it('ends for a personal account with 70008', async () => {
    const { refresh_token: rt } = await link(idp.url, { user: 'sam@outlook.example' });
    idp.control.advance(91 * 86400);
    assertError(await refresh(idp.url, rt), 70008, 'invalid_grant');
  });

  it('ends when revoked, and a new link works again', async () => {
    const { refresh_token: rt } = await link(idp.url);
    idp.control.revoke('anna@north.example');
    const refused = await refresh(idp.url, rt);
    assertError(refused, 50173, 'invalid_grant');
    assert.equal(refused.body.suberror, 'bad_token');
    idp.control.advance(1);
    const again = await link(idp.url);
    assert.equal((await refresh(idp.url, again.refresh_token)).status, 200);
  });

  it('needs consent that was taken back again', async () => {
    const { refresh_token: rt } = await link(idp.url);
    idp.control.consent('anna@north.example', null);
    const refused = await refresh(idp.url, rt);
    assertError(refused, 65001, 'invalid_grant');
    assert.equal(refused.body.suberror, 'consent_required');
  });

  it('refuses disabled and blocked accounts', async () => {
    const { refresh_token: rt } = await link(idp.url);
    idp.control.flags('anna@north.example', { disabled: true });
    assertError(await refresh(idp.url, rt), 50057, 'invalid_grant');
    idp.control.flags('anna@north.example', { disabled: false, blocked: true });
    assertError(await refresh(idp.url, rt), 53003, 'invalid_grant');
    idp.control.flags('anna@north.example', { blocked: false });
  });

  it('refuses the refresh token of another application and nonsense', async () => {
    const { refresh_token: rt } = await link(idp.url);
    assertError(await refresh(idp.url, rt, { client_id: WORK_ONLY }), 70000, 'invalid_grant');
    assertError(await refresh(idp.url, 'nonsense'), 9002313, 'invalid_grant');
    const { access_token: at } = await link(idp.url, { user: 'sam@outlook.example' });
    assertError(await refresh(idp.url, `M.C5.${at.slice(3)}`), 9002313, 'invalid_grant');
  });

  it('outlives a restart when a seed is given', async () => {
    const one = await start({ seed: 'fixed' });
    const { refresh_token: rt } = await link(one.url);
    await one.close();
    const two = await start({ seed: 'fixed' });
    const answer = await refresh(two.url, rt);
    await two.close();
    assert.equal(answer.status, 200);
  });
});

describe('faults at the token endpoint', () => {
  const codes = [[50076, 'invalid_grant', 400], [50173, 'invalid_grant', 400], [70043, 'invalid_grant', 400], [90055, 'temporarily_unavailable', 429],
    [90024, 'temporarily_unavailable', 503], [7000222, 'invalid_client', 401], [50196, 'invalid_grant', 400], [700016, 'unauthorized_client', 400]];
  for (const [code, error, status] of codes) {
    it(`${code} for one person, then well again`, async () => {
      const { refresh_token: rt } = await link(idp.url);
      idp.control.fault({ endpoint: 'token', user: 'anna@north.example', grant: 'refresh_token', code, times: 1 });
      assertError(await refresh(idp.url, rt), code, error, status);
      assert.equal((await refresh(idp.url, rt)).status, 200);
    });
  }

  it('429 with Retry-After, 503, garbage, a flood and a dropped line', async () => {
    const { refresh_token: rt } = await link(idp.url);
    idp.control.fault({ endpoint: 'token', status: 429, retryAfter: 7, times: 1 });
    const slow = await refresh(idp.url, rt);
    assert.equal(slow.status, 429);
    assert.equal(slow.headers.get('retry-after'), '7');
    idp.control.fault({ endpoint: 'token', status: 503, times: 1 });
    assert.equal((await refresh(idp.url, rt)).status, 503);
    idp.control.fault({ endpoint: 'token', raw: '{"access_token":', times: 1 });
    assert.equal((await refresh(idp.url, rt).catch((e) => e)).constructor, SyntaxError);
    idp.control.fault({ endpoint: 'token', rawBytes: 3_000_000, times: 1 });
    assert.equal((await refresh(idp.url, rt)).text.length, 3_000_000);
    idp.control.fault({ endpoint: 'token', drop: true, times: 1 });
    await assert.rejects(refresh(idp.url, rt));
    assert.equal((await refresh(idp.url, rt)).status, 200);
  });

  it('fewer scopes than asked, missing members, changed claims', async () => {
    idp.control.fault({ endpoint: 'token', limitScopes: ['outlook/IMAP.AccessAsUser.All'], times: 1 });
    const body = await link(idp.url);
    assert.equal(body.scope, 'https://outlook.office.com/IMAP.AccessAsUser.All');
    idp.control.fault({ endpoint: 'token', omit: ['refresh_token'], times: 1 });
    assert.equal((await link(idp.url)).refresh_token, undefined);
    idp.control.fault({ endpoint: 'token', claims: { nonce: 'other', tid: null }, times: 1 });
    const id = claimsOf((await link(idp.url)).id_token);
    assert.equal(id.nonce, 'other');
    assert.equal(id.tid, undefined);
  });

  it('is deaf to an unknown client without a fault', async () => {
    assertError(await token(idp.url, { grant_type: 'refresh_token' }), 900144, 'invalid_request');
  });
});
