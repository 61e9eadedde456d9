import type { ComponentType } from "react";
import type { MailRoute } from "../../app/router.ts";
import type { Id } from "../../jmap/types.ts";
import type { Conversation } from "../../mail/conversations.ts";
import { RowMarks } from "../organise/RowMarks.tsx";
import { SaveSearchButton } from "../organise/SaveSearchButton.tsx";
import { SidebarOrganise } from "../organise/SidebarOrganise.tsx";

/* Where other areas of the page put something of their own into the mail screen. Each entry is rendered in order. */

export interface RowMarkProps {
  readonly accountId: Id;
  readonly conversation: Conversation;
}

/* Beside the subject of a row. */
export const ROW_MARKS: readonly ComponentType<RowMarkProps>[] = [RowMarks];

export interface ListFilterProps {
  readonly route: MailRoute;
}

/* Behind "All, Unread, Flagged" above the list. */
export const LIST_FILTERS: readonly ComponentType<ListFilterProps>[] = [SaveSearchButton];

export interface SidebarGroupProps {
  readonly route: MailRoute;
  readonly onNavigate: () => void;
}

/* Between the favourites and the accounts. */
export const SIDEBAR_GROUPS: readonly ComponentType<SidebarGroupProps>[] = [SidebarOrganise];
