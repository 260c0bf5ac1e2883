/** The little of the document's interface that every page needs. */

/** The element of the page's own markup with this id. */
export const byId = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;

/** A new element; `children` are text or elements. Whatever a file says gets here as text only. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
