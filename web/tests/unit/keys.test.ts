import { tinykeys } from "tinykeys";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isTyping, keyBindings } from "../../src/screens/mail/mail-keys.ts";

let stop = (): void => undefined;
afterEach(() => stop());

/* Which commands a series of keys sets off; a command is known by the key that is its own. */
function press(...keys: readonly (readonly [key: string, code: string, shift?: boolean])[]): number {
  const run = vi.fn();
  stop = tinykeys(window, keyBindings(run));
  for (const [key, code, shift] of keys) window.dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey: shift ?? false, bubbles: true }));
  return run.mock.calls.length;
}

describe("the keys", () => {
  it("act once each", () => {
    expect(press(["j", "KeyJ"])).toBe(1);
    expect(press(["?", "Slash", true])).toBe(1);
    expect(press(["#", "Digit3", true])).toBe(1);
    expect(press(["U", "KeyU", true])).toBe(1);
  });
  it("go to a mailbox with two keys and do not flag on the way", () => expect(press(["g", "KeyG"], ["s", "KeyS"])).toBe(1));
  it("work at the same place on a Hebrew keyboard", () => expect(press(["ח", "KeyJ"], ["ע", "KeyG"], ["ן", "KeyI"])).toBe(2));
  it("follow the letter, not the place, on another Latin keyboard", () => expect(press(["h", "KeyJ"])).toBe(0));
  it("are off while typing", () => {
    document.body.replaceChildren(...new DOMParser().parseFromString("<input><dialog><button>x</button></dialog><section class='composer'><button>z</button></section><p>y</p>", "text/html").body.childNodes);
    expect([...document.querySelectorAll("input, button, p")].map(isTyping)).toEqual([true, true, true, false]);
  });
});
