import { useEffect } from "react";
import type { Id } from "../../jmap/types.ts";
import { composeLink, parseMailto, type LetterLink } from "../../mail/mailto.ts";
import { composeText } from "../compose/composer-store.ts";

/* What the page was opened with; read before the address changes to that of a mailbox. */
let asked: LetterLink | null = composeLink(location.search);

function open(accountId: Id, { to, cc, bcc, subject, text }: LetterLink): void {
  composeText({ accountId, to, cc, bcc, subject }, text);
}

/* Opens the letter that the page was asked for ("?compose=…"), once a mailbox is there to write from. */
export function useComposeLink(accountId: Id): void {
  useEffect(() => {
    if (asked === null) return;
    const link = asked;
    asked = null;
    open(accountId, link);
  }, [accountId]);
}

/* For mailto: links that are followed in the page; false: it is none. */
export function composeMailto(accountId: Id, url: string): boolean {
  const link = parseMailto(url);
  if (link) open(accountId, link);
  return link !== null;
}

/* Has the browser open mailto: links here; it asks the person. false: it cannot. */
export function registerMailto(): boolean {
  if (typeof navigator.registerProtocolHandler !== "function") return false;
  navigator.registerProtocolHandler("mailto", `${new URL(".", document.baseURI).href}?compose=%s`);
  return true;
}
