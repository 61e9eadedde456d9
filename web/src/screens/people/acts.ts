import type { MessageId } from "../../i18n/i18n.ts";

/* What each act of the log is called (docs/api.md, AuditEntry). */
export const ACTS: Readonly<Record<string, MessageId>> = {
  "sign-in.done": "audit.signInDone", "sign-in.refused": "audit.signInRefused", "sign-in.out": "audit.signInOut",
  "user.invite": "audit.userInvite", "user.link": "audit.userLink", "user.reset": "audit.userReset", "user.accept": "audit.userAccept", "user.join": "audit.userJoin",
  "user.password": "audit.userPassword", "user.name": "audit.userName", "user.role": "audit.userRole", "user.disable": "audit.userDisable", "user.enable": "audit.userEnable", "user.remove": "audit.userRemove",
  "session.end": "audit.sessionEnd", "token.create": "audit.tokenCreate", "token.revoke": "audit.tokenRevoke", "identity.link": "audit.identityLink", "identity.unlink": "audit.identityUnlink",
  "share.give": "audit.shareGive", "share.take": "audit.shareTake",
  "account.link": "audit.accountLink", "account.relink": "audit.accountRelink", "account.unlink": "audit.accountUnlink",
  "provider.set": "audit.providerSet", "provider.remove": "audit.providerRemove", "provider.reminder": "audit.providerReminder", "provider.second-secret": "audit.providerSecond",
  "mail.read": "audit.mailRead", "mail.export": "audit.mailExport", "backup.write": "audit.backupWrite", "backup.restore": "audit.backupRestore",
};

/* The kinds to narrow to; the server takes what begins so. */
export const KINDS: readonly (readonly [prefix: string, label: MessageId])[] = [
  ["", "audit.all"], ["sign-in.", "audit.kindSignIn"], ["user.", "audit.kindUser"], ["share.", "audit.kindShare"], ["account.", "audit.kindAccount"],
  ["mail.", "audit.kindMail"], ["provider.", "audit.kindProvider"], ["token.", "audit.kindToken"], ["backup.", "audit.kindBackup"],
];

/* Words that the server notes beside an act. */
export const DETAILS: Readonly<Record<string, MessageId>> = {
  administrator: "people.administrator", member: "people.member", read: "share.read", work: "share.work", "work and send": "share.send",
  password: "profile.password", link: "people.inviteLink", microsoft: "profile.microsoft", own: "people.self", none: "share.taken", removed: "people.removed",
};

/* The properties of a provider, as the form calls them: the log tells which were set, by their names in the API. */
export const PROPERTIES: Readonly<Record<string, MessageId>> = {
  type: "ms.accountTypes", tenant: "ms.tenant", clientId: "ms.clientId", clientSecret: "ms.secret", secretExpires: "ms.secretExpires", cloud: "ms.cloud", authority: "ms.authority", graph: "ms.graph", imap: "ms.imap", smtp: "ms.smtp",
  scopePrefix: "ms.scopePrefix", caFile: "ms.caFile", proxy: "ms.proxy", proxyPassword: "ms.proxyPassword", signIn: "ms.signIn",
  secondSecret: "ms.secondValue", secondSecretExpires: "ms.secondExpires", hasSecondSecret: "ms.secondRemove", promoteSecondSecret: "ms.secondPromote",
};
