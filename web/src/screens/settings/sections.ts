import { Activity, AtSign, FileText, KeyRound, Languages, PenLine, Plane, PlugZap, ScrollText, Send, ShieldCheck, Tags, Users, UsersRound, type LucideIcon } from "lucide-react";
import { lazy, type ComponentType } from "react";
import type { MessageId } from "../../i18n/i18n.ts";

/* A section of the settings: "settings/KEY". Those of the organisation are for administrators; the server holds that as well. */
export interface Section {
  readonly key: string;
  readonly label: MessageId;
  readonly icon: LucideIcon;
  readonly for: "person" | "organisation";
  readonly page: ComponentType;
}

function page(load: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => ({ default: await load() }));
}

export const SECTIONS: readonly Section[] = [
  { key: "general", label: "settings.general", icon: Languages, for: "person", page: page(() => import("./GeneralSection.tsx").then((module) => module.GeneralSection)) },
  { key: "labels", label: "label.section", icon: Tags, for: "person", page: page(() => import("../organise/LabelsSection.tsx").then((module) => module.LabelsSection)) },
  { key: "profile", label: "profile.title", icon: KeyRound, for: "person", page: page(() => import("../people/ProfileSection.tsx").then((module) => module.ProfileSection)) },
  { key: "users", label: "people.title", icon: Users, for: "organisation", page: page(() => import("../people/UsersSection.tsx").then((module) => module.UsersSection)) },
  { key: "fleet", label: "fleet.title", icon: Activity, for: "organisation", page: page(() => import("../people/FleetSection.tsx").then((module) => module.FleetSection)) },
  { key: "audit", label: "audit.title", icon: ScrollText, for: "organisation", page: page(() => import("../people/AuditSection.tsx").then((module) => module.AuditSection)) },
  { key: "privacy", label: "reader.privacy", icon: ShieldCheck, for: "person", page: page(() => import("./PrivacySection.tsx").then((module) => module.PrivacySection)) },
  { key: "sending", label: "compose.sendingSettings", icon: Send, for: "person", page: page(() => import("../compose/SendingSection.tsx").then((module) => module.SendingSection)) },
  { key: "contacts", label: "compose.contacts", icon: UsersRound, for: "person", page: page(() => import("../compose/ContactsSection.tsx").then((module) => module.ContactsSection)) },
  { key: "signatures", label: "writing.signatures", icon: PenLine, for: "person", page: page(() => import("../writing/SignaturesSection.tsx").then((module) => module.SignaturesSection)) },
  { key: "templates", label: "writing.templates", icon: FileText, for: "person", page: page(() => import("../writing/TemplatesSection.tsx").then((module) => module.TemplatesSection)) },
  { key: "identities", label: "writing.identities", icon: AtSign, for: "person", page: page(() => import("../writing/IdentitiesSection.tsx").then((module) => module.IdentitiesSection)) },
  { key: "vacation", label: "writing.vacation", icon: Plane, for: "person", page: page(() => import("../writing/VacationSection.tsx").then((module) => module.VacationSection)) },
  { key: "microsoft", label: "menu.microsoft", icon: PlugZap, for: "organisation", page: page(() => import("../admin/MicrosoftSection.tsx").then((module) => module.MicrosoftSection)) },
];
