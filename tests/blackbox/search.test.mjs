// Searching in the six languages of the product, end to end: mail comes in from a mail server, is found by the command, by JMAP and in the page, and
// what was searched for is marked. Pictures of the search box are left in build-logs/screens.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launchBrowser, noBrowser, Visitor } from './support/browser.mjs';
import { addAccount } from './support/behind.mjs';
import { startOrganisation, until } from './support/organisation.mjs';
import { ADMIN, Postroom } from './support/postroom.mjs';

const encoded = (text) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
const ago = (days) => new Date(Date.now() - days * 86400e3);

/** name, subject, body, and each search that must find exactly this mail with what is marked in the snippet of its text. */
const LETTERS = [
  { name: 'en', from: 'Anna O\'Neill', subject: 'Second order', body: 'The café\'s re-opening is on Monday; please don’t forget the naïve résumé of zebra lamps.',
    finds: { café: 'café', CAFE: 'café', '"re-opening is"': 're-opening is', naive: 'naïve', 'zeb*': 'zebra', '"zebra lamps"': 'zebra lamps', "don't zebra": null, "from:o'neill": null, 'subject:"second order"': null } },
  { name: 'de', from: 'Jürgen Müller', subject: 'Größere Aufträge', body: 'Die Straßenbeleuchtung in Köln wird größer. Schöne Grüße aus der Hauptstraße.',
    finds: { strassenbeleuchtung: 'Straßenbeleuchtung', STRAẞEN: 'Straßenbeleuchtung', Koln: 'Köln', GRÖSSER: 'größer', grüsse: 'Grüße', 'from:muller': null, 'subject:"größere auftrage"': null } },
  { name: 'he', from: 'נועה פרץ', subject: 'פגישה בבית־ספר', body: 'שָׁלוֹם לְכֻלָּם, הפגישה של צה״ל בירושלים נדחתה ליום חמישי.', quoted: null,
    finds: { שלום: 'שָׁלוֹם', 'שָׁלוֹם': 'שָׁלוֹם', 'צה"ל': 'צה״ל', צהל: 'צה״ל', 'ירושל* OR בירושל*': 'בירושלים', '"יום חמישי" OR "ליום חמישי"': 'ליום חמישי', 'subject:ספר': null, 'from:פרץ': null } },
  { name: 'zh', from: '李伟', subject: '关于采购订单的电子邮件', body: '我们在北京大学开会，讨论与中华人民共和国国务院及上海市有限公司签订的合同。请查收附件中的发票。',
    finds: { 北京: '北京', 北京大学: '北京大学', 人民: '人民', 公司: '公司', 有限公司: '有限公司', 合同: '合同', '“上海市有限公司”': '上海市有限公司', 'subject:邮件': null, 'subject：采购订单': null, 'from:李伟': null } },
  { name: 'tr', from: 'Işık Öztürk', subject: 'İstanbul\'daki ILIK toplantı', body: 'Kâğıt siparişiniz Diyarbakır\'a ulaştı; ışıklar Şubat ayında gelecek.',
    finds: { DİYARBAKIR: 'Diyarbakır', diyarbakir: 'Diyarbakır', kağıt: 'Kâğıt', KAGIT: 'Kâğıt', IŞIKLAR: 'ışıklar', isiklar: 'ışıklar', 'subject:istanbul': null, 'subject:ılık': null, 'from:ISIK': null } },
  { name: 'uk', from: 'Олена П’ятниця', subject: 'Об’єкт на вулиці Ґалаґана', body: "Зустріч у Києві о п'ятій; їжакові потрібне подвір’я й подъїзд.",
    finds: { 'п’ятій': "п'ятій", 'подвірʼя': 'подвір’я', КИЄВІ: 'Києві', 'їжак*': 'їжакові', ЙОД: false, "subject:об'єкт": null, 'from:П`ятниця': null } },
];

let org, person, postroom, client, accountId;

