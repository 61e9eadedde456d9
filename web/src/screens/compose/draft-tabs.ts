import type { Id } from "../../jmap/types.ts";

/* Pages of one browser tell each other which draft they have open, so that two do not write over each other unnoticed. */
interface Said {
  readonly kind: "opened" | "here" | "saved" | "closed";
  readonly from: string;
  readonly accountId: Id;
  readonly draftId: Id;
  readonly copyId: string;
}

const self = [...crypto.getRandomValues(new Uint32Array(2))].join("-");

export interface DraftWatch {
  /* Which draft this is now. */
  readonly follow: (accountId: Id, draftId: Id | null) => void;
  readonly close: () => void;
}

/* Calls onElsewhere when another page has the same draft open, or saves it. */
export function watchDraft(copyId: string, onElsewhere: (open: boolean) => void): DraftWatch {
  if (!("BroadcastChannel" in window)) return { follow: () => undefined, close: () => undefined };
  const channel = new BroadcastChannel("postroom-drafts");
  let isOpen = true;
  let mine: { readonly accountId: Id; readonly draftId: Id } | null = null;
  const say = (kind: Said["kind"], draftId: Id | undefined = mine?.draftId): void => {
    /* The last saving of a letter ends when its window is gone. */
    if (isOpen && mine && draftId) channel.postMessage({ kind, from: self, accountId: mine.accountId, draftId, copyId } satisfies Said);
  };
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.from === self || !mine || data.accountId !== mine.accountId || data.draftId !== mine.draftId) return;
    if (data.kind === "opened") say("here");
    onElsewhere(data.kind !== "closed");
  };
  return {
    follow: (accountId, draftId) => {
      const before = mine;
      mine = draftId === null ? null : { accountId, draftId };
      if (mine && before && before.draftId !== mine.draftId) say("saved", before.draftId);
      else if (mine && !before) say("opened");
    },
    close: () => {
      say("closed");
      isOpen = false;
      channel.close();
    },
  };
}
