// Documents made by program: real PDF and office files, as small as they can be.

import zlib from 'node:zlib';

const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});
const crc32 = (bytes) => ~bytes.reduce((crc, byte) => (crc >>> 8) ^ CRC[(crc ^ byte) & 255], ~0) >>> 0;

/** files: { name: text }. */
export function zip(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text), packed = zlib.deflateRawSync(bytes), label = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4); // deflate
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(label.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, label, packed]);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, more, label]));
    parts.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory), end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06'), end]);
}

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

export const docx = (text) => zip({ '[Content_Types].xml': `${HEAD}<Types/>`, 'word/document.xml': `${HEAD}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${escape(text)}</w:t></w:r></w:p></w:body></w:document>` });
export const pptx = (text) => zip({ '[Content_Types].xml': `${HEAD}<Types/>`, 'ppt/slides/slide1.xml': `${HEAD}<p:sld xmlns:p="p" xmlns:a="a"><p:txBody><a:p><a:r><a:t>${escape(text)}</a:t></a:r></a:p></p:txBody></p:sld>` });
export const xlsx = (text, number) => zip({
  '[Content_Types].xml': `${HEAD}<Types/>`,
  'xl/sharedStrings.xml': `${HEAD}<sst><si><t>${escape(text)}</t></si></sst>`,
  'xl/worksheets/sheet1.xml': `${HEAD}<worksheet><sheetData><row><c t="s"><v>0</v></c><c><v>${number}</v></c></row></sheetData></worksheet>`,
});
export const odt = (text) => zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': `${HEAD}<office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text><text:p>${escape(text)}</text:p></office:text></office:body></office:document-content>` });

/** One page with a line each; any script. Its font is not in it, but what its codes mean is. */
export function pdf(...lines) {
  const codes = [...new Set(lines.join(''))];
  const hex = (n) => n.toString(16).padStart(4, '0');
  const show = lines.map((line, i) => `1 0 0 1 50 ${700 - 30 * i} Tm <${[...line].map((c) => hex(codes.indexOf(c) + 1)).join('')}> Tj`).join(' ');
  const page = `BT /F1 12 Tf ${show} ET`;
  const map = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M def /CMapType 2 def 1 begincodespacerange <0000> <ffff> endcodespacerange ${codes.length} beginbfchar\n${codes.map((c, i) => `<${hex(i + 1)}> <${hex(c.codePointAt(0))}>`).join('\n')}\nendbfchar endcmap end end`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /Made /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 8 0 R >>',
    '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Made /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 7 0 R /DW 600 >>',
    '<< /Type /FontDescriptor /FontName /Made /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>',
    `<< /Length ${map.length} >>\nstream\n${map}\nendstream`,
  ];
  let out = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}`;
  return Buffer.from(`${out}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`, 'latin1');
}

/** A message with attachments: [{ name, type, bytes }]. */
export function message(subject, attachments) {
  const lines = ['From: a@example.org', `Subject: ${subject}`, `Message-ID: <${crypto.randomUUID()}@example.org>`, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=edge', '', '--edge', 'Content-Type: text/plain', '', 'See attached.'];
  for (const { name, type, bytes } of attachments)
    lines.push('--edge', `Content-Type: ${type}`, 'Content-Transfer-Encoding: base64', `Content-Disposition: attachment; filename="${name}"`, '', bytes.toString('base64').replace(/.{76}/g, '$&\n'));
  return [...lines, '--edge--', ''].join('\n');
}
