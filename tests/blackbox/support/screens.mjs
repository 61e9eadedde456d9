// Every screen of the page, once: the accessibility test, the tests of languages and the pictures of docs/screenshots walk through this list. A new
// settings section is found by itself; whatever else is new is an entry here.

/** How one gets to a screen. goto: a path. open: what a person does then. ready: what is there at the end. */
export const SCREENS = [
  { name: 'sign-in', signedOut: true, goto: '', ready: 'form input[name=password]' },
  { name: 'list', goto: '', ready: '.row' },
  { name: 'conversation', goto: '', open: async (page) => { await openNewest(page); }, ready: '.message[data-open=true]' },
  { name: 'selection', goto: '', open: async (page) => { await page.locator('.row').first().waitFor(); await page.keyboard.press('j'); await page.keyboard.press('x'); }, ready: '.selection-bar' },
  { name: 'search', goto: '', open: async (page) => { await page.locator('.row').first().waitFor(); await page.getByRole('searchbox').fill('lamp'); await page.keyboard.press('Enter'); }, ready: '.row mark' },
  { name: 'nothing-found', goto: '', open: async (page) => { await page.locator('.row').first().waitFor(); await page.getByRole('searchbox').fill('zyxwvut'); await page.keyboard.press('Enter'); }, ready: '.empty' },
  { name: 'keys', goto: '', open: async (page) => { await page.locator('.row').first().waitFor(); await page.keyboard.press('?'); }, ready: 'dialog[open]' },
  { name: 'move', goto: '', open: async (page) => { await page.locator('.row').first().waitFor(); await page.keyboard.press('j'); await page.keyboard.press('x'); await page.keyboard.press('v'); }, ready: 'dialog[open]' },
  { name: 'composer', goto: '', open: async (page) => { await page.locator('.row').first().waitFor(); await page.keyboard.press('c'); }, ready: '.composer-editor' },
  { name: 'reply', goto: '', open: async (page) => { await openNewest(page); await page.keyboard.press('r'); }, ready: '.composer-editor' },
  { name: 'accounts', goto: 'accounts', ready: '.card' },
  { name: 'link', goto: 'accounts/link', ready: '[role=dialog] input, .page-body form input' },
  { name: 'link-failed', goto: 'link/failed?code=wrong-account&expected=a@northlight.example&got=b@northlight.example', ready: '.result' },
  { name: 'not-found', goto: 'nowhere/at/all', ready: '.empty' },
];

async function openNewest(page) {
  await page.locator('.row').first().click();
  await page.locator('.message[data-open=true]').first().waitFor();
}

/** The screens, with one for each section of the settings that this person sees. */
export async function allScreens(page, url) {
  await page.goto(`${url}/settings/general`);
  await page.locator('.settings-nav a[aria-current]').waitFor();
  const links = await page.locator('.settings-nav a').evaluateAll((nodes) => nodes.map((node) => new URL(node.href).pathname));
  const sections = links.filter((path) => path.includes('/settings/')).map((path) => ({ name: `settings-${path.split('/').at(-1)}`, goto: `settings/${path.split('/').at(-1)}`, ready: '.settings-content h1' }));
  return [...SCREENS, ...sections];
}

/** Goes there and waits until it is at rest. */
export async function visit(page, url, screen) {
  await page.goto(`${url}/${screen.goto}`);
  await screen.open?.(page);
  await page.locator(screen.ready).first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => {});
  await page.evaluate(() => document.fonts.ready);
}
