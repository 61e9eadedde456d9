/* The window's title: the page beside the mail that is open, else what is unread. */
let page: string | null = null;
let mail = "Postroom";

function show(): void {
  document.title = page === null ? mail : `${page} – Postroom`;
}

/* null: none is open. */
export function setPageTitle(title: string | null): void {
  page = title;
  show();
}

export function setMailTitle(title: string): void {
  mail = title;
  show();
}
