const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;

/* Which way a text runs, by its first letter. */
export function directionOf(text: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.test(/\p{L}/u.exec(text)?.[0] ?? "") ? "rtl" : "ltr";
}

/* The bullets of a list stand at the side where its first item begins: told to the whole of it, since items have a direction of their own. */
export function directLists(html: string): string {
  if (!html.includes("<li")) return html;
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const list of body.querySelectorAll<HTMLElement>("ul, ol")) {
    const told = list.querySelector("p")?.getAttribute("dir") ?? "auto";
    list.dir = told === "auto" ? directionOf(list.textContent) : told;
    for (const item of list.children) item.removeAttribute("dir");
  }
  return body.innerHTML;
}
