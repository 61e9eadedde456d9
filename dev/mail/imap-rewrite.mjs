// Dovecot's answers made to look like Exchange's. No I/O: bytes in, bytes out; literals pass through untouched and unbuffered.

export const SYSTEM_FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'];
const KNOWN = new Set([...SYSTEM_FLAGS, '$MDNSent'].map((f) => f.toLowerCase()));
const PERMANENT = '\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent';
const FOLDER_ATTRIBUTES = new Set(['\\noselect', '\\haschildren', '\\hasnochildren', '\\noinferiors', '\\marked', '\\unmarked']);
const KEPT_CODES = /^\[(APPENDUID|COPYUID|READ-WRITE|READ-ONLY|TRYCREATE|BADCHARSET|UIDVALIDITY|UIDNEXT|UNSEEN)\b[^\]]*\] ?/i;

const MAX_LINE = 4 * 1024 * 1024;

/** Flags that Exchange stores; keywords and \Recent fall away. */
export const keepFlags = (list) => list.split(' ').filter((f) => KNOWN.has(f.toLowerCase())).join(' ');

/** Exchange estimates sizes: near the truth, never to be relied upon. */
export const inexactSize = (exact) => Math.max(1, exact + (exact % 2 ? 1 : -1) * (7 + (exact % 389)) + 512);

const editFetch = (text) => text
  .replace(/(^|[ (])FLAGS \(([^()]*)\)/g, (_, before, list) => `${before}FLAGS (${keepFlags(list)})`)
  .replace(/(^|[ (])RFC822\.SIZE (\d+)/g, (_, before, size) => `${before}RFC822.SIZE ${inexactSize(Number(size))}`);

/** Edits outside quoted strings only: a subject may read "FLAGS (x)". */
function outsideQuotes(text, edit) {
  if (!text.includes('"')) return edit(text);
  return text.replace(/"(?:[^"\\]|\\.)*"|[^"]+/g, (piece) => (piece.startsWith('"') ? piece : edit(piece)));
}

/** Broken forms of BODYSTRUCTURE that Exchange is known for. */
const breakStructure = (line) => line
  .replace(/\("inline" (?:NIL|\("[^()]*\))\)/gi, '"inline"')
  .replace(/\("attachment" (?:NIL|\("[^()]*\))\)/gi, '(NIL NIL)');

function untagged(line) {
  const rest = line.slice(2);
  if (/^LIST |^LSUB /.test(rest)) return line.replace(/^(\* \w+ )\(([^)]*)\)/, (_, head, list) => `${head}(${list.split(' ').filter((a) => FOLDER_ATTRIBUTES.has(a.toLowerCase())).join(' ')})`);
  if (rest.startsWith('FLAGS ')) return `* FLAGS (${PERMANENT})`;
  if (/^\d+ RECENT$/.test(rest)) return '* 0 RECENT';
  if (rest.startsWith('STATUS ')) return line.replace(/([( ])RECENT \d+(?=[^"]*$)/, '$1RECENT 0');
  if (/^OK \[PERMANENTFLAGS \(\)\]/.test(rest)) return line;
  if (rest.startsWith('OK [PERMANENTFLAGS')) return `* OK [PERMANENTFLAGS (${PERMANENT})] Permanent flags`;
  if (rest.startsWith('OK [UIDVALIDITY')) return line.replace(/\].*/, '] UIDVALIDITY value');
  if (rest.startsWith('OK [UIDNEXT')) return line.replace(/\].*/, '] The next unique identifier value');
  if (rest.startsWith('OK [UNSEEN')) return line.replace(/\].*/, (m) => `${m[0]} Is the first unseen message`);
  if (/^OK \[(HIGHESTMODSEQ|CLOSED|NOMODSEQ)/.test(rest) || /^OK Still here/.test(rest)) return null;
  if (rest.startsWith('BYE')) return '* BYE Connection closed. 14';
  if (/^(NO|BAD|OK) \[/.test(rest) && !KEPT_CODES.test(rest.slice(rest.indexOf('[')))) return line.replace(/ \[[^\]]*\]/, '');
  return line;
}

export class ExchangeRewriter {
  #partial = null; #literal = 0; #inResponse = null;

  /** onTagged(tag, line), onCopied(line with MOVE's COPYUID), onContinue() -> the line to send instead. options.broken: as breakStructure. */
  constructor({ onTagged, onContinue = () => '+ Ready for additional command text.', onCopied = (line) => line, options = {} }) {
    this.onTagged = onTagged;
    this.onCopied = onCopied;
    this.onContinue = onContinue;
    this.options = options;
  }

  /** Bytes of the current literal still to come. */
  get literalLeft() { return this.#literal; }

  /** Between two responses, where something may be put in. */
  get atBoundary() { return !this.#literal && !this.#partial && !this.#inResponse; }

  /** Rewrites one chunk; returns what goes to the client. */
  feed(chunk) {
    const out = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#literal > 0) {
        const piece = chunk.subarray(at, at + this.#literal);
        this.#literal -= piece.length;
        at += piece.length;
        out.push(piece);
        continue;
      }
      const end = chunk.indexOf(10, at);
      const piece = end === -1 ? chunk.subarray(at) : chunk.subarray(at, end + 1);
      at += piece.length;
      this.#partial = this.#partial ? Buffer.concat([this.#partial, piece]) : piece;
      if (this.#partial.length > MAX_LINE) throw new Error('the server sent an endless line');
      if (end === -1) break;
      const line = this.#partial.toString('latin1').replace(/\r?\n$/, '');
      this.#partial = null;
      const text = this.#line(line);
      if (text !== null) out.push(Buffer.from(`${text}\r\n`, 'latin1'));
    }
    if (this.#partial) this.#partial = Buffer.from(this.#partial); // do not keep the whole chunk alive
    return out;
  }

  #line(line) {
    const literal = /\{(\d+)\}$/.exec(line);
    const first = this.#inResponse === null;
    const kind = first ? (/^\* \d+ FETCH /.test(line) ? 'fetch' : 'other') : this.#inResponse;
    this.#inResponse = literal ? kind : null;
    if (literal) this.#literal = Number(literal[1]);
    if (kind === 'fetch') {
      const text = outsideQuotes(line, editFetch);
      return this.options.broken && line.includes('BODYSTRUCTURE (') ? breakStructure(text) : text;
    }
    if (!first) return line;
    if (line.startsWith('* OK [COPYUID')) return this.onCopied(line);
    if (line.startsWith('* ')) return literal ? untagged(line) ?? line : untagged(line);
    if (line.startsWith('+')) return this.onContinue();
    const space = line.indexOf(' ');
    return this.onTagged(line.slice(0, space), line.slice(space + 1));
  }
}

/** A tagged status line in Exchange's words. verb: 'UID FETCH' and so on. */
export function exchangeStatus(status, verb) {
  const [, word, rest] = /^(\S+) ?(.*)$/s.exec(status);
  const code = KEPT_CODES.exec(rest)?.[0].trim();
  const prefix = code ? `${code} ` : '';
  if (word === 'OK') return `OK ${prefix}${verb.replace(/^UID /, '')} completed.`;
  if (word === 'BAD') return 'BAD Command Argument Error. 11';
  const why = rest.replace(/^\[[^\]]*\] ?/, '').replace(/ \(\d+\.\d+ \+ .*?\)\.?$/, '').trim();
  return `NO ${prefix}${why || `${verb} failed.`}`;
}
