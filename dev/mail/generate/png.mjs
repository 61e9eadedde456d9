// Draws small PNG pictures: charts, swatches, photographs of a sort.

import zlib from 'node:zlib';

const CRC = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes) {
  let c = 0xffffffff;
  for (const b of bytes) c = CRC[(c ^ b) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** How every PNG file begins. */
export const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** One chunk of a PNG file. */
export function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG of width x height; colour(x, y) gives [r, g, b]. */
export function makePng(width, height, colour) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0, at = 0; y < height; y++) {
    rows[at++] = 0;
    for (let x = 0; x < width; x++) for (const c of colour(x, y)) rows[at++] = c;
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** A bar chart of values 0..1. */
export function barChart(values, [r, g, b] = [22, 119, 255]) {
  const width = 420;
  const height = 180;
  const slot = (width - 40) / values.length;
  return makePng(width, height, (x, y) => {
    if (y === height - 21 || x === 20) return [140, 140, 140];
    const i = Math.floor((x - 20) / slot);
    const inBar = x > 20 && (x - 20) % slot > slot * 0.25 && y < height - 21 && y > height - 21 - values[i] * (height - 40);
    return inBar ? [r, g, b] : [250, 250, 250];
  });
}

/** A lamp's beam on a dark bench: soft, warm, different for each tint. */
export function beam(width, height, [r, g, b]) {
  return makePng(width, height, (x, y) => {
    const dx = (x - width / 2) / (width * (0.08 + 0.4 * (y / height)));
    const light = Math.max(0, 1 - dx * dx) * (0.35 + 0.65 * (y / height));
    return [18 + light * (r - 18), 20 + light * (g - 20), 26 + light * (b - 26)].map((c) => Math.max(0, Math.min(255, Math.round(c))));
  });
}

/** The company's mark: a north star in a circle. */
export function logo(size = 64) {
  const half = size / 2;
  return makePng(size, size, (x, y) => {
    const dx = Math.abs(x - half + 0.5) / half;
    const dy = Math.abs(y - half + 0.5) / half;
    if (dx * dx + dy * dy > 0.95) return [255, 255, 255];
    return Math.sqrt(dx) + Math.sqrt(dy) < 0.92 ? [255, 214, 102] : [16, 42, 67];
  });
}

/** One transparent-looking dot, as trackers use. */
export const dot = () => makePng(1, 1, () => [255, 255, 255]);
