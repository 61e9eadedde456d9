// A walk: one flow of the page, gone through by hand as it were, at three widths, in three languages, and looked at in light and dark after every step.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { launchBrowser, noBrowser, ROW, Visitor } from '../../blackbox/support/browser.mjs';
import { startLinked } from '../../blackbox/support/linked.mjs';
import { ROOT, until } from '../../blackbox/support/organisation.mjs';
import { ADMIN } from '../../blackbox/support/postroom.mjs';
import { untranslated } from '../../blackbox/support/shape.mjs';
import { sheets } from './sheets.mjs';
import { words } from './words.mjs';

const PICTURES = path.join(ROOT, 'build-logs/walks');
const SIZES = { 1440: [1440, 900], 1024: [1024, 768], 390: [390, 844] };
const REGIONS = { en: 'en-GB', he: 'he-IL', zh: 'zh-CN' };
/* WALK_AT='he-390|en' takes some of them only; WALK='compose' walks of such names. */
const [AT, NAME] = [process.env.WALK_AT, process.env.WALK].map((text) => new RegExp(text ?? ''));

/** Somebody who walks. t(id, values): a text of the page in their language. world: what startLinked answered, and what prepare added. */
export class Walker {
  #walk;
  #others = [];

  constructor(who, world, language, width, walk) {
    Object.assign(this, { who, page: who.page, world, language, width, narrow: width < 720, t: words(language), faults: walk.faults });
    this.#walk = walk;
  }

  static async arrive(browser, world, name, language, width, walk = { browser, name, steps: 0, faults: [] }) {
    const [w, h] = SIZES[width];
    const who = await Visitor.arrive(browser, [world.postroom.url, world.org.authority].map((url) => new URL(url).origin), { width: w, height: h, locale: REGIONS[language], touch: width < 720 });
    return new Walker(who, world, language, width, walk);
  }

  /** Somebody else at such a screen of their own, not signed in. What is wrong there counts as well. */
  async another() {
    const other = await Walker.arrive(this.#walk.browser, this.world, this.#walk.name, this.language, this.width, this.#walk);
    this.#others.push(other);
    return other;
  }

  /** What the browser complained of, here and at the others. */
  complaints() {
    return [this, ...this.#others].flatMap((one) => one.who.complaints());
  }

  /** Controls and texts by the id of their text. within: a locator, or the page. */
  button(id, { within = this.page, values, role = 'button', exact = true } = {}) {
    return within.getByRole(role, { name: this.t(id, values), exact });
  }
  item(id, values) { return this.button(id, { values, role: 'menuitem' }); }
  field(id, { within = this.page, values, exact = true } = {}) { return within.getByLabel(this.t(id, values), { exact }); }
  text(id, values) { return this.page.getByText(this.t(id, values)).first(); }
  dialog() { return this.page.locator('dialog[open], .ant-modal').last(); }
  toast(id, values) { return this.page.locator('.toast', { hasText: this.t(id, values) }).last(); }
  row(text) { return this.page.locator(ROW, { hasText: text }).first(); }

  /** Uses a control as the hand does: a finger on a telephone, where nothing hovers; what the eye does not see is not found. */
  async tap(control) {
    if (!this.narrow) return control.click();
    /* Within a mail no script may run, also none that looks at it. */
    if (!/enter-frame|frameLocator|contentFrame/.test(String(control)))
      await until(`${control} to be seen without a pointer`, () => control.evaluate((node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true })), { ms: 3000 });
    return control.tap();
  }

  /** Opens a conversation by its subject, from wherever the list is. */
  async open(subject) {
    await this.backToList();
    await this.tap(this.row(subject));
    await this.page.locator('.reader-subject', { hasText: subject }).waitFor();
    await this.page.locator('.message[data-open=true]').first().waitFor();
    /* What is below a mail moves until its frame has its height. */
    await this.page.waitForFunction(() => [...document.querySelectorAll('.message[data-open=true] .mail-frame iframe')].every((frame) => frame.style.blockSize !== ''));
  }

  /** To the list, where the reader has taken its place. */
  async backToList() {
    if (this.narrow && await this.page.locator('.mail[data-pane=reader]').count()) await this.tap(this.button('reader.back'));
  }

  /** The folders beside the list, or behind a button. */
  async folders() {
    await this.backToList();
    if (this.width < 1100) await this.tap(this.button('sidebar.open'));
    return this.page.locator('.sidebar');
  }

  /** To a folder of the linked account by its name as the page says it. */
  async goTo(name) {
    await this.tap((await this.folders()).locator('.mailbox', { hasText: name }).first());
    await this.page.locator('.list-head h1', { hasText: name }).waitFor();
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Looks at the screen, light and dark: keeps a picture of each, and what is faint, cut, out of sight or of another language is a fault. */
  async look(name) {
    const { who, language, width } = this;
    const step = `${String(++this.#walk.steps).padStart(2, '0')}-${name}`;
    const folder = path.join(PICTURES, this.#walk.name);
    await this.page.evaluate(() => document.fonts.ready);
    await this.page.waitForTimeout(250); /* the frame of a mail takes its height from its text */
    mkdirSync(folder, { recursive: true });
    for (const theme of ['light', 'dark']) {
      await who.light(theme);
      await this.page.screenshot({ path: path.join(folder, `${step}-${language}-${theme}-${width}.png`), animations: 'disabled', caret: 'hide' });
      this.faults.push(...(await who.faintTexts()).map((one) => `${step}, ${theme}: ${one}`));
    }
    await who.light('light');
    this.faults.push(...[...await untranslated(who), ...await who.crampedTexts()].map((one) => `${step}: ${one}`));
  }
}

const ANNA = 'anna.berg@northlight.example';

/**
 * Declares a walk. mails: of each person of the sample organisation. begin(): the world it begins with, a linked mailbox unless told otherwise.
 * prepare(world): what the mailbox needs, before anybody signs in; what it answers is added to the world. start: what is there once one is signed in;
 * null where nobody signs in. ignore: complaints of the browser that the walk provokes. minutes: how long it may take in one place.
 */
export function walk(name, { mails = 30, config = {}, begin = () => startLinked(ANNA, { mails, config }), prepare = async () => ({}), start = ROW, ignore = /^$/, minutes = 7 }, play) {
  const places = Object.keys(REGIONS).flatMap((language) => Object.keys(SIZES).map((width) => [language, Number(width)])).filter((place) => AT.test(place.join('-')));
  if (!NAME.test(name)) return;
  test(name, { skip: noBrowser }, async (context) => {
    if (places.length === 9) rmSync(path.join(PICTURES, name), { recursive: true, force: true });
    for (const [language, width] of places) {
      await context.test(`${name}, ${language}, ${width}`, { timeout: minutes * 60000 }, async () => {
        const world = await begin();
        const browser = await launchBrowser();
        let walker;
        try {
          Object.assign(world, await prepare(world));
          walker = await Walker.arrive(browser, world, name, language, width);
          if (start !== null) await walker.who.signIn(world.postroom.url, ADMIN, start);
          await play(walker);
          assert.deepEqual([...walker.faults, ...walker.complaints().filter((text) => !ignore.test(text))], []);
        } catch (error) {
          await walker?.page.screenshot({ path: path.join(PICTURES, name, `failed-${language}-${width}.png`) }).catch(() => {});
          throw error;
        } finally {
          await browser.close();
          await world.close();
        }
      });
    }
    await sheets(path.join(PICTURES, name));
  });
}
