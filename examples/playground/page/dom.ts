/** The little of the document's interface that every part of the page needs. */

/** The element of the page's own markup with this id. */
export const byId = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;

/** A new element; `children` are text or elements. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Shows a sentence in its place, or takes it away. */
export function say(id: string, text: string | undefined): void {
  const element = byId(id);
  element.textContent = text ?? '';
  if (element.classList.contains('error')) element.hidden = !text;
}

/** A colour of the style sheet, as it is now. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const darkness = matchMedia('(prefers-color-scheme: dark)');

/** Calls `redraw` when light becomes dark, and back. */
export const onColours = (redraw: () => void): void => darkness.addEventListener('change', redraw);