before(async () => {
  org = await startOrganisation(['--mails', '0']);
  person = org.person('plain');
  for (const [index, letter] of LETTERS.entries()) {
    const html = index % 2 === 1;
    const body = html ? `<html><body><p>${letter.body}</p><style>p { color: red }</style></body></html>` : letter.body;
    const message = [`From: ${encoded(letter.from)} <${letter.name}@elsewhere.example>`, `To: ${person.mail}`, `Subject: ${encoded(letter.subject)}`, `Message-ID: <search-${letter.name}@test>`,
      `Date: ${ago(20 - index).toUTCString().replace('GMT', '+0000')}`, 'MIME-Version: 1.0', `Content-Type: text/${html ? 'html' : 'plain'}; charset=utf-8`, 'Content-Transfer-Encoding: 8bit', '', body, ''].join('\r\n');
    await org.control('append', { person: person.mail, raw: Buffer.from(message).toString('base64'), flags: index === 0 ? ['\\Flagged'] : [] });
  }
  const reply = ['From: Bob <bob@elsewhere.example>', `To: ${person.mail}`, 'Subject: Quoting', 'Message-ID: <search-quote@test>', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '',
    'Yes, agreed.', '', 'On Monday somebody wrote:', '> the quagga is in the garden', ''].join('\r\n');
  const own = reply.replace('Quoting', 'Telling').replace('search-quote', 'search-own').replace('Yes, agreed.', 'There is a quagga here.').replace(/On Monday[\s\S]*/, '');
  for (const raw of [own, reply]) await org.control('append', { person: person.mail, raw: Buffer.from(raw).toString('base64') });
  postroom = new Postroom();
  postroom.addUser();
  await postroom.serve();
  client = await postroom.signIn();
  accountId = await addAccount({ postroom, client, org, person });
  await postroom.settled(person.mail);
}, { timeout: 300000 });

after(async () => {
  await postroom?.close();
  await org?.close();
});

const subjects = async (ids) => (await client.call('Email/get', { accountId, ids, properties: ['subject'] })).list.map((email) => email.subject);

async function search(text, more = {}) {
  const [[, parsed], [, found], [, snippets]] = await client.calls([['Search/parse', { accountId, text, timeZone: 'Europe/Kyiv' }],
    ['Email/query', { accountId, '#filter': { resultOf: 'c0', name: 'Search/parse', path: '/filter' }, ...more }],
    ['SearchSnippet/get', { accountId, '#filter': { resultOf: 'c0', name: 'Search/parse', path: '/filter' }, '#emailIds': { resultOf: 'c1', name: 'Email/query', path: '/ids' } }]]);
  return { parsed, ids: found.ids, snippets: snippets.list };
}

for (const letter of LETTERS)
  test(`words are found and marked: ${letter.name}`, { timeout: 120000 }, async () => {
    for (const [text, marked] of Object.entries(letter.finds)) {
      const { ids, snippets } = await search(text);
      if (marked === false) {
        assert.deepEqual(ids, [], text);
        continue;
      }
      assert.deepEqual(await subjects(ids), [letter.subject], text);
      assert.deepEqual(postroom.json('search', person.mail, text).ids, ids, text);
      if (marked) assert.ok(snippets[0].preview?.includes(`<mark>${marked.replace("'", '&#39;')}</mark>`), `${text}: ${snippets[0].preview}`);
      if (snippets[0].preview) assert.ok(Buffer.byteLength(snippets[0].preview) <= 255);
    }
  });

test('a mistake in a search is pointed at, in one line and by the exit status', { timeout: 60000 }, async () => {
  for (const [text, place] of [['form:anna', 'character 1 '], ['lamp "second', 'character 6 '], ['שלום is:blue', 'character 9 ']]) {
    const done = await postroom.run('search', person.mail, text);
    assert.equal(done.status, 2, text);
    assert.equal(done.out, '');
    assert.match(done.err, new RegExp(`^postroom: ${place}[^\\n]+\\n$`));
  }
});

test('dates, sizes, states and mailboxes narrow a search', { timeout: 60000 }, async () => {
  const day = (days) => ago(days).toISOString().slice(0, 10);
  assert.deepEqual(await subjects((await search('is:flagged')).ids), ['Second order']);
  assert.deepEqual(await subjects((await search('is:flagged in:sent')).ids), []);
  assert.equal((await search('in:posteingang -is:flagged larger:10')).ids.length, (await search('in:inbox -is:flagged')).ids.length);
  assert.deepEqual((await search(`larger:5M after:${day(400)}`)).ids, []);
  assert.deepEqual((await search('from:(müller OR öztürk) before:today OR zebra')).ids.length >= 1, true);
});

