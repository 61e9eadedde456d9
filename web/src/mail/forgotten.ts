/*
 * Words that promise an attachment, in the page's languages, whichever of them the page itself is in. What only speaks of
 * attaching in another sense ("attached to the idea", "anhänglich") is left out as far as a word alone can tell.
 */
const PROMISES: Readonly<Record<string, readonly string[]>> = {
  en: [
    "(?:i(?:'m|’m| am|'ve|’ve| have)?|we(?:'re|’re| are|'ve|’ve| have)?|please) (?:also )?attach(?:ed|ing)?(?! to (?:the idea|it|him|her|you|them))", "attach(?:ed|ing) (?:is|are|you|please|herewith|file|files|document|documents|pdf|the|my|our|a|an|find|below|here)",
    "(?:is|are|see|find|as|file|document|pdf|it|have|has) attached(?! to (?:the idea|it))", "attachments?", "enclosed", "enclosing", "see (?:the )?enclosure",
  ],
  de: [
    "anbei", "beiliegend(?:e[nrms]?)?", "beigefügt(?:e[nrms]?)?", "beigelegt", "angehängt(?:e[nrms]?)?", "angefügt(?:e[nrms]?)?", "i(?:m|n der) (?:anhang|anlage|beilage)", "(?:als|den|der|dem|mit) anh[aä]nge?n?", "(?:als|siehe) anlagen?", "hänge (?:ich )?(?:\\S+ ){0,6}an",
  ],
  tr: ["ekte", "ektedir", "ekteki(?:ler)?", "ekli", "eklidir", "eklenmiştir", "ekledim", "ekliyorum", "ekinde", "eke (?:koydum|ekledim|bakınız|bakın)", "ilişikte(?:ki)?", "iliştirdim", "iliştirilmiştir", "ek(?:ler)?i? (?:olarak|dosya)"],
  uk: ["(?:у|в|до) (?:вкладенні|вкладеннях|вкладення|додатку|додатках|прикріпленні)", "вкладен(?:ня|о|ий|і|ому)", "прикріп(?:лено|лений|лені|лення|ив|ила|или|люю|лений файл)", "додаю", "долучаю", "долучено", "надсилаю (?:\\S+ ){0,4}(?:файл|документ)", "додано (?:файл|документ)"],
  he: ["(?:ה)?מצורף", "(?:ה)?מצורפ(?:ת|ים|ות)", "צירפתי", "צרפתי", "מצרפ(?:ת|ים)", "מצרף", "(?:ב)?צרופ(?:ה|ות)", "בקובץ (?:ה)?מצורף", "רצ[\"״]?ב"],
};
/* No spaces between words there. */
const CHINESE = /附件|附上|隨信附|随信附|随函附|見附|见附|附檔|附档/u;

const LETTER = "[\\p{L}\\p{M}\\p{N}_]";
const PATTERNS: readonly RegExp[] = Object.values(PROMISES).map((words) => new RegExp(`(?<!${LETTER})(?:${words.join("|")})(?!${LETTER})`, "iu"));

/* Whether the person's own text promises an attachment. Quotations are the caller's to leave out. */
export function mentionsAttachment(text: string): boolean {
  const plain = text.normalize("NFC").replace(/[\u0591-\u05c7]/gu, "").replace(/\s+/gu, " ");
  /* Turkish writes İ and ı, which lower case does not know. */
  const folded = plain.replaceAll("İ", "i").replaceAll("I", "i");
  return CHINESE.test(plain) || PATTERNS.some((pattern) => pattern.test(plain) || pattern.test(folded));
}
