// A story told in tests: each step stands on the one before.

import { test } from 'node:test';

let broken = false;

/** A test that is skipped once a step before it has failed. One story a file: files run in processes of their own. */
export function step(name, play) {
  test(name, async (context) => {
    if (broken) return context.skip('a step before this one failed');
    broken = true;
    await play();
    broken = false;
  });
}

/** Whether a step has failed: its screen is worth a picture. */
export const isBroken = () => broken;
