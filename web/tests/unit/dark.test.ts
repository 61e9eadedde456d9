import { describe, expect, it } from "vitest";
import { contrast, darkGround, PAGE_GROUND, readableOn, type Rgb } from "../../src/screens/reader/dark.ts";

const COLOURS: readonly Rgb[] = [];
for (const r of [0, 85, 170, 255]) for (const g of [0, 85, 170, 255]) for (const b of [0, 85, 170, 255]) (COLOURS as Rgb[]).push([r, g, b]);

describe("a mail's colours on a dark page", () => {
  it("keep every text readable on every ground", () => {
    for (const ground of COLOURS) {
      const dark = darkGround(ground);
      for (const text of COLOURS) expect(contrast(readableOn(text, dark), dark)).toBeGreaterThanOrEqual(4.5);
    }
  });
  it("turn white paper into the page's own ground, and no light ground stays light", () => {
    expect(darkGround([255, 255, 255])).toEqual(PAGE_GROUND);
    for (const ground of [[240, 240, 240], [255, 250, 220], [220, 235, 255]] as const) expect(contrast(darkGround(ground), [255, 255, 255])).toBeGreaterThan(7);
  });
  it("leave what is readable already", () => {
    expect(darkGround([20, 60, 120])).toEqual([20, 60, 120]);
    expect(readableOn([255, 255, 255], [20, 60, 120])).toEqual([255, 255, 255]);
  });
});
