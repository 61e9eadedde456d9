import type { MessageId, Translate } from "../../i18n/i18n.ts";
import type { AccountState } from "../../jmap/types.ts";
import type { HealthFolder } from "../../mail/accounts.ts";
import { failureOf } from "../../mail/failures.ts";
import { roleName } from "../../mail/mailboxes.ts";
import { showToast } from "../../ui/toasts.ts";

export const TONES: Readonly<Record<AccountState, string>> = {
  "linking": "busy", "syncing": "busy", "idle": "good", "retrying": "wait", "paused": "wait", "needs-relink": "bad", "error": "bad",
};

export function providerName(account: { readonly providerType: "microsoft" | "google" | null }): MessageId {
  if (account.providerType === "microsoft") return "account.providerMicrosoft";
  return account.providerType === "google" ? "account.providerGoogle" : "account.providerPlain";
}

/* As the list of folders calls it. */
export function folderName(folder: HealthFolder, t: Translate): string {
  const role = roleName(folder.role);
  return role ? t(role) : folder.name;
}

/* Runs a change of the account and says how it went. */
export function useChange(): (job: () => Promise<void>, done: MessageId) => Promise<boolean> {
  return async (job, done) => {
    try {
      await job();
      showToast({ text: done });
      return true;
    } catch (error) {
      showToast({ ...failureOf(error), tone: "problem" });
      return false;
    }
  };
}
