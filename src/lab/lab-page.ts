/** A lab's page: one file without a script, which loads nothing; and its picture as a file of its own. */
import { html, type Html } from '../base/html.js';
import { version } from '../base/version.js';
import { toneOf, VARIABLES } from './colours.js';
import { drawBars } from './draw-bars.js';
import { drawLines, drawPoints } from './draw-curves.js';
import { drawHeatmap } from './draw-heatmap.js';
import { imagesPart } from './draw-images.js';
import { isExpected, showConclusion, showExpected, showFigure } from './show-figure.js';
import { CHART_STYLE, type Size } from './frame.js';
import { PAGE_STYLE } from './page-style.js';
import type { Bars, Heatmap, Lines, Picture, Points, Table } from './picture-data.js';
import { checkResult, type LabResult } from './run-lab.js';
import { brief } from './axis-scale.js';
import { aboutOf } from './lab-settings.js';

/** Pictures that are drawn as SVG. */
export type Chart = Lines | Points | Bars | Heatmap;

/** What stays on one line: `86 %`, `LeNet-5`, `--small`. */
const ONE_WORD = /(--[a-z]+|[\w.]+-\d+|[\d.,]+ %)/i;

/** A text, of which no line ends within what is read as one word. */
const flowing = (text: string): Html =>
  html`${text
    .split(ONE_WORD)
    .map((part, i) => (i % 2 === 1 ? html`<span class="one">${part}</span>` : part))}`;

/** Draws a chart in a size. */
export function drawChart(picture: Chart, size: Size): Html {
  if (picture.kind === 'lines') return drawLines(picture, size);
  if (picture.kind === 'points') return drawPoints(picture, size);
  if (picture.kind === 'bars') return drawBars(picture, size);
  return drawHeatmap(picture, size);
}

/** Names of the series by colour; one alone needs none, unless it is on a map. */
function legendOf(picture: Chart): Html | undefined {
  const dots = picture.kind === 'heatmap' ? (picture.points ?? []) : [];
  const all = picture.kind === 'heatmap' ? [...dots, ...(picture.paths ?? [])] : picture.series;
  if (all.length === 0 || (all.length === 1 && picture.kind !== 'heatmap')) return undefined;
  const isLine = (i: number): boolean =>
    picture.kind === 'lines' || (picture.kind === 'heatmap' && i >= dots.length);
  return html`<ul class="legend">
    ${all.map((one, i) => {
      const isDashed = 'dashed' in one && one.dashed === true;
      const style = isDashed ? 'border-top-style:dashed;' : '';
      return html`<li>
        <span
          class="${isLine(i) ? 'line' : 'patch'}"
          style="${style}color:${toneOf(i, all.length)}"
        ></span
        >${one.name}
      </li>`;
    })}
  </ul>`;
}

/** A chart twice, for a narrow page and for a wide one, so that its words keep their size. */
function chartPart(picture: Chart, id: string): Html {
  const isMap = picture.kind === 'heatmap';
  const narrow = { width: 344, height: isMap ? 300 : 250, id: `${id}-narrow` };
  const wide = { width: 560, height: isMap ? 440 : 330, id: `${id}-wide` };
  return html`<div class="narrow">${drawChart(picture, narrow)}</div>
    <div class="wide">${drawChart(picture, wide)}</div>
    ${legendOf(picture)}`;
}

/** A number that a lab has written itself, with as many digits as it wants. */
const WRITTEN_NUMBER = /^[−-]?[\d.,]+( %)?$/;

