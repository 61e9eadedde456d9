import { useCallback, useEffect, useRef, useState } from "react";
import { jmapOne } from "../jmap/client.ts";
import type { GetResponse, Id } from "../jmap/types.ts";
import { change } from "./people.ts";

export interface TestRow {
  readonly check: "settings" | "proxy" | "reach" | "tls" | "discovery" | "client" | "second-secret" | "graph" | "imap" | "smtp" | "clock";
  readonly state: "ok" | "warn" | "bad";
  readonly problem: string | null;
  readonly field: string | null;
  readonly detail: string;
}

export interface ProviderTest {
  readonly id: Id;
  readonly done: boolean;
  readonly rows: readonly TestRow[];
}

const LOOK_MS = 400;

/* Starts a test and follows it row by row. */
export function useProviderTest(userAccount: Id, providerId: Id) {
  const [test, setTest] = useState<ProviderTest | null>(null);
  const [busy, setBusy] = useState(false);
  const alive = useRef(true);
  useEffect(() => { alive.current = true; return () => { alive.current = false; }; }, []);
  const run = useCallback(async (): Promise<void> => {
    setBusy(true);
    setTest(null);
    try {
      const id = (await change("ProviderTest", userAccount, { create: { test: { providerId } } })).created?.["test"]?.id ?? "";
      for (let done = false; !done && alive.current;) {
        const found = (await jmapOne<GetResponse<ProviderTest>>("ProviderTest/get", { accountId: userAccount, ids: [id] })).list[0];
        if (!found) break;
        if (alive.current) setTest(found);
        done = found.done;
        if (!done) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } finally {
      if (alive.current) setBusy(false);
    }
  }, [userAccount, providerId]);
  return { test, busy, run };
}
