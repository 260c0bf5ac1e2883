/** The helpers for the document that every part of the page uses. */
import { byId } from '../../shared/dom.js';

export { byId, make } from '../../shared/dom.js';

/** Shows a sentence in its place, or removes it. */
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
