import { queryOptions } from "@tanstack/react-query";
import { jmap, jmapOne, MethodError, resultOf, type Invocation } from "../jmap/client.ts";
import { fetchSession } from "../jmap/auth.ts";
import type {
  ChangesResponse, EmailBody, EmailDetail, EmailSummary, EmailView, GetResponse, Id, Identity, LinkedAccount, Mailbox,
  Provider, QueryResponse, SearchSnippet,
} from "../jmap/types.ts";
import { groupConversations, singleRows, type Conversation } from "./conversations.ts";

export const PAGE_SIZE = 50;

const SUMMARY = [
  "id", "threadId", "mailboxIds", "keywords", "hasAttachment", "from", "to", "subject", "receivedAt", "preview", "size",
  "postroom:state", "postroom:notes", "postroom:todos",
] as const;
const DETAIL = [...SUMMARY, "blobId", "cc", "bcc", "replyTo", "sentAt", "messageId", "inReplyTo", "references"] as const;

/* What a list shows: one mailbox, narrowed by words or a keyword, or a search of the whole account. */
export interface ListView {
  readonly accountId: Id;
  readonly mailboxId: Id | null;
  readonly text: string;
  readonly only: "all" | "unread" | "flagged";
  /* False: a row for each mail. */
  readonly conversations: boolean;
  /* Of a search: the best first. */
  readonly sort: "date" | "relevance";
}

export interface ListPage {
  readonly total: number;
  readonly mailboxId: Id | null;
  readonly rows: readonly Conversation[];
}

export interface Thread {
  readonly id: Id;
  readonly emails: readonly EmailDetail[];
}

/* A mail as it comes, with its remote images, or as plain text. */
export type ViewKind = "safe" | "images" | "plain";

export const keys = {
  session: ["session"] as const,
  allMailboxes: ["mailboxes"] as const,
  mailboxes: (accountId: Id) => ["mailboxes", accountId] as const,
  allLists: ["list"] as const,
  allThreads: ["thread"] as const,
  lists: (accountId: Id) => ["list", accountId] as const,
  page: (view: ListView, page: number) =>
    ["list", view.accountId, view.mailboxId, view.text, view.only, view.conversations ? "threads" : "mails", view.sort, page] as const,
  count: (view: ListView) => ["count", view.accountId, view.mailboxId, view.text, view.only, view.conversations] as const,
  threads: (accountId: Id) => ["thread", accountId] as const,
  thread: (accountId: Id, threadId: Id) => ["thread", accountId, threadId] as const,
  views: (accountId: Id) => ["view", accountId] as const,
  view: (accountId: Id, emailId: Id, kind: ViewKind) => ["view", accountId, emailId, kind] as const,
  identities: (accountId: Id) => ["identities", accountId] as const,
  linked: (userAccount: Id) => ["linked", userAccount] as const,
  providers: (userAccount: Id) => ["providers", userAccount] as const,
};

export function sessionQuery() {
  return queryOptions({ queryKey: keys.session, queryFn: ({ signal }) => fetchSession(signal), staleTime: Infinity });
}

/* The states that /changes starts from, by account and type. Kept beside the cache: they are not for display. */
const states = new Map<string, string>();

export function knownState(accountId: Id, type: string): string | undefined {
  return states.get(`${accountId} ${type}`);
}

export function rememberState(accountId: Id, type: string, state: string): void {
  states.set(`${accountId} ${type}`, state);
}

export function forgetState(accountId: Id, type: string): void {
  states.delete(`${accountId} ${type}`);
}

export function forgetStates(): void {
  states.clear();
}

async function getAll<T>(type: string, accountId: Id, signal: AbortSignal): Promise<readonly T[]> {
  const answer = await jmapOne<GetResponse<T>>(`${type}/get`, { accountId, ids: null }, { signal });
  rememberState(accountId, type, answer.state);
  return answer.list;
}

export function mailboxesQuery(accountId: Id) {
  return queryOptions({
    queryKey: keys.mailboxes(accountId),
    queryFn: ({ signal }) => getAll<Mailbox>("Mailbox", accountId, signal),
    staleTime: Infinity,
  });
}

export function identitiesQuery(accountId: Id) {
  return queryOptions({
    queryKey: keys.identities(accountId),
    queryFn: ({ signal }) => getAll<Identity>("Identity", accountId, signal),
    staleTime: 300_000,
  });
}

