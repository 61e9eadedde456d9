// A real browser for the tests: Chromium without a screen, watched for every complaint and every request.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { ROOT } from './organisation.mjs';

const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const CHROMIUM = [process.env.POSTROOM_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && existsSync(file));
const WEB = createRequire(path.join(ROOT, 'web/package.json'));
const AXE = readFileSync(WEB.resolve('axe-core/axe.min.js'), 'utf8');
const SCREENS = path.join(ROOT, 'build-logs/screens');

/** Rows of a list that hold a mail, not those that stand for one until it has come. */
export const ROW = '.row:not(.row-skeleton)';

/** Why no browser test can run here, or false. */
export const noBrowser = CHROMIUM ? false : 'Chromium is not installed (apt-get install chromium)';

export async function launchBrowser() {
  const { chromium } = WEB('playwright-core');
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/* Refusals that the story itself provokes; Chromium reports each as an error of the page. */
const EXPECTED = /status of 401 /;

/* Runs in the page. Colours are drawn on a canvas to learn their parts, whatever way they are written. */
function findFaintTexts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const partsOf = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((part, i) => part * a + ground[i] * (1 - a));
  const groundOf = (node) => {
    if (!node) return [255, 255, 255];
    const colour = partsOf(getComputedStyle(node).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, groundOf(node.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || node.closest(':disabled, .ant-radio-wrapper-disabled, .ant-checkbox-wrapper-disabled, [aria-hidden=true], .visually-hidden, script, style')) continue;
    const style = getComputedStyle(node);
    const ground = groundOf(node);
    const [a, b] = [light(over(partsOf(style.color), ground)), light(ground)].toSorted((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least) faint.push(`${ratio.toFixed(2)} "${walker.currentNode.data.trim().slice(0, 40)}" .${node.className}`);
  }
  return faint;
}

/* All texts grow by two fifths and a word, for those that are short already. Runs in the page. */
function stretch() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (/\p{L}{3}/u.test(walker.currentNode.data) && !walker.currentNode.parentElement.closest('script, style, [contenteditable]')) texts.push(walker.currentNode);
  for (const text of texts) text.data += ' ' + 'Wort'.repeat(1 + Math.ceil(text.data.trim().length / 10)).replace(/(.{9})/g, '$1 ');
}

/* What is cut off without saying so, and texts that stick out of what they stand in. Runs in the page. */
function findCutTexts() {
  const cut = [];
  const name = (node) => `${node.tagName.toLowerCase()}.${node.className}: "${node.textContent.trim().slice(0, 40)}"`;
  const range = document.createRange();
  for (const node of document.querySelectorAll('button, label, a, h1, h2, h3, th, legend, .state, .filter, .menu-item, [role=tab], [role=option]')) {
    const style = getComputedStyle(node);
    if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || node.closest('.visually-hidden, .row') || style.textOverflow === 'ellipsis') continue;
    if (style.overflowX !== 'visible' && node.scrollWidth > node.clientWidth + 1) cut.push(`cut off: ${name(node)}`);
    if (!node.matches('button, .button, .state, .filter, .menu-item') || style.display === 'inline') continue;
    range.selectNodeContents(node);
    const box = node.getBoundingClientRect();
    for (const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT); walker.nextNode();) {
      if (!walker.currentNode.data.trim() || walker.currentNode.parentElement.closest('.visually-hidden') || !walker.currentNode.parentElement.checkVisibility()) continue;
      range.selectNodeContents(walker.currentNode);
      const text = range.getBoundingClientRect();
      const kept = [...function* (one) { for (; one && one !== node; one = one.parentElement) yield one; }(walker.currentNode.parentElement)].some((one) => getComputedStyle(one).overflowX !== 'visible');
      if (!kept && style.overflowX === 'visible' && (text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1 || text.bottom > box.bottom + 1)) cut.push(`sticks out: ${name(node)}`);
    }
  }
  return [...new Set(cut)];
}

/* What lies over the page, and partly outside of the window where nobody gets to it. Runs in the page. */
function findOutOfSight() {
  return [...document.querySelectorAll('dialog[open], [role=menu], .composer, .toast, .ant-modal-container')].filter((node) => node.checkVisibility({ visibilityProperty: true }))
    .filter((node) => { const box = node.getBoundingClientRect(); return box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1; })
    .map((node) => `partly outside of the window: ${node.tagName.toLowerCase()}.${node.className}`);
}

