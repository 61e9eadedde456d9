// What becomes of a screen when the system forces its own colours on it, or asks for no motion.

/* Runs in the page, in forced colours. */
function findLost() {
  const still = document.createElement('style');
  still.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';
  document.head.append(still);
  const shown = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !node.closest('.visually-hidden');
  const name = (node) => `${node.tagName.toLowerCase()}.${[...node.classList].join('.')} "${(node.getAttribute('aria-label') ?? node.textContent).trim().slice(0, 30)}"`;
  const clear = (colour) => /^rgba\(.*, 0\)$/.test(colour);
  const lines = (style) => ['Top', 'Right', 'Bottom', 'Left'].filter((side) => parseFloat(style[`border${side}Width`]) > 0 && style[`border${side}Style`] !== 'none' && !clear(style[`border${side}Color`]));
  const framed = (node) => lines(getComputedStyle(node)).length > 0 || getComputedStyle(node).outlineStyle !== 'none';
  const looks = (node) => [null, '::before', '::after'].map((part) => {
    const style = getComputedStyle(node, part);
    return part && style.content === 'none' ? '' : [style.color, style.backgroundColor, style.borderTop, style.borderBottom, style.borderLeft, style.outline, style.fontWeight, style.fontStyle, style.textDecorationLine, style.content].join('|');
  }).join('/');
  const lost = [];

  /* A state that is taken away for a moment must leave a trace of itself. What a class says as well is looked for there; of many alike one will do. */
  const attributes = [['[aria-current]:not([aria-current=false])', 'aria-current', null], ['[aria-pressed=true]:not(.row *)', 'aria-pressed', 'false'], ['[aria-selected=true]:not(.row, .move-current)', 'aria-selected', 'false'], ['[aria-checked=true]:not(:has(.menu-mark, .tick-box))', 'aria-checked', 'false']];
  const classes = ['row-active', 'row-selected', 'row-open', 'row-unread', 'move-current', 'ant-radio-checked', 'ant-checkbox-checked', 'ant-switch-checked'];
  const put = (node, attribute, value) => (value === null ? node.removeAttribute(attribute) : node.setAttribute(attribute, value));
  for (const [selector, attribute, value] of [...attributes, ...classes.map((one) => [`.${one}`, 'class', one])])
    for (const node of [...document.querySelectorAll(selector)].filter(shown).slice(0, 2)) {
      const all = [node, ...node.querySelectorAll('*')];
      const was = node.getAttribute(attribute);
      const before = all.map(looks).join();
      put(node, attribute, attribute === 'class' ? was.split(' ').filter((one) => one !== value).join(' ') : value);
      const after = all.map(looks).join();
      put(node, attribute, was);
      if (before === after) lost.push(`${selector} is not seen: ${name(node)}`);
    }

  /* The line of a field may be that of what it stands in. */
  const nearest = (node, levels = 4) => framed(node) || (levels > 0 && node.parentElement !== null && nearest(node.parentElement, levels - 1));
  for (const node of document.querySelectorAll('input:not([type=radio], [type=checkbox], [type=hidden], [type=file], [type=range]), select, textarea, [contenteditable=true]')) if (shown(node) && !nearest(node)) lost.push(`a field without a line: ${name(node)}`);
  for (const node of document.querySelectorAll('.button, .ant-btn, .dialog, .menu, .ant-modal-container, .composer, .toast, .chip, .card'))
    if (shown(node) && !framed(node)) lost.push(`has no line around it: ${name(node)}`);

  /* The ink of icons against what they stand on, and colours that mean something. */
  const system = (colour) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = colour;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const inks = new Set(['CanvasText', 'LinkText', 'VisitedText', 'ButtonText', 'GrayText', 'Highlight', 'HighlightText', 'Canvas', 'FieldText'].map(system));
  for (const node of document.querySelectorAll('button svg, a svg, [role=button] svg'))
    if (shown(node) && !node.closest('.brand, .color-swatch, .label-chip') && !inks.has(getComputedStyle(node).color)) lost.push(`an icon of its own colour ${getComputedStyle(node).color}: ${name(node.parentElement)}`);
  const ground = system('Canvas');
  for (const node of document.querySelectorAll('.label-chip, .color-swatch')) if (shown(node) && getComputedStyle(node).backgroundColor === ground) lost.push(`has lost its colour: ${name(node)}`);
  still.remove();
  return lost;
}

/* Runs in the page: what would still move. Parts of a millisecond are allowed, so that the ends of motions are told of. */
function findMotion() {
  const longest = (text) => Math.max(...text.split(',').map((one) => parseFloat(one) * (/ms/.test(one) ? 1 : 1000)));
  const moving = new Set();
  for (const node of document.querySelectorAll('body, body *'))
    for (const part of [null, '::before', '::after']) {
      const style = getComputedStyle(node, part);
      if (longest(style.transitionDuration) > 10 || (style.animationName !== 'none' && (longest(style.animationDuration) > 10 || style.animationIterationCount === 'infinite'))) moving.add(`${node.tagName.toLowerCase()}.${[...node.classList].join('.')}${part ?? ''}`);
    }
  for (const one of document.getAnimations()) if (Number(one.effect?.getComputedTiming().endTime) > 1000) moving.add(`an animation of ${one.effect.getComputedTiming().endTime} ms`);
  return [...moving];
}

/** What cannot be told any more in forced colours. The page is as before afterwards. */
export async function lostInForcedColours(who) {
  await who.page.emulateMedia({ forcedColors: 'active' });
  await who.atRest();
  const lost = [...await who.page.evaluate(findLost), ...await who.faintTexts()];
  await who.page.emulateMedia({ forcedColors: 'none' });
  await who.atRest();
  return lost;
}

/** What moves although less motion was asked for, as every visitor of these tests does. */
export const motion = (who) => who.page.evaluate(findMotion);
