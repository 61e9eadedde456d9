// Attachments: small files that programs open, made of a seed.

import zlib from 'node:zlib';
import { barChart, beam } from './png.mjs';

const escapePdf = (text) => text.replace(/[\\()]/g, '\\$&').replace(/[^\x20-\x7e]/g, '?');

/** A one-page PDF with a title and lines; filler bytes in a stream make it as big as asked. */
export function makePdf(title, lines, random, size = 0) {
  const text = [`BT /F1 18 Tf 60 780 Td (${escapePdf(title)}) Tj ET`, ...lines.map((l, i) => `BT /F1 11 Tf 60 ${740 - i * 18} Td (${escapePdf(l)}) Tj ET`)].join('\n');
  const filler = random.bytes(Math.max(0, size - 900));
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    `<< /Length ${filler.length} >>\nstream\n${filler.toString('latin1')}\nendstream`,
  ];
  let out = '%PDF-1.4\n';
  const at = objects.map((body, i) => { const here = out.length; out += `${i + 1} 0 obj\n${body}\nendobj\n`; return here; });
  const xref = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${at.map((a) => `${String(a).padStart(10, '0')} 00000 n \n`).join('')}`;
  out += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(out, 'latin1');
}

/** A table as CSV, UTF-8 with byte order mark as Excel writes it. */
export function makeCsv(random, rows = 40) {
  const models = ['NL-1', 'NL-1 long arm', 'NL-2', 'NL-2 twin', 'NL-Loupe', 'Driver D4', 'Case C2'];
  const lines = Array.from({ length: rows }, (_, i) => `${1000 + i};${random.pick(models)};${random.int(2, 40)};${(random.int(4900, 129900) / 100).toFixed(2)}`);
  return Buffer.from(`\ufeffArticle;Model;Stock;Price EUR\r\n${lines.join('\r\n')}\r\n`);
}

/** An uncompressed zip with the parts of a Word document: text processors open it. */
export function makeDocx(text) {
  const entry = (name, body) => ({ name: Buffer.from(name), body: Buffer.from(body) });
  const paragraphs = text.split('\n').map((l) => `<w:p><w:r><w:t>${l.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</w:t></w:r></w:p>`).join('');
  return zip([
    entry('[Content_Types].xml', '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'),
    entry('_rels/.rels', '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'),
    entry('word/document.xml', `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${paragraphs}</w:body></w:document>`),
  ]);
}

/** CRC-32 without zlib.crc32, which Node 20 lacks: it stands at the end of a gzip member. */
const crcOf = (bytes) => zlib.gzipSync(bytes, { level: 1 }).subarray(-8, -4);

function zip(entries) {
  const locals = [];
  const central = [];
  let offset = 0;
  for (const { name, body } of entries) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x5a21, 8); // a fixed date, so that the bytes are always the same
    crcOf(body).copy(common, 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, body]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

const TYPES = {
  pdf: 'application/pdf', csv: 'text/csv', text: 'text/plain; charset=utf-8', photo: 'image/png', chart: 'image/png',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', zip: 'application/zip',
};

/** {name, type, bytes} for an attachment of that kind. */
export function makeFile(kind, name, random, size = 0) {
  const title = name.replace(/\.\w+$/, '');
  const makers = {
    pdf: () => makePdf(title, ['Northlight Optics', `Reference ${random.hex(8)}`, 'Thank you for your confidence in our lamps.'], random, size || random.int(18000, 90000)),
    csv: () => makeCsv(random, random.int(20, 120)),
    text: () => Buffer.from(`${title}\nsha256 ${random.hex(64)}\n\n* second colour on a long press\n* quieter start\n* fixed: flicker above 38 degrees\n`),
    photo: () => beam(640, 400, [255, random.int(190, 235), random.int(120, 190)]),
    chart: () => barChart(Array.from({ length: 12 }, () => 0.2 + 0.75 * random.next())),
    docx: () => makeDocx(`${title}\nNorthlight Optics\nClause 4.2: delivery within five weeks.\nClause 7: five years of guarantee.`),
    zip: () => Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18), random.bytes(size)]),
  };
  return { name, type: TYPES[kind], bytes: makers[kind]() };
}
