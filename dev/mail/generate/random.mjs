// Seeded choices: the same seed gives the same mail, on every machine.

/** next() in [0,1), int(lo, hi) inclusive, pick(list), chance(p), hex(n). */
export function makeRandom(seed) {
  let state = 2166136261;
  for (const ch of String(seed)) state = Math.imul(state ^ ch.codePointAt(0), 16777619) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (lo, hi) => lo + Math.floor(next() * (hi - lo + 1));
  return {
    next, int,
    pick: (list) => list[int(0, list.length - 1)],
    chance: (p) => next() < p,
    hex: (n) => Array.from({ length: n }, () => int(0, 15).toString(16)).join(''),
    bytes(n) {
      const out = Buffer.allocUnsafe(n);
      for (let i = 0; i < n; i++) out[i] = (next() * 256) & 255;
      return out;
    },
  };
}
