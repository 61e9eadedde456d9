import { History, Search, X } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { navigate, type MailRoute } from "../../app/router.ts";
import { useT } from "../../i18n/i18n.ts";
import { usePreferences, useSetPreferences } from "../../mail/preferences.ts";
import { searchMistakeOf } from "../../mail/search.ts";
import { joinPieces, lastTerm, piecesOf, termsOf, fieldOf, type Pieces } from "../../mail/search-terms.ts";
import { isUnified } from "../../mail/unified.ts";
import { IconButton } from "../../ui/Button.tsx";
import { useOffers, type Offer } from "./completion.ts";

const SEARCH_DELAY = 250;
/* A search that stood so long was one. */
const REMEMBER_AFTER = 3_000;
const MOST_RECENT = 20;
const SHOWN_RECENT = 6;

/* A field term that a blank has ended becomes a chip. */
function settle(pieces: Pieces): Pieces {
  if (pieces.rest.trim() === "") return { ...pieces, rest: "" };
  if (!/\s$/u.test(pieces.rest)) return pieces;
  const terms = termsOf(pieces.rest);
  if (terms === null || !terms.some((term) => fieldOf(term) !== null)) return pieces;
  const cut = piecesOf(pieces.rest);
  return { chips: [...pieces.chips, ...cut.chips], rest: cut.rest && `${cut.rest} ` };
}

function useRemembered(text: string): { readonly recent: readonly string[]; readonly remember: (text: string) => void; readonly forget: (entry: string) => void } {
  const { recentSearches } = usePreferences();
  const set = useSetPreferences();
  const remember = (given: string): void => {
    const wanted = given.trim();
    if (wanted.length >= 2 && wanted.length <= 200 && recentSearches[0] !== wanted)
      set({ recentSearches: [wanted, ...recentSearches.filter((one) => one !== wanted)].slice(0, MOST_RECENT) });
  };
  const latest = useRef(remember);
  useEffect(() => { latest.current = remember; });
  useEffect(() => {
    if (!text) return;
    const timer = setTimeout(() => latest.current(text), REMEMBER_AFTER);
    return () => clearTimeout(timer);
  }, [text]);
  return { recent: recentSearches, remember, forget: (entry) => set({ recentSearches: recentSearches.filter((one) => one !== entry) }) };
}

interface PopupProps {
  readonly offers: readonly Offer[];
  readonly recent: readonly string[];
  readonly at: number;
  readonly onOffer: (offer: Offer) => void;
  readonly onRecent: (text: string) => void;
  readonly onForget: (text: string) => void;
}

function Popup({ offers, recent, at, onOffer, onRecent, onForget }: PopupProps) {
  const t = useT();
  return (
    <div className="search-popup" onMouseDown={(event) => event.preventDefault()}>
      <ul id="search-offers" role="listbox" aria-label={t(offers.length > 0 ? "search.offers" : "search.recent")}>
        {offers.map((offer, index) => (
          <li key={offer.key} id={`search-offer-${index}`} role="option" aria-selected={index === at} onClick={() => onOffer(offer)}>
            <bdi>{offer.label}</bdi>{offer.hint && <span className="search-hint">{offer.hint}</span>}
          </li>
        ))}
        {offers.length === 0 && recent.map((entry, index) => (
          <li key={entry} id={`search-offer-${index}`} role="option" aria-selected={index === at} onClick={() => onRecent(entry)}>
            <History size={14} aria-hidden /><bdi>{entry}</bdi>
            <button type="button" tabIndex={-1} className="search-forget" aria-label={t("search.forget", { text: entry })}
              onClick={(event) => { event.stopPropagation(); onForget(entry); }}><X size={13} aria-hidden /></button>
          </li>
        ))}
      </ul>
      <p className="search-help">{t(offers.length > 0 ? "search.offersHelp" : "search.recentHelp")}</p>
    </div>
  );
}

