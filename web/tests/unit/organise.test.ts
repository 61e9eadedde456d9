import { describe, expect, test } from "vitest";
import { parseRoute, pathOf, TODOS, type MailRoute } from "../../src/app/router.ts";
import type { EmailSummary, Mailbox } from "../../src/jmap/types.ts";
import { keywordByAccount, labelsOn, stateOf, type Label } from "../../src/mail/labels.ts";
import { dayFromNow, dueGroup, type MyTodo } from "../../src/mail/notes.ts";
import { sortTodos, withKept } from "../../src/screens/organise/todo-order.ts";
import { textToSave } from "../../src/screens/organise/SaveSearchButton.tsx";

const label = (name: string, keyword: string, accountId = "a1"): Label => ({ id: `r-${accountId}-${keyword}`, accountId, name, color: "blue", keyword, sortOrder: 0 });
const email = (...keywords: string[]): EmailSummary => ({ keywords: Object.fromEntries(keywords.map((keyword) => [keyword, true])) }) as unknown as EmailSummary;

describe("labels", () => {
  test("are those that any email has, one for each keyword", () => {
    const labels = [label("Work", "work"), label("Arbeit", "work", "a2"), label("Fair", "fair"), label("None", "none")];
    expect(labelsOn(labels, [email("$seen", "fair"), email("work")]).map((one) => one.name)).toEqual(["Work", "Fair"]);
  });

  test("are on all conversations, on some, or on none", () => {
    const work = label("Work", "work");
    expect(stateOf(work, [{ emails: [email("work"), email()] }, { emails: [email("work")] }])).toBe(true);
    expect(stateOf(work, [{ emails: [email("work")] }, { emails: [email()] }])).toBe("mixed");
    expect(stateOf(work, [{ emails: [email()] }])).toBe(false);
  });

  test("of several accounts are one by their name, whatever keywords they have", () => {
    const labels = [label("Work", "work"), label("WORK", "work-2", "a2"), label("Other", "work-2")];
    const of = (accountId: string, keyword: string): EmailSummary => ({ ...email(keyword), mailboxIds: { [accountId]: true } }) as EmailSummary;
    const keywordOf = keywordByAccount(labels, labels[0]!, (one) => Object.keys(one.mailboxIds)[0] ?? null);
    expect([of("a1", ""), of("a2", ""), of("a3", "")].map(keywordOf)).toEqual(["work", "work-2", null]);
    expect(stateOf(labels[0]!, [{ emails: [of("a1", "work")] }, { emails: [of("a2", "work-2")] }], keywordOf)).toBe(true);
    expect(stateOf(labels[0]!, [{ emails: [of("a1", "work-2")] }, { emails: [of("a2", "work")] }, { emails: [of("a3", "work")] }], keywordOf)).toBe(false);
  });
});

describe("to-dos", () => {
  const now = new Date(2026, 10, 30, 23, 59);

  test("are counted in days where the person is, over the end of a month", () => {
    expect(dayFromNow(0, now)).toBe("2026-11-30");
    expect(dayFromNow(1, now)).toBe("2026-12-01");
    expect(dayFromNow(32, now)).toBe("2027-01-01");
  });

  test("are overdue, of today, or of later; those without a day are of later", () => {
    expect(dueGroup("2026-11-29", now)).toBe("overdue");
    expect(dueGroup("2026-11-30", now)).toBe("today");
    expect(dueGroup("2026-12-01", now)).toBe("later");
    expect(dueGroup(null, now)).toBe("later");
  });
});

describe("a search that is saved", () => {
  const route = (text: string, mailboxId: string | null): MailRoute => ({ screen: "mail", accountId: "a1", mailboxId, threadId: null, text, only: "all" });
  const inbox = { id: "m1", name: "INBOX", role: "inbox" } as unknown as Mailbox;
  const folder = { id: "m2", name: 'Customers "2026"', role: null } as unknown as Mailbox;

  test("says the folder that it was made in", () => {
    expect(textToSave(route("lamp", "m1"), inbox)).toBe("in:inbox lamp");
    expect(textToSave(route("lamp OR glass", "m2"), folder)).toBe('in:"Customers 2026" (lamp OR glass)');
  });

  test("stays as it is where it says one, or was made everywhere", () => {
    expect(textToSave(route("in:sent lamp", "m1"), inbox)).toBe("in:sent lamp");
    expect(textToSave(route("lamp", null), undefined)).toBe("lamp");
    expect(textToSave(route("begin:x", "m1"), inbox)).toBe("in:inbox begin:x");
  });
});

describe("the view of to-dos", () => {
  const mine = (id: number, due: string | null, subject: string, isDone = false): MyTodo => ({ todo: { id: `d${id}`, due, isDone, createdAt: `2026-01-0${id}T00:00:00Z` }, subject }) as unknown as MyTodo;
  const todos = [mine(1, null, "Glass"), mine(2, "2026-03-01", "Lamps"), mine(3, "2026-02-01", "Fair")];
  const ids = (list: readonly MyTodo[]): string => list.map((one) => one.todo.id).join(" ");

  test("is by day, by age or by what they are about", () => {
    expect(ids(sortTodos(todos, "due"))).toBe("d3 d2 d1");
    expect(ids(sortTodos(todos, "new"))).toBe("d3 d2 d1");
    expect(ids(sortTodos(todos, "subject"))).toBe("d3 d1 d2");
  });

  test("keeps what was ticked in it, which the server no longer gives", () => {
    const ticked = new Map([["d2", mine(2, "2026-03-01", "Lamps", true)]]);
    expect(withKept([todos[0]!, todos[2]!], ticked).map((one) => [one.todo.id, one.todo.isDone])).toEqual([["d1", false], ["d3", false], ["d2", true]]);
    expect(withKept(todos, ticked).map((one) => one.todo.isDone)).toEqual([false, true, false]);
  });

  test("has an address that says what is chosen, and nothing else", () => {
    expect(pathOf(TODOS)).toBe("todos");
    const route = { ...TODOS, who: "all", due: "overdue" } as const;
    expect(pathOf(route)).toBe("todos?who=all&due=overdue");
    expect(parseRoute("todos", "?who=all&due=overdue")).toEqual(route);
    expect(parseRoute("todos", "?who=nobody&state=x&due=&sort=1")).toEqual(TODOS);
  });
});
