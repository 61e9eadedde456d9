// Makes a PNG of a screen smaller: at most 256 colours, which text and flat grounds hardly need, and the best compression.

import zlib from 'node:zlib';

import { chunk, SIGNATURE } from './mail/generate/png.mjs';

const COLOURS = 256;

function* chunksOf(png) {
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* The bytes of the pixels, row after row, with the filters of the rows undone. */
function unfiltered(rows, width, height, depth) {
  const stride = width * depth;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x < depth ? 0 : out[y * stride + x - depth], up = y === 0 ? 0 : out[(y - 1) * stride + x];
      const corner = x < depth || y === 0 ? 0 : out[(y - 1) * stride + x - depth];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[y * stride + x] = rows[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return out;
}

/* Width, height, and one number 0xRRGGBB for each pixel. Eight bits a channel, not interlaced, as browsers write them. */
function decode(png) {
  const parts = [...chunksOf(png)];
  const head = parts[0].data;
  const [width, height, depth] = [head.readUInt32BE(0), head.readUInt32BE(4), { 2: 3, 6: 4 }[head[9]]];
  if (depth === undefined || head[8] !== 8 || head[12] !== 0) throw new Error('not a PNG of a browser');
  const bytes = unfiltered(zlib.inflateSync(Buffer.concat(parts.filter((part) => part.type === 'IDAT').map((part) => part.data))), width, height, depth);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (bytes[i * depth] << 16) | (bytes[i * depth + 1] << 8) | bytes[i * depth + 2];
  return { width, height, pixels };
}

const partsOf = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

function nearest(palette, colour) {
  const [r, g, b] = partsOf(colour);
  let best = 0, least = Infinity;
  for (const [index, one] of palette.entries()) {
    const [x, y, z] = partsOf(one);
    const far = 2 * (r - x) ** 2 + 4 * (g - y) ** 2 + (b - z) ** 2;
    if (far < least) [best, least] = [index, far];
  }
  return best;
}

/* The most used colours, no two of them alike to the eye as long as there is a choice. */
function paletteOf(counts) {
  const byUse = [...counts].toSorted((a, b) => b[1] - a[1]).map(([colour]) => colour);
  if (byUse.length <= COLOURS) return byUse;
  const coarse = new Set(), first = [], rest = [];
  for (const colour of byUse) {
    const [r, g, b] = partsOf(colour);
    const key = ((r >> 4) << 8) | ((g >> 4) << 4) | (b >> 4);
    (first.length < 32 || !coarse.has(key) ? first : rest).push(colour);
    coarse.add(key);
  }
  return [...first, ...rest].slice(0, COLOURS);
}

/** The same picture in fewer bytes. */
export function smaller(png) {
  const { width, height, pixels } = decode(png);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = paletteOf(counts);
  const index = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = index.get(pixels[y * width + x]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const out = Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('PLTE', Buffer.from(palette.flatMap(partsOf))), chunk('IDAT', zlib.deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))]);
  return out.length < png.length ? out : png;
}