/** A table, in which columns of numbers stand on the right. */
function tablePart({ columns, rows }: Table): Html {
  const areWords = columns.map((_, i) =>
    rows.some(({ [i]: cell }) => typeof cell === 'string' && !WRITTEN_NUMBER.test(cell)),
  );
  const style = (i: number): Html | false => areWords[i]! && html` class="words"`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${columns.map((name, i) => html`<th scope="col" ${style(i)}>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(
                (cell, i) =>
                  html`<td${style(i)}>${typeof cell === 'number' ? brief(cell) : cell}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Whether a picture takes the whole width of a page. */
function isWhole(picture: Picture): boolean {
  if (picture.kind === 'table') return picture.columns.length > 5;
  if (picture.kind !== 'images') return false;
  return (picture.columns ?? picture.items.length) > 6 || picture.items.length > 24;
}

function figurePart(picture: Picture, i: number): Html {
  const { title, caption, kind } = picture;
  const drawn =
    kind === 'images'
      ? imagesPart(picture)
      : kind === 'table'
        ? tablePart(picture)
        : chartPart(picture, `picture-${i}`);
  return html`<figure${isWhole(picture) && html` class="whole"`}>
    <h3>${flowing(title)}</h3>
    ${drawn} ${caption !== undefined && html`<figcaption>${flowing(caption)}</figcaption>`}
  </figure>`;
}

/** A cell that says in a narrow page, which has no head of the table, what it is. */
const labelled = (name: string, text: string | false): Html =>
  text === false ? html`<td></td>` : html`<td data-is="${name}">${text}</td>`;

/** The lab's figures, with the paper's beside them. */
function figuresPart({ figures }: LabResult): Html {
  const hasPaper = figures.some(({ paper }) => paper !== undefined);
  const hasExpected = figures.some((one) => isExpected(one) !== undefined);
  const hasWords = figures.some(({ about, source }) => about !== undefined || source !== undefined);
  return html`<section>
    <h2>Figures</h2>
    <div class="scroll panel figures">
      <table>
        <thead>
          <tr>
            <th scope="col">figure</th>
            <th scope="col">here</th>
            ${
              hasPaper && html`<th scope="col">paper</th>`
            }${hasExpected && html`<th scope="col">expected</th>`}
            ${hasWords && html`<th scope="col" class="words">note</th>`}
          </tr>
        </thead>
        <tbody>
          ${figures.map((one) => {
            const isIn = isExpected(one);
            return html`<tr>
              <th scope="row">${one.name}</th>
              <td class="${isIn === false ? 'value bad' : 'value'}">
                ${showFigure(one.value, one.format)}
              </td>
              ${
                hasPaper &&
                labelled('paper', one.paper !== undefined && showFigure(one.paper, one.format))
              }${
                hasExpected &&
                labelled(
                  'expected',
                  isIn !== undefined && `${showExpected(one)}${isIn ? '' : ' (it is not)'}`,
                )
              }
              ${
                hasWords &&
                html`<td class="words">${[one.about, one.source].filter(Boolean).join('; ')}</td>`
              }
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** A setting's value; a narrow page divides only what is too long for it, such as a path. */
const valuePart = (value: string): Html =>
  html`<td class="${value.length > 14 ? 'value long' : 'value'}">${value}</td>`;

function settingsPart({ lab, settings, changed }: LabResult): Html | undefined {
  const names = Object.keys(settings);
  if (names.length === 0) return undefined;
  return html`<section>
    <h2>Settings</h2>
    <div class="scroll panel">
      <table>
        <tbody>
          ${names.map(
            (name) =>
              html`<tr${Object.hasOwn(changed, name) && html` class="changed"`}
                ><th scope="row"><code>${name}</code></th>${valuePart(String(settings[name]))}<td class="words"
                  >${aboutOf(lab, name).about}</td
                ></tr
              >`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** The command that runs a lab so again. */
export function commandOf({ lab, form, changed, data }: LabResult): string {
  const set = Object.entries(changed).map(([name, value]) => `${name}=${String(value)}`);
  return [
    `npx lanewise lab ${lab.name}`,
    ...(form === 'default' ? [] : [`--${form}`]),
    ...(set.length > 0 ? [`--set ${set.join(',')}`] : []),
    ...(data === undefined || data === 'digits' ? [] : [`--data ${data}`]),
  ].join(' ');
}

const papersPart = ({ lab }: LabResult): Html | false =>
  lab.papers.length > 0 &&
  html`<section>
    <h2>Papers</h2>
    <ul class="papers">
      ${lab.papers.map(
        ({ cite, title, link }) =>
          html`<li>
            ${cite}. ${link === undefined ? title : html`<a href="${link}">${title}</a>`}
          </li>`,
      )}
    </ul>
  </section>`;

/**
 * A run's page: what was done and found, with pictures, figures, settings, papers and the hash. It has no script and
 * loads nothing; it is read in light and dark, from 390 pixels on.
 * @throws LanewiseError kind 'argument' for what is not a result of runLab.
 */
export function labPage(result: LabResult): string {
  checkResult('labPage', result);
  const { lab, figures, pictures, conclusion, data, sha256, seconds } = result;
  const style: Html = { html: `<style>${VARIABLES}${CHART_STYLE}${PAGE_STYLE}</style>` };
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${lab.title}</title>
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        <header>
          <p class="soft">Lanewise labs: ${lab.group}</p>
          <h1>${flowing(lab.title)}</h1>
          <p class="about">${flowing(lab.about)}</p>
          <p class="conclusion">${flowing(showConclusion(figures, conclusion))}</p>
        </header>
        <main>
          <div class="charts">${pictures.map(figurePart)}</div>
          ${figuresPart(result)}${settingsPart(result)}
          <section>
            <h2>Run it again</h2>
            <div class="panel">
              <p><code>${flowing(commandOf(result))}</code></p>
              <p>
                SHA-256 of the evidence, the settings and the
                ${data === undefined ? 'name of the lab' : `names of lab and data (${data})`}:
                <code class="hash">${sha256}</code>. It is the same on every machine, in every
                engine, with any number of workers. This run took ${showFigure(seconds, 'seconds')}.
              </p>
            </div>
          </section>
          ${papersPart(result)}
        </main>
        <footer class="soft">Lanewise ${version}</footer>
      </body>
    </html> `.html;
}
