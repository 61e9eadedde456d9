import type { Address } from "../jmap/types.ts";
import { hueOf, initialsOf } from "../mail/conversations.ts";

export function Avatar({ address, small = false }: { readonly address: Address; readonly small?: boolean }) {
  return (
    <span className={small ? "avatar avatar-small" : "avatar"} style={{ "--hue": hueOf(address) } as Record<string, number>} aria-hidden>
      {initialsOf(address)}
    </span>
  );
}
