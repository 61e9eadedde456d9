// Reads a corpus of test mail by its MANIFEST.tsv: which files are messages, which of them are mboxes.

import fs from 'node:fs';
import path from 'node:path';

/** The corpus root that holds this directory: the nearest one upwards with a MANIFEST.tsv. */
function rootOf(dir) {
  for (let d = path.resolve(dir); ; d = path.dirname(d)) {
    if (fs.existsSync(path.join(d, 'MANIFEST.tsv'))) return d;
    if (d === path.dirname(d)) throw new Error(`no MANIFEST.tsv in ${dir} or above it`);
  }
}

const FROM_LINE = /^From \S+ +\w{3} \w{3} +\d+ [\d:]+ .*\d{4}/;

/** Messages of an mbox: "From " begins one after an empty line, or when the line has sender and date. ">From " is left as it stands. */
export function splitMbox(bytes) {
  const starts = [0];
  for (let at = bytes.indexOf('\nFrom '); at !== -1; at = bytes.indexOf('\nFrom ', at + 1)) {
    const emptyBefore = bytes[at - 1] === 10 || (bytes[at - 1] === 13 && bytes[at - 2] === 10);
    if (emptyBefore || FROM_LINE.test(bytes.toString('latin1', at + 1, at + 200))) starts.push(at + 1);
  }
  return starts.map((from, i) => {
    const piece = bytes.subarray(from, starts[i + 1] ?? bytes.length);
    const line = piece.indexOf(10);
    return line === -1 ? piece.subarray(piece.length) : piece.subarray(line + 1);
  }).filter((m) => m.length > 0);
}

/**
 * Yields {collection, file, bytes} for every message below the given directories. Empty files hold no message.
 * missing(file) is told of files that the manifest names and the tree lacks.
 */
export function* corpusMessages(dirs, missing = () => {}) {
  for (const dir of dirs) {
    const root = rootOf(dir);
    const under = path.relative(root, path.resolve(dir));
    const rows = fs.readFileSync(path.join(root, 'MANIFEST.tsv'), 'utf8').split('\n').slice(1).filter(Boolean).map((l) => l.split('\t'));
    for (const [topic, collection, name, kind, messages] of rows) {
      const file = path.join(topic, collection, name);
      if (kind !== 'message' || Number(messages) === 0 || (under && !file.startsWith(`${under}${path.sep}`))) continue;
      if (!fs.existsSync(path.join(root, file))) { missing(file); continue; }
      const bytes = fs.readFileSync(path.join(root, file));
      const isMbox = bytes.subarray(0, 5).toString('latin1') === 'From ';
      for (const message of isMbox ? splitMbox(bytes) : [bytes]) yield { collection, file, bytes: message };
    }
  }
}