export function linkedQuery(userAccount: Id) {
  return queryOptions({
    queryKey: keys.linked(userAccount),
    queryFn: ({ signal }) => getAll<LinkedAccount>("LinkedAccount", userAccount, signal),
    staleTime: Infinity,
  });
}

export function providersQuery(userAccount: Id) {
  return queryOptions({
    queryKey: keys.providers(userAccount),
    queryFn: ({ signal }) => getAll<Provider>("Provider", userAccount, signal),
    staleTime: 60_000,
  });
}

/* What a view is narrowed to, but for its words. */
function filterOf(view: ListView): Record<string, unknown> {
  const filter: Record<string, unknown> = {};
  if (view.mailboxId !== null && !view.text) filter["inMailbox"] = view.mailboxId;
  if (view.only === "flagged") filter["hasKeyword"] = "$flagged";
  if (view.only === "unread") filter["notKeyword"] = "$seen";
  return filter;
}

/* Words are read by the server (docs/search.md), whose filter the query then refers to. */
function searchCalls(view: ListView): Invocation[] {
  if (!view.text) return [];
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return [["Search/parse", { accountId: view.accountId, text: view.text, inMailbox: view.mailboxId, filter: filterOf(view), timeZone }, "search"]];
}

function filterArgument(view: ListView): Record<string, unknown> {
  return view.text ? { "#filter": resultOf("search", "Search/parse", "/filter") } : { filter: filterOf(view) };
}

function snippetCalls(view: ListView): Invocation[] {
  if (!view.text) return [];
  return [["SearchSnippet/get", { accountId: view.accountId, ...filterArgument(view), "#emailIds": resultOf("query", "Email/query", "/ids") }, "snippets"]];
}

function queryCall(view: ListView, page: number): Invocation {
  return ["Email/query", {
    accountId: view.accountId,
    ...filterArgument(view),
    sort: [{ property: view.text && view.sort === "relevance" ? "postroom:relevance" : "receivedAt", isAscending: false }],
    collapseThreads: view.conversations,
    position: page * PAGE_SIZE,
    limit: PAGE_SIZE,
    calculateTotal: true,
  }, "query"];
}

/* The ids of a view from a position on, as many as the server gives at once. */
export function allCalls(view: ListView, position: number): Invocation[] {
  const [name, args, id] = queryCall(view, 0);
  return [...searchCalls(view), [name, { ...args, position, limit: 500, calculateTotal: false }, id]];
}

/* How much a view has: null where counting it costs too much. */
export async function countOf(view: ListView, signal?: AbortSignal): Promise<number | null> {
  const [name, args, id] = queryCall(view, 0);
  const results = await jmap([...searchCalls(view), [name, { ...args, limit: 1 }, id]], signal ? { signal } : {});
  const query = results.get<QueryResponse>("query");
  return query.total ?? (query.ids.length === 0 ? 0 : null);
}

/* The four calls of RFC 8621, 4.10: ids, their threads, and the emails of these, in one round trip. */
function pageCalls(view: ListView, page: number): Invocation[] {
  const { accountId } = view;
  if (!view.conversations) return shortPageCalls(view, page);
  return [
    ...searchCalls(view),
    queryCall(view, page),
    ...snippetCalls(view),
    ["Email/get", { accountId, "#ids": resultOf("query", "Email/query", "/ids"), properties: ["threadId"] }, "leads"],
    ["Thread/get", { accountId, "#ids": resultOf("leads", "Email/get", "/list/*/threadId") }, "threads"],
    ["Email/get", { accountId, "#ids": resultOf("threads", "Thread/get", "/list/*/emailIds"), properties: SUMMARY }, "emails"],
  ];
}

/* Threads too long for one request: the leading emails alone still make a list. */
function shortPageCalls(view: ListView, page: number): Invocation[] {
  const { accountId } = view;
  return [
    ...searchCalls(view),
    queryCall(view, page),
    ...snippetCalls(view),
    ["Email/get", { accountId, "#ids": resultOf("query", "Email/query", "/ids"), properties: SUMMARY }, "emails"],
  ];
}

function withSnippets(rows: readonly Conversation[], snippets: readonly SearchSnippet[]): readonly Conversation[] {
  const byEmail = new Map(snippets.map((snippet) => [snippet.emailId, snippet]));
  return rows.map((row) => {
    const snippet = byEmail.get(row.leadId);
    return snippet ? { ...row, snippet } : row;
  });
}

