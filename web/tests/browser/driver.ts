import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

/* Debian's Chromium, quiet and without a network of its own. */
const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const CANDIDATES = [process.env["POSTROOM_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function findChromium(): string | null {
  return CANDIDATES.find((path): path is string => path !== undefined && path !== "" && existsSync(path)) ?? null;
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

export interface VisitOptions {
  readonly width?: number; readonly height?: number; readonly dark?: boolean; readonly locale?: string;
}

export interface Visit { readonly context: BrowserContext; readonly page: Page; readonly problems: string[] }

/* A fresh visitor; what the console and the policy complain about is collected. */
export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 }, colorScheme: options.dark ? "dark" : "light",
    locale: options.locale ?? "en-GB", reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/401 \(Unauthorized\)|429 \(/.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.setDefaultTimeout(10_000);
  return { context, page, problems };
}

export async function signIn(page: Page, url: string, email = "ada@contoso.example", password = "correct horse"): Promise<void> {
  await page.goto(url);
  await page.locator("input[name=email]").fill(email);
  await page.locator("input[name=password]").fill(password);
  await page.locator("form button[type=submit]").click();
}

const pictures = process.env["POSTROOM_PICTURES"] ?? fileURLToPath(new URL("../../test-results/", import.meta.url));

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png` });
}
