/** The frame of a report page: markup, charts as data, and the only script and stylesheet it may use, all in one file. */
import { createHash } from 'node:crypto';
import type { Assets } from '../assets.js';
import type { Chart } from './chart.js';
import { html, scriptJson, type Html } from '../../base/html.js';

/** The contents of a report. */
export interface Report {
  readonly title: string;
  /** Markup by name; an element `part-name` holds each. */
  readonly parts: Readonly<Record<string, Html>> & { readonly head: Html };
  readonly charts: readonly Chart[];
}

const sha256 = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The page's permissions (Content Security Policy): it runs this one script, shows images that are part of it, and
 * connects to nothing but, if it is served, the server.
 */
export const policyOf = ({ script }: Assets, isLive: boolean): string =>
  [
    `default-src 'none'`,
    `script-src ${sha256(script)}`,
    `style-src 'unsafe-inline'`,
    'img-src data:',
    ...(isLive ? [`connect-src 'self'`] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');

/** The page as a file or, live, as `lanewise watch` serves it. */
export function renderPage(
  { title, parts, charts }: Report,
  assets: Assets,
  isLive = false,
): string {
  const { head, ...rest } = parts;
  // Raw text, whose hash the policy holds, so it must stay as it is; neither may end its element.
  const script: Html = { html: `<script>${assets.script}</script>` };
  const style: Html = { html: `<style>${assets.style}</style>` };
  const data: Html = {
    html: `<script type="application/json" id="data">${scriptJson({ charts })}</script>`,
  };
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(assets, isLive)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        ${isLive && html`<header><span class="badge" id="live" role="status">live</span></header>`}
        <header id="part-head">${head}</header>
        <main>
          ${Object.entries(rest).map(([id, part]) => html`<div id="part-${id}">${part}</div> `)}
        </main>
        ${data} ${script}
      </body>
    </html> `.html;
}

/** A chart's place; its caption says the same in words. */
export const figureOf = ({ id, title, caption }: Chart): Html =>
  html` <figure aria-labelledby="${id}-title">
    <h3 id="${id}-title">${title}</h3>
    <div id="${id}"></div>
    <figcaption>${caption}</figcaption>
  </figure>`;

/** A section of charts; nothing if there are none. */
export const chartSection = (
  title: string,
  about: Html | string,
  charts: readonly Chart[],
  isSmall = false,
): Html | undefined =>
  charts.length === 0
    ? undefined
    : html`<section>
        <h2>${title}</h2>
        <p class="soft">${about}</p>
        <div class="charts${isSmall && ' small'}">${charts.map(figureOf)}</div>
      </section>`;
