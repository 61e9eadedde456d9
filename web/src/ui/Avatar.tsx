import type { Address } from "../jmap/types.ts";
import { hueOf, initialsOf } from "../mail/conversations.ts";

/* The initials are drawn by the style sheet: a decoration, no text that a button around it would have to be called by. */
export function Avatar({ address, small = false }: { readonly address: Address; readonly small?: boolean }) {
  return (
    <span className={small ? "avatar avatar-small" : "avatar"} style={{ "--hue": hueOf(address) } as Record<string, number>} data-initials={initialsOf(address)} aria-hidden />
  );
}