/* Where the keyboard is: what it is called, and what is wrong with it: no sign of the focus to be seen, or nothing of it. Runs in the page. */
function describeFocus(secondLook) {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const active = document.getElementById(node.getAttribute('aria-activedescendant')) ?? node;
  const marked = (one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none';
  };
  /* A field may be marked by the frame around it; a text that is being written has its caret; Ant Design marks what stands beside a hidden input. */
  const around = [active, ...(node.matches('input, textarea, select') ? [active.parentElement, active.parentElement?.parentElement, active.closest('.composer-field, .search')] : []),
    ...(node.matches('[class^=ant-]') ? [node.parentElement, ...node.parentElement.querySelectorAll('*')] : [])].filter(Boolean);
  const box = active.getBoundingClientRect();
  const points = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => [box.left + box.width * x, box.top + box.height * y]));
  const seen = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (active.contains(top) || top.contains(active) && top !== document.body && top !== document.documentElement && !top.matches('.mail, .page, #root'));
  });
  const name = `${active.tagName.toLowerCase()}.${[...active.classList].join('.')} "${(active.getAttribute('aria-label') ?? active.textContent).trim().slice(0, 30)}"`;
  const wrong = [];
  if (!node.isContentEditable && !node.matches('.composer-plain') && node.tagName !== 'IFRAME' && !around.some(marked)) wrong.push('is not marked');
  if (!seen) wrong.push('is not to be seen');
  const again = !secondLook && node.dataset.tabbed === 'yes';
  node.dataset.tabbed = 'yes';
  /* Frames and dates have more than one stop in them. */
  return { name, again, manifold: node.matches('iframe, [type^=date], [type=time]'), wrong: again ? [] : wrong };
}

/* What the keyboard should have reached, and has not. Runs in the page. */
function findUnreached() {
  const within = [...document.querySelectorAll('dialog[open], .ant-modal')].at(-1) ?? document;
  const all = within.querySelectorAll('a[href], button, input:not([type=radio]), select, textarea, summary, [tabindex], [contenteditable=true]');
  return [...all].filter((node) => node.tabIndex >= 0 && !node.disabled && node.checkVisibility({ visibilityProperty: true }) && !node.closest('[inert]') && node.dataset.tabbed !== 'yes' && node.type !== 'file')
    .map((node) => `${node.tagName.toLowerCase()}.${[...node.classList].join('.')} "${(node.getAttribute('aria-label') ?? node.textContent).trim().slice(0, 30)}" is not reached`);
}

/** Through Postroom's door with an e-mail and a password; back when it has been knocked at. */
export async function signInAt(page, url, { email, password }) {
  await page.goto(url);
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill(password);
  await page.locator('form button[type=submit]').click();
}

/** One person at the screen. origins: where the page may ask for anything. */
export class Visitor {
  problems = [];
  strays = new Set();

