import type { Address } from "../jmap/types.ts";
import { isAddress, parseAddresses } from "./answers.ts";

/* Why something is no address, as exactly as can be said. */
export type AddressProblem = "noAt" | "manyAt" | "noName" | "noDomain" | "domainDot" | "spaces" | "dots" | "signs" | "long";

export function addressProblem(email: string): AddressProblem | null {
  if (isAddress(email)) return null;
  const parts = email.split("@");
  if (parts.length === 1) return "noAt";
  if (/\s/u.test(email)) return "spaces";
  if (parts.length > 2) return "manyAt";
  const [name = "", domain = ""] = parts;
  if (!name) return "noName";
  if (!domain) return "noDomain";
  if (email.includes("..") || domain.startsWith(".") || domain.endsWith(".")) return "dots";
  if (email.length > 254) return "long";
  if (/[<>"(),:;[\]\\]/.test(email)) return "signs";
  return domain.includes(".") ? "signs" : "domainDot";
}

/* A line of a spreadsheet is an address with a name beside it: "Ada Lovelace<Tab>ada@example.org". */
function fromSheet(text: string): string {
  return text.split(/\r?\n/).map((line) => {
    const cells = line.split("\t").map((cell) => cell.trim()).filter(Boolean);
    const email = cells.find(isAddress);
    if (cells.length < 2 || !email) return line.replaceAll("\t", ", ");
    const name = cells.filter((cell) => cell !== email && !cell.includes("@")).join(" ");
    return name ? `"${name.replace(/["\\]/g, "")}" <${email}>` : cells.join(", ");
  }).join("\n");
}

export interface Pasted {
  readonly addresses: readonly Address[];
  readonly wrong: readonly { readonly text: string; readonly problem: AddressProblem }[];
}

/* Many addresses at once; a list parted by spaces alone is one too. */
export function readPasted(text: string): Pasted {
  const lines = fromSheet(text);
  const spaced = /^[^\s,;<>"]+@[^\s,;<>"]+(?:\s+[^\s,;<>"]+@[^\s,;<>"]+)+$/u.test(lines.trim());
  const addresses = parseAddresses(spaced ? lines.trim().replace(/\s+/gu, ", ") : lines);
  const wrong = addresses.flatMap((address) => {
    const problem = addressProblem(address.email);
    return problem === null ? [] : [{ text: address.email, problem }];
  });
  return { addresses, wrong };
}

export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1).toLowerCase();
}

/* Those outside one's own domains, in a mail that also goes to people inside: what one may not have noticed. */
export function outsiders(recipients: readonly Address[], own: readonly string[]): readonly Address[] {
  const domains = new Set(own.map(domainOf));
  const outside = recipients.filter((address) => isAddress(address.email) && !domains.has(domainOf(address.email)));
  return outside.length < recipients.length ? outside : [];
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.email.toLowerCase() === b.email.toLowerCase();
}

/* Adds those that are not there yet; the others are told. */
export function addRecipients(now: readonly Address[], fresh: readonly Address[]): { readonly all: readonly Address[]; readonly doubles: readonly Address[] } {
  const all = [...now];
  const doubles: Address[] = [];
  for (const address of fresh) (all.some((one) => sameAddress(one, address)) ? doubles : all).push(address);
  return { all, doubles };
}
