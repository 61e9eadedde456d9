import { useLocale, useT } from "../../i18n/i18n.ts";
import { formatAgo, formatBytes, formatNumber } from "../../i18n/format.ts";
import type { AccountHealth, HealthFolder } from "../../mail/accounts.ts";
import { folderName } from "./account-words.ts";

function FolderRow({ folder }: { readonly folder: HealthFolder }) {
  const t = useT();
  const locale = useLocale();
  const differs = folder.localCount !== folder.serverCount;
  return (
    <tr className={differs ? "folder-differs" : undefined}>
      <th scope="row"><bdi>{folderName(folder, t)}</bdi></th>
      <td>{formatNumber(folder.localCount, locale)}</td>
      <td>{formatNumber(folder.serverCount, locale)}</td>
      <td>{folder.pending > 0 ? formatNumber(folder.pending, locale) : "–"}</td>
      <td>{folder.skipped > 0 ? formatNumber(folder.skipped, locale) : "–"}</td>
      <td>{folder.comparedAt ? formatAgo(folder.comparedAt, locale) : t("health.never")}</td>
    </tr>
  );
}

/* Each folder, how many mails are here and at the server. */
export function HealthFolders({ health }: { readonly health: AccountHealth }) {
  const t = useT();
  const folders = health.folders.filter((folder) => folder.synced);
  return (
    <section className="card">
      <h2>{t("health.folders")}</h2>
      <div className="table-scroll" tabIndex={0} role="group" aria-label={t("health.folders")}>
        <table className="health-table">
          <thead>
            <tr>
              <th scope="col">{t("health.folder")}</th><th scope="col">{t("health.here")}</th><th scope="col">{t("health.there")}</th>
              <th scope="col">{t("health.pending")}</th><th scope="col">{t("health.skipped")}</th><th scope="col">{t("health.compared")}</th>
            </tr>
          </thead>
          <tbody>{folders.map((folder) => <FolderRow key={folder.mailboxId} folder={folder} />)}</tbody>
        </table>
      </div>
      {folders.some((folder) => folder.skipped > 0) && <p className="muted">{t("health.skippedHint")}</p>}
    </section>
  );
}

/* What the mail server allows, and how much of it is used. */
export function Quotas({ health }: { readonly health: AccountHealth }) {
  const t = useT();
  const locale = useLocale();
  if (health.quotas.length === 0) return null;
  return (
    <section className="card">
      <h2>{t("health.quota")}</h2>
      {health.quotas.map((quota) => {
        const show = (value: number): string => (quota.of === "octets" ? formatBytes(value, locale) : formatNumber(value, locale));
        const percent = quota.limit > 0 ? Math.min(100, Math.round((quota.used / quota.limit) * 100)) : 100;
        const label = t(quota.of === "octets" ? "health.quotaBytes" : quota.of === "emails" ? "health.quotaMails" : "health.quotaFolders", { used: show(quota.used), limit: show(quota.limit) });
        return (
          <div key={`${quota.name} ${quota.of}`} className={percent >= 95 ? "quota quota-full" : "quota"}>
            <span>{label}</span>
            <div className="progress-bar" role="meter" aria-label={label} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}><span style={{ inlineSize: `${percent}%` }} /></div>
          </div>
        );
      })}
    </section>
  );
}
