// The servers of an address, found from the address alone: by a table, the provider's own description, SRV and MX records. Names are asked of a
// server of the test's own, and its addresses lead to loopback through a proxy, so that nothing leaves the machine.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { after, before, test } from 'node:test';

import { makeCertificates } from '../../dev/mail/certs.mjs';
import { startGateway, startNameServer } from './support/internet.mjs';
import { startOrganisation, temporary, until } from './support/organisation.mjs';
import { Postroom } from './support/postroom.mjs';

const MAIL = '203.0.113.20', WEB = '203.0.113.30', INSIDE = '10.20.30.40';
const HOSTS = ['autoconfig.paper.example', 'mill.example', 'www.mill.example', 'autoconfig.bomb.example', 'autoconfig.loop.example', 'autoconfig.plain.example'];
const config = (more = '', type = 'SSL') => `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x"><domain>x</domain>
  <incomingServer type="pop3"><hostname>pop.x.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
  <incomingServer type="imap"><hostname>imap.paper.example</hostname><port>993</port><socketType>${type}</socketType><username>%EMAILLOCALPART%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.paper.example</hostname><port>587</port><socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>${more}</emailProvider></clientConfig>`;

let org, names, gateway, web, certificates, postroom, client;
const seen = [];

function answer(request, response) {
  seen.push(`${request.headers.host}${request.url}`);
  const host = request.headers.host.replace(/:.*/, '');
  const send = (text) => response.writeHead(200, { 'Content-Type': 'text/xml' }).end(text);
  if (host === 'autoconfig.paper.example') return send(config());
  if (host === 'autoconfig.plain.example') return send(config('', 'plain'));
  if (host === 'mill.example') return response.writeHead(302, { Location: 'https://www.mill.example/mail.xml' }).end();
  if (host === 'www.mill.example') return send(config());
  if (host === 'autoconfig.loop.example') return response.writeHead(302, { Location: request.url }).end();
  if (host === 'autoconfig.bomb.example') return send(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>${config('<x>&b;</x>')}`);
  return response.writeHead(404).end();
}

before(async () => {
  org = await startOrganisation(['--mails', '10']);
  certificates = temporary('certificates');
  const { cert, key, caFile } = makeCertificates(certificates.dir, HOSTS, 'Authority of the small internet');
  web = https.createServer({ cert, key }, answer);
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  const at = (address) => ({ A: [address] });
  names = await startNameServer({
    'lampworks.example': {}, 'mail.lampworks.example': at(MAIL),
    '_imaps._tcp.lampworks.example': { SRV: [{ priority: 20, port: 1, host: 'spare.lampworks.example' }, { priority: 10, port: 993, host: 'mail.lampworks.example' }] },
    '_submissions._tcp.lampworks.example': { SRV: [{ port: 465, host: 'mail.lampworks.example' }] },
    '_imaps._tcp.none.example': { SRV: [{ port: 0, host: '.' }] }, 'none.example': {},
    'office.example': { MX: [{ priority: 0, host: 'office-example.mail.protection.outlook.com' }] },
    'gsuite.example': { MX: [{ priority: 1, host: 'aspmx.l.google.com' }] },
    'inside.example': {}, 'autoconfig.inside.example': at(INSIDE),
    ...Object.fromEntries(HOSTS.map((host) => [host, at(WEB)])),
  });
  gateway = await startGateway({ [`${WEB}:443`]: web.address().port, [`${MAIL}:993`]: org.dovecot.imapsPort, [`${MAIL}:465`]: org.dovecot.submissionsPort });
  postroom = new Postroom({
    config: { 'network.dns_servers': names.address, 'network.proxy': gateway.address, 'network.allowed': '203.0.113.0/24' },
  });
  postroom.env.SSL_CERT_FILE = postroom.file('ca.pem', readFileSync(org.caFile, 'utf8') + readFileSync(caFile, 'utf8'));
  postroom.addUser();
  await postroom.serve();
  client = await postroom.signIn();
}, { timeout: 120000 });

after(async () => {
  await postroom?.close();
  await Promise.all([gateway?.close(), names?.close(), org?.close()]);
  web?.closeAllConnections();
  web?.close();
  certificates?.remove();
});

const find = (address) => until(`the servers of ${address}`, async () => {
  const found = await client.call('Autoconfig/find', { accountId: client.user.id, address });
  return found.state === 'done' && found;
}, { ms: 15000 });
const tried = (found) => Object.fromEntries(found.tried.map((one) => [one.source, one.state]));

test('well-known domains need nobody', async () => {
  const before = names.asked.length;
  const found = await find('somebody@gmx.de');
  assert.deepEqual([found.source, found.imap, found.appPassword], ['table', { host: 'imap.gmx.net', port: 993, security: 'tls' }, false]);
  assert.equal((await find('somebody@yahoo.com')).appPassword, true);
  assert.equal((await find('somebody@outlook.com')).providerType, 'microsoft');
  assert.equal(names.asked.length, before);
});

test('the provider’s own description, also behind a redirect; the address goes to its own domain only', async () => {
  const found = await find('anna.berg@paper.example');
  assert.deepEqual([found.source, found.imap, found.smtp, found.loginIsLocalPart],
    ['autoconfig', { host: 'imap.paper.example', port: 993, security: 'tls' }, { host: 'smtp.paper.example', port: 587, security: 'starttls' }, true]);
  assert.ok(seen.includes('autoconfig.paper.example/mail/config-v1.1.xml?emailaddress=anna.berg%40paper.example'), seen.join());
  assert.equal((await find('x@mill.example')).source, 'well-known');
});

test('SRV records, the preferred one; a dot means that there is no such service', async () => {
  const found = await find('workshop@lampworks.example');
  assert.deepEqual([found.source, found.imap, found.smtp], ['srv', { host: 'mail.lampworks.example', port: 993, security: 'tls' }, { host: 'mail.lampworks.example', port: 465, security: 'tls' }]);
  assert.equal((await find('x@none.example')).source, null);
});

test('a mail exchanger tells whose sign-in it is', async () => {
  assert.deepEqual([(await find('x@office.example')).providerType, (await find('x@office.example')).source], ['microsoft', 'mx']);
  assert.equal((await find('x@gsuite.example')).providerType, 'google');
});

test('nothing is published: it says so, soon', async () => {
  const found = await find('x@nothing.example');
  assert.deepEqual([found.source, found.imap, found.smtp], [null, null, null]);
  assert.deepEqual(tried(found), { table: 'none', mx: 'none', autoconfig: 'none', 'well-known': 'none', srv: 'none' });
});

test('hosts inside are never dialled, bombs and loops end, plain text is not proposed', async () => {
  const inside = await find('x@inside.example');
  assert.equal(tried(inside).autoconfig, 'failed');
  assert.equal(inside.tried.find((one) => one.source === 'autoconfig').problem, 'address-forbidden');
  assert.ok(!gateway.asked.some((target) => target.startsWith(INSIDE)), gateway.asked.join());
  for (const domain of ['bomb', 'loop', 'plain']) assert.equal((await find(`x@${domain}.example`)).source, null, domain);
});

test('what is no address is refused, and one person may ask only so often', async () => {
  for (const address of ['x', 'x@', '@x.example', 'x@localhost', 'x@127.0.0.1', 'x@[::1]', 'x@a..b', `x@${'a'.repeat(400)}.example`])
    await assert.rejects(client.call('Autoconfig/find', { accountId: client.user.id, address }), { type: 'invalidArguments' }, address);
  const answers = [];
  for (let i = 0; i < 36; i++) answers.push(await client.call('Autoconfig/find', { accountId: client.user.id, address: `x@many${i}.example` }).then(() => 'ok', (error) => error.type));
  assert.ok(answers.includes('rateLimit') || answers.includes('serverUnavailable'), answers.join());
});

test('a mailbox found by SRV is tried and linked with what was found', async () => {
  const person = org.person('workshop@lampworks.example');
  const { imap, smtp } = await find(person.mail);
  const settings = { address: person.mail, imapUrl: `imaps://${imap.host}:${imap.port}`, smtpUrl: `smtps://${smtp.host}:${smtp.port}`, password: person.password };
  const { id } = await client.call('AccountCheck/run', { accountId: client.user.id, ...settings });
  const check = await until('the check to end', async () => { const { list } = await client.call('AccountCheck/get', { accountId: client.user.id, ids: [id] }); return list[0].state === 'done' && list[0]; });
  assert.deepEqual(check.rows.map((row) => [row.check, row.state]), ['address', 'imap', 'folders', 'smtp', 'start'].map((name) => [name, 'ok']));
  const { created } = await client.call('LinkedAccount/set', { accountId: client.user.id, create: { x: { ...settings, since: '2020-01-01T00:00:00Z' } } });
  assert.ok(created?.x?.id);
  await postroom.settled(person.mail);
});
