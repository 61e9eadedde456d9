// What a client may say to the Exchange-like front after login, and how commands are changed before Dovecot sees them.

import { keepFlags } from './imap-rewrite.mjs';

const PLAIN = ['NOOP', 'CHECK', 'CLOSE', 'EXPUNGE', 'UNSELECT', 'NAMESPACE', 'DELETE', 'RENAME', 'SUBSCRIBE', 'UNSUBSCRIBE', 'COPY', 'MOVE', 'IDLE'];
const CHECKED = { SELECT: checkSelect, EXAMINE: checkSelect, LIST: checkList, LSUB: checkList, CREATE: checkCreate, STATUS: checkStatus, FETCH: checkFetch, STORE: editStore, SEARCH: checkSearch };

const BAD_ARGUMENT = 'BAD Command Argument Error. 11';
const BAD_COMMAND = 'BAD Command Error. 12';

const FETCH_ITEM = /^(ALL|FAST|FULL|BODY|BODYSTRUCTURE|ENVELOPE|FLAGS|INTERNALDATE|RFC822|RFC822\.HEADER|RFC822\.SIZE|RFC822\.TEXT|UID|BODY(\.PEEK)?\[[^\]]*\](<\d+\.\d+>)?)$/i;
const STATUS_ITEMS = new Set(['MESSAGES', 'RECENT', 'UIDNEXT', 'UIDVALIDITY', 'UNSEEN']);
const SEARCH_UNKNOWN = new Set(['RETURN', 'MODSEQ', 'OLDER', 'YOUNGER', '$', 'SAVEDBEFORE', 'SAVEDON', 'SAVEDSINCE', 'EMAILID', 'THREADID', 'INTHREAD', 'FUZZY', 'X-GM-RAW']);
const STRING_KEYS = new Set(['BCC', 'BODY', 'CC', 'FROM', 'SUBJECT', 'TEXT', 'TO', 'KEYWORD', 'UNKEYWORD', 'HEADER']);

/** Words of a command: atoms (with [...] parts kept whole), quoted strings, parentheses. */
export function words(text) {
  return text.match(/"(?:[^"\\]|\\.)*"|[()]|(?:[^\s()"[\]]|\[[^\]]*\])+/g) ?? [];
}

function checkSelect(args) {
  return words(args).length === 1 ? { args } : { refuse: BAD_ARGUMENT };
}

function checkList(args) {
  const list = words(args);
  return list.length === 2 && !list.includes('(') ? { args } : { refuse: BAD_ARGUMENT };
}

/** "Files" belongs to another kind of folder. */
function checkCreate(args) {
  return /^"?files"?$/i.test(args.trim()) ? { refuse: 'NO Folder name is reserved' } : { args };
}

function checkStatus(args) {
  const list = words(args);
  const items = list.slice(2, -1).map((i) => i.toUpperCase());
  const good = list[1] === '(' && list.at(-1) === ')' && items.length > 0 && items.every((i) => STATUS_ITEMS.has(i));
  return good ? { args } : { refuse: BAD_ARGUMENT };
}

function checkFetch(args) {
  const space = args.indexOf(' ');
  if (space < 0) return { refuse: BAD_ARGUMENT };
  const list = words(args.slice(space + 1));
  const items = list[0] === '(' && list.at(-1) === ')' ? list.slice(1, -1) : list;
  if (!items.length || (list[0] !== '(' && list.length > 1)) return { refuse: BAD_ARGUMENT };
  return items.every((i) => FETCH_ITEM.test(i)) ? { args } : { refuse: BAD_ARGUMENT };
}

/** Keywords are not stored: a STORE of nothing else succeeds and changes nothing. */
function editStore(args) {
  const match = /^(\S+) ([+-]?FLAGS(?:\.SILENT)?) \(?([^()]*)\)?$/i.exec(args);
  if (!match) return { refuse: BAD_ARGUMENT };
  const kept = keepFlags(match[3]);
  if (!kept && match[3].trim() && /^[+-]/.test(match[2])) return { done: true };
  return { args: `${match[1]} ${match[2]} (${kept})` };
}

function checkSearch(args) {
  const list = words(args);
  if (list[0]?.toUpperCase() === 'CHARSET') {
    const name = (list[1] ?? '').replace(/"/g, '');
    if (name.toUpperCase() !== 'US-ASCII') return { refuse: 'NO [BADCHARSET (US-ASCII)] The specified charset is not supported.' };
  }
  for (let i = 0; i < list.length; i++) {
    const key = list[i].toUpperCase();
    if (SEARCH_UNKNOWN.has(key)) return { refuse: BAD_ARGUMENT };
    if (STRING_KEYS.has(key)) i += key === 'HEADER' ? 2 : 1;
  }
  return list.length ? { args } : { refuse: BAD_ARGUMENT };
}

/**
 * Looks at a command: {verb, args} with verb such as 'FETCH' or 'UID FETCH', and one of {refuse: status line},
 * {done: true} (answer OK without asking Dovecot), {args} to pass on.
 */
export function examine(name, args) {
  let verb = name.toUpperCase();
  let rest = args;
  if (verb === 'UID') {
    const match = /^(\S+) (.*)$/s.exec(args);
    if (!match || !['FETCH', 'STORE', 'SEARCH', 'COPY', 'MOVE', 'EXPUNGE'].includes(match[1].toUpperCase())) return { verb, refuse: BAD_ARGUMENT };
    rest = match[2];
    verb = `UID ${match[1].toUpperCase()}`;
  }
  const check = CHECKED[verb.replace(/^UID /, '')];
  if (check) return { verb, ...check(rest) };
  if (PLAIN.includes(verb.replace(/^UID /, ''))) return { verb, args: rest };
  return { verb, refuse: BAD_COMMAND };
}

/** APPEND's flags as Exchange keeps them: no keywords, and \Flagged is forgotten. */
export const appendFlags = (list) => keepFlags(list).split(' ').filter((f) => f.toLowerCase() !== '\\flagged').join(' ');
