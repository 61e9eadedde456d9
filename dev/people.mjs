// Who works in the sample organisation: tenants, people, registered apps.
//
// Plain data, shared by the identity provider (dev/idp) and the mail server (dev/mail). Passwords are those of made-up people on a
// loopback-only server. Secrets of the apps are made anew at each start of the process, so that none can be copied into a test.

import { randomBytes } from 'node:crypto';

/** The tenant id that Microsoft gives to every personal account. */
export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

const NORTHLIGHT = '6f1d8c52-3a0b-4b7e-9c46-2d5e0a71b3f4';
const HARBORLINE = 'b84e07a9-51c3-4f2d-8e6a-90c1f7d35e28';

/** Mail to this domain is accepted and then comes back as a bounce (RFC 3464). */
export const BOUNCE_DOMAIN = 'bounce.example';

/** Mail to this domain, the outside world, is accepted and vanishes. */
export const OUTSIDE_DOMAIN = 'elsewhere.example';

/** kind: 'work' or 'consumers'. domains are verified ones and may stand for the tenant in an address. */
export const tenants = [
  { id: NORTHLIGHT, name: 'Northlight Optics', kind: 'work', domains: ['northlight.example', 'northlight.onmicrosoft.example'] },
  { id: HARBORLINE, name: 'Harborline Freight', kind: 'work', domains: ['harborline.example'] },
  { id: CONSUMERS, name: 'Microsoft account', kind: 'consumers', domains: ['outlook.example', 'hotmail.example'] },
];

const person = (name, address, tenant, oid, rest = {}) => ({
  name, upn: address, mail: address, aliases: [], tenant, oid, locale: 'en-GB', title: '', admin: false, flags: {}, ...rest,
  password: rest.password ?? `${name.split(' ')[0].normalize('NFD').replace(/[^A-Za-z]/g, '')}-Lamp-42`,
});

/**
 * upn: login name. mail: address (may differ). aliases: further addresses of the same mailbox.
 * admin: may grant consent for the tenant. flags: main (the big mailbox), empty (no mail), imapOff, smtpAuthOff, personal (tenant is consumers),
 * plain (no Microsoft account at all: password over plain IMAP and SMTP).
 */
export const people = [
  person('Anna Berg', 'anna.berg@northlight.example', NORTHLIGHT, '1a6b2f0c-7d41-4e5b-9a10-5f0c3e8d2b71',
    { title: 'Head of Sales', aliases: ['sales@northlight.example'], flags: { main: true } }),
  person('James Okafor', 'james.okafor@northlight.example', NORTHLIGHT, '2c94e1d7-08b5-4c3f-b6a2-7e1d90f4a352',
    { title: 'Operations', aliases: ['orders@northlight.example'], admin: true }),
  person('Maeve O’Neill', 'moneill@northlight.onmicrosoft.example', NORTHLIGHT, '3e07b5a8-62dc-4190-8f3b-c5a9d16e7043',
    { title: 'Marketing', mail: 'maeve.oneill@northlight.example', aliases: ['press@northlight.example'], locale: 'en-IE' }),
  person('Jonas Weber', 'jonas.weber@northlight.example', NORTHLIGHT, '4f58c3e6-91ab-4d27-a0e4-18b7d2f6c095',
    { title: 'Vertrieb München', locale: 'de-DE' }),
  person('林悦', 'lin.yue@northlight.example', NORTHLIGHT, '50d9a7b4-c31e-4682-9b75-e2f40c8a6d13',
    { title: 'Purchasing (starts today)', locale: 'zh-CN', flags: { empty: true }, password: 'LinYue-Lamp-42' }),
  person('Дмитро Коваленко', 'dmytro.kovalenko@northlight.example', NORTHLIGHT, '61eab8c5-d42f-4793-8c86-f3051d9b7e24',
    { title: 'Firmware', locale: 'uk-UA', flags: { imapOff: true }, password: 'Dmytro-Lamp-42' }),
  person('Elif Yıldız', 'elif.yildiz@northlight.example', NORTHLIGHT, '72fbc9d6-e530-48a4-9d97-04162eac8f35',
    { title: 'Partner manager', locale: 'tr-TR', flags: { smtpAuthOff: true } }),
  person('נועה פרץ', 'noa.peretz@harborline.example', HARBORLINE, '830cdae7-f641-49b5-aea8-15273fbd9046',
    { title: 'Forwarding agent', locale: 'he-IL', admin: true, password: 'Noa-Lamp-42' }),
  person('Sam Carter', 'sam.carter@outlook.example', CONSUMERS, '00000000-0000-0000-9c1d-ebf80752c6a1',
    { locale: 'en-US', flags: { personal: true } }),
  person('Workshop', 'workshop@lampworks.example', null, null, { flags: { plain: true }, password: 'Workshop-Lamp-42' }),
];

/** Loopback ports are ignored when redirect URIs are compared, as Microsoft does for localhost. */
export const redirectUris = ['http://localhost/oauth/microsoft/callback', 'http://localhost/team/mail/oauth/microsoft/callback', 'http://127.0.0.1/oauth/microsoft/callback'];

const DAY = 86400e3;
const freshSecret = () => `${randomBytes(3).toString('hex')}8Q~${randomBytes(24).toString('base64url')}`;
const secrets = () => [
  { id: 'b7c1d0aa-7f36-4a15-9d52-6f3c1e0b8a01', value: freshSecret(), expires: new Date(Date.now() + 180 * DAY).toISOString() },
  { id: 'b7c1d0aa-7f36-4a15-9d52-6f3c1e0b8a02', value: freshSecret(), expires: new Date(Date.now() - 3 * DAY).toISOString() },
];

/**
 * audience: 'AzureADandPersonalMicrosoftAccount' (any organisation and personal accounts) or 'single' (people of `tenant` only).
 * secrets: the first is good, the second has expired.
 */
export const apps = [
  { clientId: 'c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60', name: 'Postroom', audience: 'AzureADandPersonalMicrosoftAccount', tenant: NORTHLIGHT, redirectUris, secrets: secrets() },
  { clientId: 'd15ea5e2-6f3c-4e70-9b48-2cad5f8e3071', name: 'Postroom (Northlight only)', audience: 'AzureADMyOrg', tenant: NORTHLIGHT, redirectUris, secrets: secrets() },
];

/** The person whose UPN, address or alias this is (case-insensitive), or undefined. */
export function personByAddress(address, list = people) {
  const wanted = String(address).toLowerCase();
  return list.find((p) => [p.upn, p.mail, ...p.aliases].some((a) => a.toLowerCase() === wanted));
}

/** Every address of a person: mail first, then UPN, then aliases, each once. */
export const addressesOf = (p) => [...new Set([p.mail, p.upn, ...p.aliases])];
