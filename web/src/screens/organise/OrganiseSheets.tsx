import { Suspense } from "react";
import type { MailRoute } from "../../app/router.ts";
import { lazyAhead } from "../../ui/ahead.ts";
import { useOrganiseSheet } from "./organise-store.ts";

const Sheet = lazyAhead(() => import("./Sheet.tsx").then((module) => module.Sheet));

/* The organising dialog that is open, if one is. */
export function OrganiseSheets({ route }: { readonly route: MailRoute }) {
  const sheet = useOrganiseSheet();
  return sheet && <Suspense><Sheet sheet={sheet} route={route} /></Suspense>;
}
