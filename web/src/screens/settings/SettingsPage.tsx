import { Lock } from "lucide-react";
import { Suspense } from "react";
import { useDesk } from "../../app/context.ts";
import { NotFound } from "../../app/Failed.tsx";
import { useT } from "../../i18n/i18n.ts";
import { Empty, Spinner } from "../../ui/Notice.tsx";
import { SettingsFrame } from "./SettingsFrame.tsx";
import { SECTIONS } from "./sections.ts";

export function SettingsPage({ section: key }: { readonly section: string }) {
  const t = useT();
  const desk = useDesk();
  const section = SECTIONS.find((one) => one.key === key);
  if (!section) return <NotFound />;
  const Body = section.page;
  return (
    <SettingsFrame current={key}>
      {section.for === "organisation" && !desk.user.admin
        ? <Empty icon={Lock} title={t("settings.notAdmin")}>{t("settings.notAdminHint")}</Empty>
        : <Suspense fallback={<Spinner label={t("common.loading")} />}><Body /></Suspense>}
    </SettingsFrame>
  );
}
