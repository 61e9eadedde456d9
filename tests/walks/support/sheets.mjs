// The pictures of a step beside each other: of each language one sheet, light above dark, from wide to narrow.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { launchBrowser } from '../../blackbox/support/browser.mjs';

const HEIGHT = 660;

/** Writes sheet-STEP-LANGUAGE.png into the folder, from the pictures STEP-LANGUAGE-THEME-WIDTH.png that are in it. */
export async function sheets(folder) {
  if (!existsSync(folder)) return;
  const groups = Map.groupBy(readdirSync(folder).filter((file) => /^\d.*-(light|dark)-\d+\.png$/.test(file)), (file) => file.replace(/-(light|dark)-\d+\.png$/, ''));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 2400, height: 2 * HEIGHT + 6 } });
    for (const [name, files] of groups) {
      const widthOf = (file) => Number(/(\d+)\.png$/.exec(file)[1]);
      const rows = ['light', 'dark'].map((theme) => files.filter((file) => file.includes(`-${theme}-`)).sort((a, b) => widthOf(b) - widthOf(a)));
      const picture = (file) => `<img style="height:${HEIGHT}px" src="data:image/png;base64,${readFileSync(path.join(folder, file), 'base64')}">`;
      await page.setContent(`<body style="margin:0;display:inline-grid;gap:6px;background:#f0f">${rows.map((row) => `<div style="display:flex;gap:6px">${row.map(picture).join('')}</div>`).join('')}`);
      await page.locator('body').screenshot({ path: path.join(folder, `sheet-${name}.png`) });
    }
  } finally {
    await browser.close();
  }
}
