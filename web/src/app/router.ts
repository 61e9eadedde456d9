import { useSyncExternalStore } from "react";
import type { Id } from "../jmap/types.ts";

/* The addresses of the page, relative to <base href>. */
export type Route =
  | { readonly screen: "home" }
  /* An account's inbox, before it is known which mailbox that is. */
  | { readonly screen: "account"; readonly accountId: Id }
  | { readonly screen: "mail"; readonly accountId: Id; readonly mailboxId: Id | null; readonly threadId: Id | null; readonly text: string; readonly only: "all" | "unread" | "flagged";
    /* The one mail that is open, where mails are listed one by one. */
    readonly emailId?: Id | null;
    readonly sort?: "date" | "relevance" }
  | { readonly screen: "todos"; readonly who: "mine" | "all"; readonly state: "open" | "done" | "all"; readonly due: "any" | "overdue" | "today" | "later"; readonly sort: "due" | "new" | "subject" }
  | { readonly screen: "accounts"; readonly linking: boolean; readonly address: string }
  | { readonly screen: "account-health"; readonly accountId: Id }
  | { readonly screen: "settings"; readonly section: string }
  | { readonly screen: "invite"; readonly token: string }
  | { readonly screen: "link-done"; readonly accountId: Id }
  | { readonly screen: "link-failed"; readonly code: string; readonly aadsts: string | null; readonly correlation: string | null; readonly expected: string | null; readonly got: string | null;
    /* The account that was to be linked again. */
    readonly accountId: Id | null }
  | { readonly screen: "not-found" };

export type LinkFailedRoute = Extract<Route, { screen: "link-failed" }>;
export type MailRoute = Extract<Route, { screen: "mail" }>;
export type TodosRoute = Extract<Route, { screen: "todos" }>;

const EVERYWHERE = "all";

function onlyOf(value: string | null): MailRoute["only"] {
  return value === "unread" || value === "flagged" ? value : "all";
}

function isAccount(text: string | null | undefined): text is Id {
  return /^a\d+$/.test(text ?? "");
}

function failedRoute(query: URLSearchParams): Route {
  const account = query.get("account");
  return {
    screen: "link-failed", code: query.get("code") ?? "", aadsts: query.get("aadsts"),
    correlation: query.get("correlation"), expected: query.get("expected"), got: query.get("got"),
    accountId: isAccount(account) ? account : null,
  };
}

function mailRoute(parts: readonly string[], query: URLSearchParams): Route {
  const [, accountId, mailboxId, threadId] = parts;
  if (!accountId) return { screen: "home" };
  if (!mailboxId) return { screen: "account", accountId };
  return {
    screen: "mail",
    accountId,
    mailboxId: mailboxId === EVERYWHERE ? null : mailboxId,
    threadId: threadId ?? null,
    text: query.get("q") ?? "",
    only: onlyOf(query.get("only")),
    ...(threadId && query.get("mail") ? { emailId: query.get("mail") } : {}),
    ...(query.get("sort") === "relevance" ? { sort: "relevance" } : {}),
  };
}

/* The to-dos as they are opened from the sidebar. */
export const TODOS: TodosRoute = { screen: "todos", who: "mine", state: "open", due: "any", sort: "due" };

function oneOf<Value extends string>(value: string | null, first: Value, others: readonly Value[]): Value {
  return others.find((other) => other === value) ?? first;
}

function todosRoute(query: URLSearchParams): TodosRoute {
  return {
    screen: "todos",
    who: oneOf(query.get("who"), TODOS.who, ["all"]),
    state: oneOf(query.get("state"), TODOS.state, ["done", "all"]),
    due: oneOf(query.get("due"), TODOS.due, ["overdue", "today", "later"]),
    sort: oneOf(query.get("sort"), TODOS.sort, ["new", "subject"]),
  };
}