async function fetchPage(view: ListView, page: number, signal: AbortSignal): Promise<ListPage> {
  const read = async (calls: Invocation[]): Promise<ListPage> => {
    const results = await jmap(calls, { signal });
    if (view.text) results.get("search");
    const query = results.get<QueryResponse>("query");
    const snippets = view.text ? results.get<GetResponse<SearchSnippet>>("snippets").list : [];
    const emails = results.get<GetResponse<EmailSummary>>("emails");
    if (knownState(view.accountId, "Email") === undefined) rememberState(view.accountId, "Email", emails.state);
    return {
      /* Where counting costs too much there is no total: a full page has another one behind it, as far as is known. */
      total: query.total ?? query.position + query.ids.length + (query.ids.length < PAGE_SIZE ? 0 : 1),
      mailboxId: view.mailboxId,
      rows: withSnippets((view.conversations ? groupConversations : singleRows)(query.ids, emails.list), snippets),
    };
  };
  try {
    return await read(pageCalls(view, page));
  } catch (error) {
    if (error instanceof MethodError && error.type === "requestTooLarge") return read(shortPageCalls(view, page));
    throw error;
  }
}

export function pageQuery(view: ListView, page: number) {
  return queryOptions({
    queryKey: keys.page(view, page),
    queryFn: ({ signal }) => fetchPage(view, page, signal),
    staleTime: Infinity,
    gcTime: 120_000,
    retry: (count, error) => !(error instanceof MethodError) && count < 2,
  });
}

async function fetchThread(accountId: Id, threadId: Id, signal: AbortSignal): Promise<Thread> {
  const results = await jmap([
    ["Thread/get", { accountId, ids: [threadId] }, "thread"],
    ["Email/get", { accountId, "#ids": resultOf("thread", "Thread/get", "/list/*/emailIds"), properties: DETAIL }, "emails"],
  ], { signal });
  const emails = results.get<GetResponse<EmailDetail>>("emails").list;
  return { id: threadId, emails: [...emails].sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1)) };
}

export function threadQuery(accountId: Id, threadId: Id) {
  return queryOptions({
    queryKey: keys.thread(accountId, threadId),
    queryFn: ({ signal }) => fetchThread(accountId, threadId, signal),
    staleTime: Infinity,
  });
}

async function fetchView(accountId: Id, emailId: Id, kind: ViewKind, signal: AbortSignal): Promise<EmailView> {
  const answer = await jmapOne<GetResponse<EmailView>>("EmailView/get", { accountId, ids: [emailId], remoteImages: kind === "images", plainText: kind === "plain" }, { signal });
  const view = answer.list[0];
  if (!view) throw new MethodError("notFound", null);
  return view;
}

export function viewQuery(accountId: Id, emailId: Id, kind: ViewKind) {
  return queryOptions({
    queryKey: keys.view(accountId, emailId, kind),
    queryFn: ({ signal }) => fetchView(accountId, emailId, kind, signal),
    staleTime: 600_000,
    gcTime: 600_000,
    /* A pending email comes with a change of Email; asking again now and then covers a lost push. */
    refetchInterval: (query) => (query.state.data?.state === "pending" ? 5_000 : false),
  });
}

/* The bodies as they are, for an answer or for a draft that is opened again. */
export async function fetchBody(accountId: Id, emailId: Id): Promise<EmailBody> {
  const answer = await jmapOne<GetResponse<EmailBody>>("Email/get", {
    accountId,
    ids: [emailId],
    properties: ["id", "htmlBody", "textBody", "attachments", "bodyValues"],
    bodyProperties: ["partId", "blobId", "size", "name", "type", "cid", "disposition"],
    fetchHTMLBodyValues: true,
    fetchTextBodyValues: true,
  });
  const body = answer.list[0];
  if (!body) throw new MethodError("notFound", null);
  return body;
}

export async function fetchDetail(accountId: Id, emailId: Id): Promise<EmailDetail> {
  const answer = await jmapOne<GetResponse<EmailDetail>>("Email/get", { accountId, ids: [emailId], properties: DETAIL });
  const email = answer.list[0];
  if (!email) throw new MethodError("notFound", null);
  return email;
}

export function fetchChanges(type: string, accountId: Id, sinceState: string): Promise<ChangesResponse> {
  return jmapOne<ChangesResponse>(`${type}/changes`, { accountId, sinceState, maxChanges: 200 });
}

export async function fetchSummaries(accountId: Id, ids: readonly Id[]): Promise<readonly EmailSummary[]> {
  if (ids.length === 0) return [];
  const answer = await jmapOne<GetResponse<EmailSummary>>("Email/get", { accountId, ids, properties: SUMMARY });
  return answer.list;
}
