// What benchmarks are asked by environment, and how they tell what they found.

/** A number from the environment. */
export function number(name, fallback) {
  const value = Number(process.env[name] ?? fallback);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0`);
  return value;
}

export function quantile(list, q) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

export const say = (text) => process.stdout.write(`${text}\n`);
export const ms = (n) => `${n.toFixed(n < 10 ? 2 : 1)} ms`;
export const seconds = (n) => `${n.toFixed(n < 1 ? 3 : 2)} s`;
export const megabytes = (n) => `${(n / 1e6).toFixed(1)} MB`;
export const ratio = (n) => n.toFixed(3);

/** Prints what was wanted beside what is; answers whether it is met. */
export function wanted(name, value, limit, unit = ratio) {
  const met = value <= limit;
  say(`${name}: ${unit(value)}; at most ${unit(limit)} is wanted: ${met ? 'met' : 'MISSED'}`);
  return met;
}

/** Rows of a table: name, ours, theirs, ratio, what is wanted. */
export function table(title, head) {
  const row = (name, cells) => say(`${name.padEnd(46)} ${cells.map((c) => String(c).padStart(14)).join('')}`);
  say(`\n${title}`);
  row('', head);
  return row;
}

/** Runs a whole benchmark, which answers whether all that is wanted is met: the program's status. */
export async function finish(main) {
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`bench: ${error.stack}\n`);
    process.exitCode = 1;
  }
}
