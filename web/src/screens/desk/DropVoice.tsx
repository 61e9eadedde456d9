import { useT } from "../../i18n/i18n.ts";
import { useDropWord } from "./dragging.ts";

/* Says where what is being dragged would go. */
export function DropVoice() {
  const t = useT();
  const word = useDropWord();
  return <div className="visually-hidden" role="status" aria-live="assertive" data-drop>{word && t(word.text, { place: word.place })}</div>;
}
