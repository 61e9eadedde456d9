// Encodes text in legacy charsets. Node decodes them all but encodes none, so tables are built by decoding every code once.

const tables = new Map();

function addRange(table, decoder, codes) {
  for (const code of codes) {
    const text = decoder.decode(Buffer.from(code));
    if ([...text].length === 1 && text !== '\ufffd' && !table.has(text)) table.set(text, Buffer.from(code));
  }
}

function tableOf(charset) {
  if (tables.has(charset)) return tables.get(charset);
  const decoder = new TextDecoder(charset);
  const table = new Map();
  addRange(table, decoder, Array.from({ length: 256 }, (_, i) => [i]));
  if (/^(gb|big5)/.test(charset)) {
    const pairs = [];
    for (let a = 0x81; a <= 0xfe; a++) for (let b = 0x40; b <= 0xfe; b++) pairs.push([a, b]);
    addRange(table, decoder, pairs);
  }
  tables.set(charset, table);
  return table;
}

/** Bytes of the text in that charset; throws when a character has none. */
export function encodeText(text, charset) {
  const name = charset.toLowerCase();
  if (name === 'utf-8') return Buffer.from(text);
  if (name === 'us-ascii') return Buffer.from(text, 'latin1');
  const table = tableOf(name === 'iso-8859-1' ? 'windows-1252' : name);
  return Buffer.concat([...text].map((ch) => {
    const bytes = table.get(ch);
    if (!bytes) throw new Error(`${charset} has no ${ch} (U+${ch.codePointAt(0).toString(16)})`);
    return bytes;
  }));
}
