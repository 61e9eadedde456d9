// The page's own texts in one of its languages, as a person at the screen reads them.

import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT } from '../../blackbox/support/organisation.mjs';

const WEB = createRequire(path.join(ROOT, 'web/package.json'));
const fromWeb = (name) => import(pathToFileURL(WEB.resolve(name)).href);
const { setupI18n } = await fromWeb('@lingui/core');
const { compileMessage } = await import(pathToFileURL(path.join(ROOT, 'web/node_modules/@lingui/message-utils/dist/compileMessage.mjs')).href);

/** A function (id, values) that answers the text of web/locales; an id that is nowhere is an error. */
export function words(language) {
  const folder = path.join(ROOT, 'web/locales', language);
  const texts = Object.assign({}, ...readdirSync(folder).map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8'))));
  const messages = Object.fromEntries(Object.entries(texts).map(([id, text]) => [id, compileMessage(text)]));
  const i18n = setupI18n({ locale: language, messages: { [language]: messages } });
  return (id, values) => {
    if (!(id in texts)) throw new Error(`there is no text ${id}`);
    return i18n._(id, values);
  };
}
