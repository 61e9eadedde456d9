import { Archive, FileText, Folder, Inbox, Send, ShieldAlert, Trash2, type LucideIcon } from "lucide-react";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  inbox: Inbox, drafts: FileText, sent: Send, archive: Archive, junk: ShieldAlert, trash: Trash2,
};

export function MailboxIcon({ role }: { readonly role: string | null }) {
  const Icon = (role !== null ? ICONS[role] : undefined) ?? Folder;
  return <Icon size={16} aria-hidden className={role === "sent" ? "directional" : undefined} />;
}
