import type { MessageId } from "../../i18n/i18n.ts";
import type { AddressProblem } from "../../mail/recipients.ts";

/* Why each is no address. */
export const PROBLEMS: Readonly<Record<AddressProblem, MessageId>> = {
  noAt: "compose.address.noAt", manyAt: "compose.address.manyAt", noName: "compose.address.noName", noDomain: "compose.address.noDomain", domainDot: "compose.address.domainDot",
  spaces: "compose.address.spaces", dots: "compose.address.dots", signs: "compose.address.signs", long: "compose.address.long",
};
