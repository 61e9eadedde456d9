import { Search, X } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { searchMistakeOf } from "../../mail/search.ts";
import { IconButton } from "../../ui/Button.tsx";

const SEARCH_DELAY = 250;

export function SearchBox({ route, error }: { readonly route: MailRoute; readonly error: unknown }) {
  const t = useT();
  const wrong = searchMistakeOf(error, route.text) !== null;
  const [text, setText] = useState(route.text);
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef(route.text);
  useEffect(() => {
    if (route.text === asked.current) return;
    asked.current = route.text;
    setText(route.text);
  }, [route.text]);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === asked.current) return;
    const timer = setTimeout(() => {
      const replace = asked.current !== "";
      asked.current = wanted;
      navigate({ ...route, text: wanted, threadId: null }, replace);
    }, SEARCH_DELAY);
    return () => clearTimeout(timer);
  }, [text, route]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Enter") {
      if (event.key === "Escape") setText("");
      document.getElementById("list")?.focus();
    }
  };
  return (
    <div className="search" role="search">
      <Search size={16} aria-hidden />
      <input ref={input} id="search" type="search" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown}
        placeholder={t(route.mailboxId === null ? "search.placeholderAll" : "search.placeholder")} aria-label={t("search.label")} aria-invalid={wrong} dir="auto" />
      {text && <IconButton label={t("search.clear")} icon={X} onClick={() => { setText(""); input.current?.focus(); }} />}
    </div>
  );
}
