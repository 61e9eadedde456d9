// The seed mail: enough of it, of every kind the readers must cope with, and the same every time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHash } from 'node:crypto';
import { headerValue } from '../dsn.mjs';
import { encodeText } from '../generate/charsets.mjs';
import { makeMail } from '../generate/mailboxes.mjs';
import { inexactSize } from '../imap-rewrite.mjs';
import { splitMbox } from '../corpus.mjs';

const now = new Date('2026-11-21T00:00:00Z');
const all = makeMail({ now });
const mine = all.filter((m) => m.person.flags.main);
const texts = mine.map((m) => m.raw.toString('latin1'));
const having = (pattern) => texts.filter((t) => pattern.test(t)).length;

test('is the same for the same seed and day', () => {
  const digest = (list) => createHash('sha256').update(Buffer.concat(list.map((m) => m.raw))).digest('hex');
  assert.equal(digest(makeMail({ now })), digest(all));
});

test('the main mailbox has over 400 mails, in folders, over a year, none from the future', () => {
  assert.ok(mine.length >= 400, String(mine.length));
  assert.ok(new Set(mine.map((m) => m.folder)).size >= 10);
  assert.ok(now - mine[0].date > 365 * 86400e3);
  assert.ok(all.every((m) => m.date <= now));
  assert.ok(makeMail({ now, mails: 900 }).filter((m) => m.person.flags.main).length >= 900);
});

test('nobody with an empty mailbox has mail; everybody else has some', () => {
  const owners = new Set(all.map((m) => m.person.upn));
  assert.equal(owners.size, 9);
  assert.ok(![...all].some((m) => m.person.flags.empty));
});

test('every legacy charset, encoded and raw', () => {
  for (const charset of ['gb18030', 'gbk', 'big5', 'iso-8859-1', 'windows-1254', 'koi8-u', 'windows-1251', 'windows-1255', 'utf-8']) {
    assert.ok(having(new RegExp(`charset="?${charset}`, 'i')) > 0, charset);
  }
  assert.ok(having(/^Subject: [^\r]*[\x80-\xff]/m) > 0, 'raw 8-bit subjects');
  for (const how of ['8bit', 'base64', 'quoted-printable']) assert.ok(having(new RegExp(`Content-Transfer-Encoding: ${how}`)) > 0, how);
});

test('every kind of mail', () => {
  const kinds = {
    newsletters: /List-Unsubscribe-Post/, trackers: /width=3D"1" height=3D"1"/, inline: /multipart\/related/, cid: /cid:/, calendar: /text\/calendar; charset=utf-8; method=REQUEST/,
    cancelled: /method=CANCEL/, bounces: /report-type=delivery-status/, lists: /^List-Id:/m, flowed: /format=flowed/, rfc2231: /filename\*0\*=utf-8''/, references: /^References: /m,
  };
  for (const [name, pattern] of Object.entries(kinds)) assert.ok(having(pattern) > 0, name);
  assert.ok(Math.max(...mine.map((m) => m.raw.length)) > 10 * 1024 * 1024);
});

test('flags are mixed: unread, flagged, answered, drafts', () => {
  const count = (flag) => mine.filter((m) => m.flags.includes(flag)).length;
  const unread = mine.filter((m) => !m.flags.includes('\\Seen')).length;
  assert.ok(unread > 5 && unread < 80, `${unread} unread`);
  for (const flag of ['\\Flagged', '\\Answered', '\\Draft']) assert.ok(count(flag) > 0, flag);
});

test('Message-IDs are unique within a folder and lines are CRLF and short', () => {
  const seen = new Set();
  for (const m of mine) {
    const key = `${m.folder} ${headerValue(m.raw, 'Message-ID')}`;
    assert.ok(!seen.has(key), key);
    seen.add(key);
    assert.doesNotMatch(m.raw.toString('latin1'), /[^\r]\n/);
    assert.ok(m.raw.toString('latin1').split('\r\n').every((l) => l.length <= 998), key);
  }
});

test('text survives its charset', () => {
  for (const [charset, text] of [['gb18030', '检验报告'], ['big5', '樣品測試'], ['koi8-u', 'Їжак і ґанок'], ['windows-1255', 'שלום'], ['windows-1254', 'Işık İğne']]) {
    assert.equal(new TextDecoder(charset).decode(encodeText(text, charset)), text);
  }
  assert.throws(() => encodeText('检', 'koi8-u'));
});

test('estimated sizes are never exact', () => {
  for (let n = 0; n < 5000; n++) assert.notEqual(inexactSize(n), n);
});

test('an mbox is taken apart at its From lines only', () => {
  const parts = splitMbox(Buffer.from('From a@b Mon Jan  1 00:00:00 2024\nSubject: 1\n\ntext\nFrom here on\nno new mail\n\nFrom - \nSubject: 2\n\nx\nFrom c@d Tue Jan  2 00:00:00 2024\nSubject: 3\n\ny\n'));
  assert.deepEqual(parts.map((p) => /Subject: (\d)/.exec(p.toString())[1]), ['1', '2', '3']);
});
