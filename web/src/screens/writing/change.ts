import { useState } from "react";
import type { MessageId } from "../../i18n/i18n.ts";
import { RefusedError } from "../../jmap/client.ts";
import { failureOf } from "../../mail/failures.ts";
import { showToast } from "../../ui/toasts.ts";

/* Runs a change one at a time and says how it went; texts: what the server's refusals are called here. */
export function useChange(): { readonly busy: boolean; readonly run: (job: () => Promise<void>, done: MessageId | null, texts?: Readonly<Record<string, MessageId>>) => Promise<boolean> } {
  const [busy, setBusy] = useState(false);
  return {
    busy,
    run: async (job, done, texts = {}) => {
      setBusy(true);
      try {
        await job();
        if (done) showToast({ text: done });
        return true;
      } catch (error) {
        const own = error instanceof RefusedError ? texts[error.refusal.type] : undefined;
        showToast(own ? { text: own, tone: "problem" } : { ...failureOf(error), tone: "problem" });
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
