// The rewriting of Dovecot's answers, in every split of the bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examine } from '../imap-commands.mjs';
import { ExchangeRewriter, exchangeStatus, inexactSize } from '../imap-rewrite.mjs';

const GIVEN = [
  '* FLAGS (\\Answered \\Seen Work)', '* OK [PERMANENTFLAGS (\\Answered \\Seen Work \\*)] Flags permitted.', '* 3 EXISTS', '* 3 RECENT', '* OK [HIGHESTMODSEQ 9] Highest',
  '* LIST (\\HasNoChildren \\Sent) "/" "Sent Items"', '* STATUS "a RECENT 5" (MESSAGES 3 RECENT 2)',
  '* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent Work $MDNSent) RFC822.SIZE 1000 ENVELOPE (NIL "FLAGS (x) RFC822.SIZE 5") BODY[] {24}', '* 9 FETCH (FLAGS (a))\r',
  ' FLAGS ())', '* 2 FETCH (BODY[] {0}', ' UID 2)', 'a1 OK [READ-WRITE] Select completed (0.001 + 0.000 secs).', '',
].join('\r\n');

const WANTED = [
  '* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)', '* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)] Permanent flags', '* 3 EXISTS', '* 0 RECENT',
  '* LIST (\\HasNoChildren) "/" "Sent Items"', '* STATUS "a RECENT 5" (MESSAGES 3 RECENT 0)',
  `* 1 FETCH (UID 1 FLAGS (\\Seen $MDNSent) RFC822.SIZE ${inexactSize(1000)} ENVELOPE (NIL "FLAGS (x) RFC822.SIZE 5") BODY[] {24}`, '* 9 FETCH (FLAGS (a))\r',
  ' FLAGS ())', '* 2 FETCH (BODY[] {0}', ' UID 2)', 'a1 OK [READ-WRITE] SELECT completed.', '',
].join('\r\n');

const rewrite = (pieces) => {
  const rewriter = new ExchangeRewriter({ onTagged: (tag, status) => `${tag} ${exchangeStatus(status, 'SELECT')}` });
  const out = Buffer.concat(pieces.flatMap((piece) => rewriter.feed(Buffer.from(piece, 'latin1'))));
  assert.ok(rewriter.atBoundary);
  return out.toString('latin1');
};

test('rewrites flags, sizes, codes and attributes, and leaves literals and quoted strings alone', () => {
  assert.equal(rewrite([GIVEN]), WANTED);
});

test('the same at every split and byte by byte', () => {
  for (let i = 1; i < GIVEN.length; i++) assert.equal(rewrite([GIVEN.slice(0, i), GIVEN.slice(i)]), WANTED);
  assert.equal(rewrite([...GIVEN]), WANTED);
});

test('an endless line is an error, not endless memory', () => {
  const rewriter = new ExchangeRewriter({ onTagged: () => null });
  assert.throws(() => { for (let i = 0; i < 100; i++) rewriter.feed(Buffer.alloc(65536, 120)); }, /endless/);
});

test('status lines in words of Exchange', () => {
  assert.equal(exchangeStatus('OK [COPYUID 1 2 3] Copy completed (0.001 + 0.000 secs).', 'UID COPY'), 'OK [COPYUID 1 2 3] COPY completed.');
  assert.equal(exchangeStatus("NO [TRYCREATE] Mailbox doesn't exist: x (0.001 + 0.000 secs).", 'COPY'), "NO [TRYCREATE] Mailbox doesn't exist: x");
  assert.equal(exchangeStatus('BAD Error in IMAP command', 'FETCH'), 'BAD Command Argument Error. 11');
  assert.equal(exchangeStatus('NO [NONEXISTENT] Unknown', 'SELECT'), 'NO Unknown');
});

test('ordinary commands pass unchanged', () => {
  for (const [name, args] of [['UID', 'FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM "Subject")]<0.100>)'], ['FETCH', '1 ALL'], ['LIST', '"" "%"'],
    ['STATUS', '"Sent Items" (MESSAGES UIDNEXT)'], ['UID', 'SEARCH SINCE 1-Jan-2026 HEADER Message-ID "<a RETURN b>"'], ['SELECT', '"a b"']]) {
    const found = examine(name, args);
    assert.equal(`${found.verb} ${found.args}`, `${name} ${args}`);
  }
});