export function SearchBox({ route, error }: { readonly route: MailRoute; readonly error: unknown }) {
  const t = useT();
  const wrong = searchMistakeOf(error, route.text) !== null;
  const [pieces, setPieces] = useState(() => piecesOf(route.text));
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef(route.text);
  const text = joinPieces(pieces);
  useEffect(() => {
    if (route.text === asked.current) return;
    asked.current = route.text;
    setPieces(piecesOf(route.text));
  }, [route.text]);
  useEffect(() => {
    if (text === asked.current) return;
    const timer = setTimeout(() => {
      const replace = asked.current !== "";
      asked.current = text;
      navigate({ ...route, text, threadId: null }, replace);
    }, SEARCH_DELAY);
    return () => clearTimeout(timer);
  }, [text, route]);
  const { recent, remember, forget } = useRemembered(route.text);
  const offers = useOffers(pieces.rest, route, open);
  const empty = text === "";
  const shownRecent = empty ? recent.slice(0, SHOWN_RECENT) : [];
  const count = offers.length || shownRecent.length;
  const popup = open && count > 0;
  const write = (next: Pieces): void => {
    setPieces(settle(next));
    setAt(-1);
  };
  const take = (offer: Offer): void => {
    const { before } = lastTerm(pieces.rest);
    const complete = !offer.insert.endsWith(":");
    write({ ...pieces, rest: `${before}${offer.insert}${complete ? " " : ""}` });
    input.current?.focus();
  };
  const again = (entry: string): void => {
    write(piecesOf(entry));
    setOpen(false);
    document.getElementById("list")?.focus();
  };
  const clear = (): void => {
    write({ chips: [], rest: "" });
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && (popup || step > 0)) {
      event.preventDefault();
      setOpen(true);
      if (count > 0) setAt((now) => (now + step + count + (now < 0 && step < 0 ? 1 : 0)) % count);
    } else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && popup && at >= 0) {
      event.preventDefault();
      const offer = offers[at];
      if (offer) take(offer);
      else if (shownRecent[at] !== undefined) again(shownRecent[at]);
    } else if (event.key === "Enter") {
      write({ ...pieces, rest: `${pieces.rest} ` });
      setOpen(false);
      remember(text);
      document.getElementById("list")?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (popup) setOpen(false);
      else {
        write({ chips: [], rest: "" });
        document.getElementById("list")?.focus();
      }
    } else if (event.key === "Backspace" && pieces.rest === "" && pieces.chips.length > 0) {
      event.preventDefault();
      setPieces({ chips: pieces.chips.slice(0, -1), rest: pieces.chips.at(-1) ?? "" });
    }
  };
  const placeholder = route.mailboxId !== null ? "search.placeholder" : isUnified(route.accountId) ? "search.placeholderAccounts" : "search.placeholderAll";
  return (
    <div className="search-box" role="search">
      <div className="search">
        <Search size={16} aria-hidden />
        {pieces.chips.length > 0 && (
          <span className="search-chips" role="list" aria-label={t("search.terms")}>
            {pieces.chips.map((chip, index) => (
              <span key={`${index} ${chip}`} role="listitem" className="search-chip"><bdi>{chip}</bdi>
                <button type="button" aria-label={t("search.removeTerm", { text: chip })} onClick={() => { setPieces({ ...pieces, chips: pieces.chips.filter((_, place) => place !== index) }); input.current?.focus(); }}><X size={12} aria-hidden /></button>
              </span>
            ))}
          </span>
        )}
        <input ref={input} id="search" type="search" value={pieces.rest} onChange={(event) => { write({ ...pieces, rest: event.target.value }); setOpen(true); }} onKeyDown={onKeyDown}
          onFocus={() => setOpen(true)} onBlur={() => setOpen(false)} onClick={() => setOpen(true)} autoComplete="off" spellCheck={false}
          placeholder={pieces.chips.length > 0 ? "" : t(placeholder)} aria-label={t("search.label")} aria-invalid={wrong} dir={pieces.rest ? "auto" : undefined}
          role="combobox" aria-autocomplete="list" aria-expanded={popup} aria-controls="search-offers" aria-activedescendant={popup && at >= 0 ? `search-offer-${at}` : undefined} />
        {!empty && <IconButton label={t("search.clear")} icon={X} onClick={clear} />}
      </div>
      {popup && <Popup offers={offers} recent={shownRecent} at={at} onOffer={take} onRecent={again} onForget={forget} />}
    </div>
  );
}
