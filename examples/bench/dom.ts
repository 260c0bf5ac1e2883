/** What the page does to its document. */
import { byId } from '../shared/dom.js';

export { byId, make } from '../shared/dom.js';

/** Shows a sentence in its place, or takes the place away. */
export function say(id: string, text?: string): void {
  const element = byId(id);
  element.textContent = text ?? '';
  element.hidden = !text;
}