function todosPath(route: TodosRoute): string {
  const query = new URLSearchParams();
  for (const name of ["who", "state", "due", "sort"] as const) if (route[name] !== TODOS[name]) query.set(name, route[name]);
  const search = query.toString();
  return search ? `todos?${search}` : "todos";
}

export function parseRoute(path: string, search: string): Route {
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  const query = new URLSearchParams(search);
  const place = parts.slice(0, 2).join("/");
  if (parts.length === 0) return { screen: "home" };
  if (parts[0] === "mail") return mailRoute(parts, query);
  if (place === "todos") return todosRoute(query);
  if (place === "accounts") return { screen: "accounts", linking: false, address: "" };
  if (place === "accounts/link") return { screen: "accounts", linking: true, address: query.get("address") ?? "" };
  if (parts[0] === "accounts" && isAccount(parts[1])) return { screen: "account-health", accountId: parts[1] };
  if (parts[0] === "settings") return { screen: "settings", section: parts[1] ?? "general" };
  if (parts[0] === "invite" && parts[1]) return { screen: "invite", token: parts[1] };
  if (place === "link/done") return { screen: "link-done", accountId: query.get("account") ?? "" };
  if (place === "link/failed") return failedRoute(query);
  return { screen: "not-found" };
}

function mailPath(route: MailRoute): string {
  const mailbox = route.mailboxId ?? EVERYWHERE;
  const parts = ["mail", route.accountId, mailbox, ...(route.threadId ? [route.threadId] : [])];
  const query = new URLSearchParams();
  if (route.text) query.set("q", route.text);
  if (route.only !== "all") query.set("only", route.only);
  if (route.threadId && route.emailId) query.set("mail", route.emailId);
  if (route.text && route.sort === "relevance") query.set("sort", route.sort);
  const search = query.toString();
  return parts.map(encodeURIComponent).join("/") + (search ? `?${search}` : "");
}

/* A mailbox's list from its beginning; null: all mailboxes. */
export function mailboxRoute(accountId: Id, mailboxId: Id | null): MailRoute {
  return { screen: "mail", accountId, mailboxId, threadId: null, text: "", only: "all" };
}

export const ACCOUNTS: Route = { screen: "accounts", linking: false, address: "" };
export const LINKING: Route = { screen: "accounts", linking: true, address: "" };

export function settingsRoute(section: string): Route {
  return { screen: "settings", section };
}

export function pathOf(route: Route): string {
  switch (route.screen) {
    case "mail": return mailPath(route);
    case "todos": return todosPath(route);
    case "account": return `mail/${encodeURIComponent(route.accountId)}`;
    case "accounts":
      if (!route.linking) return "accounts";
      return route.address ? `accounts/link?address=${encodeURIComponent(route.address)}` : "accounts/link";
    case "account-health": return `accounts/${encodeURIComponent(route.accountId)}`;
    case "settings": return `settings/${encodeURIComponent(route.section)}`;
    case "invite": return `invite/${encodeURIComponent(route.token)}`;
    case "link-done": return `link/done?account=${encodeURIComponent(route.accountId)}`;
    default: return "";
  }
}

export function hrefOf(route: Route): string {
  return new URL(pathOf(route), document.baseURI).href;
}

const listeners = new Set<() => void>();
let current: { readonly href: string; readonly route: Route } | null = null;

function read(): Route {
  if (current?.href === location.href) return current.route;
  const base = new URL(document.baseURI).pathname;
  /* People leave out the slash behind a sub-path. */
  const given = `${location.pathname}/` === base ? base : location.pathname;
  const path = given.startsWith(base) ? given.slice(base.length) : given;
  let route: Route;
  try {
    route = parseRoute(path, location.search);
  } catch {
    route = { screen: "not-found" };
  }
  current = { href: location.href, route };
  return route;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

export function navigate(route: Route, replace = false): void {
  const href = hrefOf(route);
  if (href === location.href) return;
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  for (const listener of listeners) listener();
}

export function currentRoute(): Route {
  return read();
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, read);
}
