/* A mail's own colours made fit for a dark page: light grounds become dark ones of the same hue, and text keeps its contrast. */
export type Rgb = readonly [number, number, number];

const MOST_ELEMENTS = 6_000;
const LEAST_CONTRAST = 4.5;
/* The ground of the page's own cards (tokens.css, --surface). */
export const PAGE_GROUND: Rgb = [27, 29, 33];

function channel(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

export function contrast(a: Rgb, b: Rgb): number {
  const light = ([r, g, b_]: Rgb): number => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b_);
  const [more, less] = [light(a), light(b)].sort((x, y) => y - x) as [number, number];
  return (more + 0.05) / (less + 0.05);
}

function toHsl([r, g, b]: Rgb): [number, number, number] {
  const [red, green, blue] = [r / 255, g / 255, b / 255];
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  const lightness = (most + least) / 2;
  const span = most - least;
  if (span === 0) return [0, 0, lightness];
  const saturation = span / (1 - Math.abs(2 * lightness - 1));
  const hue = most === red ? ((green - blue) / span) % 6 : most === green ? (blue - red) / span + 2 : (red - green) / span + 4;
  return [(hue * 60 + 360) % 360, Math.min(1, saturation), lightness];
}

function fromHsl(hue: number, saturation: number, lightness: number): Rgb {
  const part = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

/* White becomes the page's own ground; what is dark or deep in colour already stays. */
export function darkGround(colour: Rgb): Rgb {
  const [hue, saturation, lightness] = toHsl(colour);
  if (lightness <= 0.35 || (saturation > 0.45 && lightness <= 0.6)) return colour;
  if (lightness > 0.97) return PAGE_GROUND;
  return fromHsl(hue, Math.min(saturation, 0.45), 0.12 + (1 - lightness) * 0.45);
}

/* The text's own colour where it can be read on the ground; else its lightness turned over, and moved until it can. */
export function readableOn(colour: Rgb, ground: Rgb): Rgb {
  if (contrast(colour, ground) >= LEAST_CONTRAST) return colour;
  const [hue, saturation, lightness] = toHsl(colour);
  const upwards = contrast([255, 255, 255], ground) >= contrast([0, 0, 0], ground);
  let next = upwards ? Math.max(lightness, 0.92 - lightness * 0.6) : Math.min(lightness, 0.4);
  for (let step = 0; step < 20; step += 1) {
    const found = fromHsl(hue, saturation, next);
    if (contrast(found, ground) >= LEAST_CONTRAST) return found;
    next = upwards ? Math.min(1, next + 0.05) : Math.max(0, next - 0.05);
  }
  return upwards ? [255, 255, 255] : [0, 0, 0];
}

function parseColour(text: string): { readonly rgb: Rgb; readonly alpha: number } | null {
  const parts = /^rgba?\(([\d.]+),\s*([\d.]+),\s*([\d.]+)(?:,\s*([\d.]+))?\)$/.exec(text);
  if (!parts) return null;
  return { rgb: [Number(parts[1]), Number(parts[2]), Number(parts[3])], alpha: parts[4] === undefined ? 1 : Number(parts[4]) };
}

function css([r, g, b]: Rgb): string {
  return `rgb(${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)})`;
}

function mix(over: Rgb, alpha: number, under: Rgb): Rgb {
  return [0, 1, 2].map((i) => over[i]! * alpha + under[i]! * (1 - alpha)) as unknown as Rgb;
}

const EDGES = ["border-block-start-color", "border-inline-end-color", "border-block-end-color", "border-inline-start-color"] as const;

interface Look {
  readonly element: HTMLElement;
  readonly colour: Rgb | null;
  readonly ground: { readonly rgb: Rgb; readonly alpha: number } | null;
  readonly edges: readonly (readonly [string, Rgb])[];
}

function lookOf(element: HTMLElement, style: CSSStyleDeclaration): Look {
  const ground = parseColour(style.backgroundColor);
  const edges = EDGES.flatMap((edge) => {
    const colour = style.getPropertyValue(edge.replace("-color", "-style")) === "none" ? null : parseColour(style.getPropertyValue(edge));
    return colour && colour.alpha > 0 ? [[edge, colour.rgb] as const] : [];
  });
  return { element, colour: parseColour(style.color)?.rgb ?? null, ground: ground && ground.alpha > 0 ? ground : null, edges };
}

/*
 * Everything is read before anything is written, or each change would be seen as the next one's own colour. What it answers gives
 * the mail its own colours back.
 */
export function adaptColours(root: HTMLElement): () => void {
  const view = root.ownerDocument.defaultView;
  if (!view) return () => undefined;
  const elements = [root, ...root.querySelectorAll<HTMLElement>("*")].slice(0, MOST_ELEMENTS).filter((one) => one.tagName !== "STYLE" && one.tagName !== "IMG");
  const before = elements.map((element) => element.getAttribute("style"));
  const looks = elements.map((element) => lookOf(element, view.getComputedStyle(element)));
  const grounds = new Map<Element, Rgb>();
  for (const look of looks) {
    const under = (look.element.parentElement && grounds.get(look.element.parentElement)) ?? PAGE_GROUND;
    const own = look.ground ? darkGround(look.ground.rgb) : null;
    const ground = own ? mix(own, look.ground!.alpha, under) : under;
    grounds.set(look.element, ground);
    if (own) look.element.style.setProperty("background-color", css(ground), "important");
    if (look.colour) look.element.style.setProperty("color", css(readableOn(look.colour, ground)), "important");
    for (const [edge, colour] of look.edges) look.element.style.setProperty(edge, css(darkGround(colour)), "important");
  }
  return () => elements.forEach((element, index) => {
    const style = before[index] ?? null;
    if (style === null) element.removeAttribute("style");
    else element.setAttribute("style", style);
  });
}
