import { lazy, Suspense } from "react";
import type { MailRoute } from "../../app/router.ts";
import { useOrganiseSheet } from "./organise-store.ts";

const Sheet = lazy(() => import("./Sheet.tsx").then((module) => ({ default: module.Sheet })));

/* The organising dialog that is open, if one is. */
export function OrganiseSheets({ route }: { readonly route: MailRoute }) {
  const sheet = useOrganiseSheet();
  return sheet && <Suspense><Sheet sheet={sheet} route={route} /></Suspense>;
}
