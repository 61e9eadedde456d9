import { lazy, type ComponentType } from "react";
import { wantPages } from "../i18n/i18n.ts";

/* A page beside the mail, or a part of the mail that is rarely wanted, with the texts of the pages. */
export function lazyPage<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => {
    const [component] = await Promise.all([load(), wantPages()]);
    return { default: component };
  });
}