  static async arrive(browser, origins, { locale = 'en-GB', dark = false, width = 1280, height = 800, touch = false, storageState } = {}) {
    const visitor = new Visitor();
    visitor.context = await browser.newContext({ viewport: { width, height }, locale, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce', acceptDownloads: true, timezoneId: 'UTC', storageState, ...(touch ? { hasTouch: true, isMobile: true } : {}) });
    await visitor.context.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    visitor.page = await visitor.context.newPage();
    visitor.page.setDefaultTimeout(15000);
    visitor.#watch(origins);
    return visitor;
  }

  #watch(origins) {
    this.page.on('pageerror', (error) => this.problems.push(`page error: ${error.message}`));
    this.page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.problems.push(`console: ${message.text()}`);
    });
    this.context.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:', 'about:'].includes(url.protocol) && !origins.includes(url.origin)) this.strays.add(url.origin);
    });
    this.page.on('response', (response) => {
      if (response.status() >= 500) this.problems.push(`${response.status()} of ${response.url()}`);
    });
    this.page.on('dialog', (dialog) => {
      this.problems.push(`the browser's own dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
  }

  /** Signs in; ready: what is then waited for, if anything. */
  async signIn(url, person, ready = null) {
    await signInAt(this.page, url, person);
    if (ready) await this.page.locator(ready).first().waitFor();
  }

  /** Everything that went wrong so far. */
  complaints() {
    return [...this.problems, ...[...this.strays].map((origin) => `a request to ${origin}`)];
  }

  /** Writes build-logs/screens/NAME.png once the page is at rest. */
  async screen(name) {
    mkdirSync(SCREENS, { recursive: true });
    await this.page.evaluate(() => document.fonts.ready);
    await this.page.screenshot({ path: path.join(SCREENS, `${name}.png`), animations: 'disabled', caret: 'hide' });
  }

  /** What sticks out of the window sideways: nothing should. */
  overflow() {
    return this.page.evaluate(() => [document.documentElement, ...document.querySelectorAll('.list-pane, .reader-pane, .sidebar, .page-body, .composer, .composer-fields, dialog, .ant-modal')]
      .filter((node) => node.scrollWidth > node.clientWidth + 1)
      .map((node) => `${node.tagName.toLowerCase()}.${node.className}: ${node.scrollWidth} > ${node.clientWidth}`));
  }

  /** Texts that are too faint on their ground: under 4.5:1, or 3:1 where large. Nothing disabled, hidden or upon a picture counts. */
  faintTexts() {
    return this.page.evaluate(findFaintTexts);
  }

  /** Lets all texts grow by 40 %. Spoils the page: load it anew. */
  async stretch() {
    await this.page.evaluate(stretch);
    await this.atRest();
  }

  /** Texts that are cut off or stick out of their control, and whatever sticks out of the window or lies outside of it. */
  async crampedTexts() {
    return [...await this.page.evaluate(findCutTexts), ...await this.page.evaluate(findOutOfSight), ...await this.overflow()];
  }

  /** Goes through the whole screen by Tab: what is reached without a visible sign, what hides, what is never reached, where one is caught. */
  async tabThrough() {
    const wrong = [];
    await this.page.evaluate(() => { for (const node of document.querySelectorAll('[data-tabbed]')) delete node.dataset.tabbed; });
    for (let step = 0, turns = 0; step < 300; step++) {
      await this.page.keyboard.press('Tab');
      let at = await this.page.evaluate(describeFocus, false);
      if (at === null) {
        /* On the way round through the browser's own window the focus may come back by itself, a moment later. */
        await this.page.waitForTimeout(100);
        at = await this.page.evaluate(describeFocus, false);
      }
      if (at?.wrong.length > 0) {
        await this.atRest();
        at.wrong = (await this.page.evaluate(describeFocus, true))?.wrong ?? [];
      }
      if (at === null) turns++;
      if (turns > 2 || (at?.again && !at.manifold)) return [...wrong, ...await this.page.evaluate(findUnreached)];
      wrong.push(...(at?.wrong ?? []).map((what) => `${at.name} ${what}`));
    }
    return [...wrong, 'there is no end to it'];
  }

  /** What axe-core finds wrong by WCAG 2.2 AA: rule, where, and why. The mail's own frame is left to its sender. */
  async axe() {
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] });
      return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary.split('\n').slice(1).join(' ').trim()}`));
    });
  }

  /** Whatever the eye or a screen reader finds, as one list of texts; but names that stand in tables are those of people and servers, and what a search found is of mails. */
  texts() {
    return this.page.evaluate(() => {
      const found = new Set();
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) if (walker.currentNode.parentElement.checkVisibility() && !walker.currentNode.parentElement.closest('td bdi, mark')) found.add(walker.currentNode.data.trim());
      for (const node of document.querySelectorAll('[aria-label], [title], [placeholder]')) for (const name of ['aria-label', 'title', 'placeholder']) found.add(node.getAttribute(name)?.trim());
      return [...found].filter(Boolean);
    });
  }

  /** As if another window had chosen this language: the page changes in place. */
  async speak(language) {
    await this.page.evaluate((code) => {
      localStorage.setItem('postroom.language', code);
      dispatchEvent(new StorageEvent('storage', { key: 'postroom.language' }));
    }, language);
    await this.page.waitForFunction((code) => document.documentElement.lang === code, language);
    await this.atRest();
  }

  /** The system's light or dark, in place. */
  async light(colorScheme) {
    await this.page.emulateMedia({ colorScheme });
    await this.atRest();
  }

  /** A browser without a desktop shows no notifications: those of pages from now on are kept in window.notes; how often it was asked whether they may, in window.asks. */
  keepNotifications() {
    return this.context.addInitScript(() => {
      Object.assign(window, { notes: [], asks: 0 });
      window.Notification = class {
        static permission = 'default';
        static requestPermission() { window.asks++; this.permission = 'granted'; return Promise.resolve('granted'); }
        constructor(title, { body, tag }) { Object.assign(this, { title, body, tag }); window.notes.push(this); }
        close() {}
      };
      Document.prototype.hasFocus = () => false;
    });
  }

  async resize(width, height) {
    await this.page.setViewportSize({ width, height });
    await this.atRest();
  }

  /** Two frames, so that what was asked for is drawn, and nothing fades any more. */
  async atRest() {
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await this.page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity));
  }

  direction() {
    return this.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
  }

  /** The inline start of the first element that matches. */
  async startOf(selector) {
    const box = await this.page.locator(selector).first().boundingBox();
    return box.x;
  }
}