test('what only the page says, emoji and file names in any script are found', { timeout: 60000 }, async () => {
  const raw = [`From: Eve <eve@elsewhere.example>`, `To: ${person.mail}`, `Subject: ${encoded('🎉 Einladung')}`, 'Message-ID: <search-page@test>', 'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=m', '', '--m', 'Content-Type: multipart/alternative; boundary=a', '', '--a', '', 'Please use a newer program.', '--a',
    'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', '<p>The <b>w</b>allaby <img alt="Logo">reads מסמכים.</p>', '--a--', '--m',
    `Content-Type: image/png; name="${encoded('تقرير_نهائي.png')}"`, 'Content-Disposition: inline', '', 'x', '--m--', ''].join('\r\n');
  await org.control('append', { person: person.mail, raw: Buffer.from(raw).toString('base64') });
  await until('the mail is here', async () => (await search('wallaby')).ids.length === 1, { ms: 30000, every: 100 });
  for (const text of ['🎉', 'newer program', '"wallaby logo reads"', 'מסמך', 'filename:نهائي', 'subject:einladung']) assert.deepEqual(await subjects((await search(text)).ids), ['🎉 Einladung'], text);
  assert.ok((await search('wallaby')).snippets[0].preview.includes('<mark>wallaby</mark>'));
});

test('quoted text is found, and counts less by relevance', { timeout: 60000 }, async () => {
  assert.deepEqual(await subjects((await search('quagga')).ids), ['Quoting', 'Telling']);
  assert.deepEqual(await subjects((await search('quagga', { sort: [{ property: 'postroom:relevance', isAscending: false }] })).ids), ['Telling', 'Quoting']);
});

test('the search box finds, marks and points at mistakes, in English, Hebrew and the dark', { skip: noBrowser, timeout: 300000 }, async () => {
  const browser = await launchBrowser();
  try {
    const storageState = await inLanguage(browser, { name: 'search', word: 'cafe', mark: 'café', subject: 'Second order', title: 'cannot be understood' });
    await inLanguage(browser, { name: 'search-he', locale: 'he-IL', word: 'שלום', mark: 'שָׁלוֹם', subject: 'פגישה בבית־ספר', title: 'לא ניתן להבין', storageState });
    await inLanguage(browser, { name: 'search-dark', dark: true, word: '公司', mark: '公司', subject: '关于采购订单的电子邮件', title: 'cannot be understood', storageState });
  } finally {
    await browser.close();
  }
});

async function inLanguage(browser, { name, locale, dark, word, mark, subject, title, storageState }) {
  const visitor = await Visitor.arrive(browser, [postroom.url], { locale, dark, storageState });
  const { page } = visitor;
  if (storageState) await page.goto(postroom.url);
  else await visitor.signIn(postroom.url, ADMIN);
  await page.locator('.row', { hasText: subject }).waitFor();
  await page.locator('#search').fill(word);
  await page.locator('.row mark', { hasText: mark }).first().waitFor();
  assert.equal(await page.locator('.row').count(), 1);
  await shape(visitor, `${name}-1-found`);
  await page.locator('#search').fill(`${word} form:anna`);
  await page.getByText(title).waitFor();
  assert.equal(await page.locator('.mistake em').innerText(), 'form:');
  assert.equal(await page.locator('#search').getAttribute('aria-invalid'), 'true');
  await shape(visitor, `${name}-2-mistake`);
  await page.locator('#search').fill('');
  await page.locator('.row', { hasText: subject }).waitFor();
  assert.deepEqual(visitor.complaints(), []);
  const state = await visitor.context.storageState();
  await visitor.context.close();
  return state;
}

async function shape(visitor, name) {
  await visitor.screen(name);
  assert.deepEqual(await visitor.overflow(), [], name);
  assert.deepEqual(await visitor.faintTexts(), [], name);
}
