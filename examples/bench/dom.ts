/** The page's helpers for its document. */
import { byId } from '../shared/dom.js';

export { byId, make } from '../shared/dom.js';

/** Shows a sentence in its place, or hides the place. */
export function say(id: string, text?: string): void {
  const element = byId(id);
  element.textContent = text ?? '';
  element.hidden = !text;
}
