const BROWSERS: readonly (readonly [RegExp, string])[] = [[/\bEdg(?:e|A|iOS)?\//, "Edge"], [/\bOPR\//, "Opera"], [/\bFirefox\//, "Firefox"], [/\bFxiOS\//, "Firefox"], [/\b(?:Headless)?Chrom(?:e|ium)\//, "Chrome"], [/\bCriOS\//, "Chrome"], [/\bSafari\//, "Safari"]];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [[/\bWindows\b/, "Windows"], [/\biPhone\b/, "iPhone"], [/\biPad\b/, "iPad"], [/\bAndroid\b/, "Android"], [/\bMac OS X\b/, "macOS"], [/\bCrOS\b/, "ChromeOS"], [/\bLinux\b/, "Linux"]];

/* "Firefox, Windows": names that are the same in all languages. Null: it says nothing known. */
export function agentName(agent: string | null): string | null {
  if (!agent) return null;
  const find = (list: typeof BROWSERS) => list.find(([pattern]) => pattern.test(agent))?.[1];
  return [find(BROWSERS), find(SYSTEMS)].filter(Boolean).join(", ") || null;
}
