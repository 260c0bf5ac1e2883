/** The helpers for the document that every page of the examples needs. */

/** The element of the page's own markup with this id. */
export const byId = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;

/** A new element; `children` are text or elements. Contents of files appear as text only. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
