import type { Cloud, Provider } from "../../jmap/types.ts";

/* What the form holds, and how it becomes a Provider and back. */
export type AccountTypes = "tenant" | "organizations" | "common" | "consumers";
export type Endpoint = "authority" | "graph" | "imap" | "smtp" | "scopePrefix";

export const ENDPOINTS: readonly Endpoint[] = ["authority", "graph", "imap", "smtp", "scopePrefix"];

export type MicrosoftValues = { readonly [name in Endpoint]?: string } & {
  readonly accountTypes: AccountTypes;
  readonly tenant?: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly secretExpires?: string;
  readonly secondSecret?: string;
  readonly secondSecretExpires?: string;
  readonly signIn?: "off" | "linked" | "tenant";
  readonly cloud: Cloud;
  readonly caFile?: string;
  readonly proxy?: string;
  readonly proxyPassword?: string;
};

/* The national clouds' own endpoints; the server fills them in by itself, here they are shown as what applies. */
export const PRESETS: Readonly<Record<Exclude<Cloud, "custom">, Readonly<Record<Endpoint, string>>>> = {
  global: { authority: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com", imap: "outlook.office365.com:993", smtp: "smtp.office365.com:587", scopePrefix: "https://outlook.office.com/" },
  usgov: { authority: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us", imap: "outlook.office365.us:993", smtp: "smtp.office365.us:587", scopePrefix: "https://outlook.office365.us/" },
  dod: { authority: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us", imap: "outlook-dod.office365.us:993", smtp: "outlook-dod.office365.us:587", scopePrefix: "https://outlook.office365.us/" },
  china: { authority: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn", imap: "partner.outlook.cn:993", smtp: "partner.outlook.cn:587", scopePrefix: "https://partner.outlook.cn/" },
};

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const DOMAIN = /^(?=.{4,253}$)[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+$/u;

export function isGuid(text: string): boolean {
  return GUID.test(text.trim());
}

export function isTenant(text: string): boolean {
  return isGuid(text) || DOMAIN.test(text.trim());
}

/* Microsoft's secrets are never GUIDs, their identifiers always are. */
export function looksLikeSecretId(secret: string): boolean {
  return isGuid(secret);
}

export function isUrl(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text.trim()).protocol);
  } catch {
    return false;
  }
}

export function isHostPort(text: string): boolean {
  const match = /^(\[[0-9a-f:]+\]|[^\s:/]+):(\d{1,5})$/i.exec(text.trim());
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
}

/* "direct", or an address without a password in it. */
export function isProxy(text: string): boolean {
  return text.trim() === "direct" || /^(?:http|socks5h?):\/\/(?:[^\s:/@]+@)?(?:\[[0-9a-f:.]+\]|[^\s:/@]+)(?::\d{1,5})?\/?$/i.test(text.trim());
}

function accountTypesOf(tenant: string): AccountTypes {
  return tenant === "common" || tenant === "organizations" || tenant === "consumers" ? tenant : "tenant";
}

/* An endpoint that is just the cloud's own is left empty, so that it follows when the cloud is changed. */
function explicitEndpoint(provider: Provider, name: Endpoint): string {
  const value = provider[name] ?? "";
  const cloud = provider.cloud ?? "global";
  return cloud !== "custom" && PRESETS[cloud][name] === value ? "" : value;
}

export function valuesOf(provider: Provider | undefined): MicrosoftValues {
  if (!provider) return { accountTypes: "common", clientId: "", signIn: "off", cloud: "global" };
  const tenant = provider.tenant ?? "common";
  const accountTypes = accountTypesOf(tenant);
  return {
    accountTypes, tenant: accountTypes === "tenant" ? tenant : "",
    clientId: provider.clientId ?? "", clientSecret: "", secretExpires: provider.secretExpires?.slice(0, 10) ?? "",
    secondSecret: "", secondSecretExpires: provider.secondSecretExpires?.slice(0, 10) ?? "", signIn: provider.signIn ?? "off",
    cloud: provider.cloud ?? "global", caFile: provider.caFile ?? "",
    proxy: provider.proxy ?? "", proxyPassword: "",
    ...Object.fromEntries(ENDPOINTS.map((name) => [name, explicitEndpoint(provider, name)])),
  };
}

function orNull(text: string | undefined): string | null {
  const trimmed = text?.trim();
  return trimmed ? trimmed : null;
}

export function tenantOf(values: MicrosoftValues): string {
  return values.accountTypes === "tenant" ? (values.tenant ?? "").trim() : values.accountTypes;
}

/* The properties to set; secrets only when they were typed. */
export function changeOf(values: MicrosoftValues): Record<string, string | null> {
  const secret = orNull(values.clientSecret);
  const second = orNull(values.secondSecret);
  const proxyPassword = values.proxyPassword ?? "";
  return {
    clientId: values.clientId.trim(),
    tenant: tenantOf(values),
    cloud: values.cloud,
    secretExpires: values.secretExpires ? `${values.secretExpires}T00:00:00Z` : null,
    secondSecretExpires: values.secondSecretExpires ? `${values.secondSecretExpires}T00:00:00Z` : null,
    /* Everybody of a tenant, where there is just one. */
    signIn: values.signIn === "tenant" && values.accountTypes !== "tenant" ? "linked" : values.signIn ?? "off",
    caFile: orNull(values.caFile),
    proxy: orNull(values.proxy),
    ...Object.fromEntries(ENDPOINTS.map((name) => [name, orNull(values[name])])),
    ...(secret === null ? {} : { clientSecret: secret }),
    ...(second === null ? {} : { secondSecret: second }),
    ...(proxyPassword === "" ? {} : { proxyPassword }),
  };
}

export function endpointOf(values: MicrosoftValues, name: Endpoint): string {
  return orNull(values[name]) ?? (values.cloud === "custom" ? "" : PRESETS[values.cloud][name]);
}

/* Where an administrator approves once for everybody; never with "common". */
export function adminConsentUrl(values: MicrosoftValues, redirectUri: string): string | null {
  const authority = endpointOf(values, "authority").replace(/\/+$/, "");
  if (!isGuid(values.clientId) || !authority || !redirectUri) return null;
  const tenant = tenantOf(values);
  const place = tenant === "common" || tenant === "consumers" || tenant === "" ? "organizations" : tenant;
  const prefix = endpointOf(values, "scopePrefix");
  const scope = ["openid", "profile", "email", "offline_access", `${prefix}IMAP.AccessAsUser.All`, `${prefix}SMTP.Send`, `${endpointOf(values, "graph").replace(/\/+$/, "")}/User.Read`];
  const query = new URLSearchParams({ client_id: values.clientId.trim(), redirect_uri: redirectUri, scope: scope.join(" "), state: "admin-consent" });
  return `${authority}/${encodeURIComponent(place)}/v2.0/adminconsent?${query.toString()}`;
}

/* Days until the secret expires; negative afterwards. */
export function daysLeft(expires: string, now: Date = new Date()): number {
  return Math.ceil((new Date(`${expires}T00:00:00Z`).getTime() - now.getTime()) / 86_400_000);
}
