/** The report's sections on the trained model: classes, confusions, mistakes, filters, feature maps. */
import { importanceList, missList, mistakeList } from './answer-parts.js';
import type { ClassFigures, Evaluation, Pictures } from './evaluation.js';
import { showCount, showPercent } from './figures.js';
import { html, type Html } from '../../base/html.js';
import type { Picture } from './pictures.js';

/** With more classes the matrix is too large to read. */
const MAX_CLASSES = 40;

const image = (picture: Picture, name: string): Html =>
  html`<img src="data:image/png;base64,${picture}" alt="${name}" title="${name}" />`;

export function evaluationSections(evaluation: Evaluation): Html {
  const { data, part, samples, confusion, classes, mistakes, filters, featureMaps } = evaluation;
  const { importance, misses = [], values = [] } = evaluation;
  return html` ${
    classes &&
    html`<section>
      <h2>${confusion ? 'Classes' : 'Labels'}</h2>
      <p class="soft">On ${showCount(samples)}${part && ` ${part}`} samples of ${data}.</p>
      <div class="columns">
        ${confusion && confusionTable(confusion)}${classTable(classes, confusion ? 'class' : 'label')}
      </div>
    </section>`
  }
  ${importance && importance.length > 0 && importanceList(importance, evaluation)}
  ${mistakes && mistakeList(mistakes)} ${misses.length > 0 && missList(misses, values[0]!.name)}
  ${
    filters &&
    html`<section>
      <h2>First filters</h2>
      <p class="soft">
        Weights of <code>${filters.name}</code> (${filters.about}): orange above zero, blue below;
        filters on colour images in their colours.
      </p>
      <div class="panel">${pictureList(filters, 'filter')}</div>
    </section>`
  }
  ${
    featureMaps &&
    html`<section>
      <h2>Feature maps</h2>
      <p class="soft">
        What layers make of one sample (${featureMaps.label}): bright where a channel answers
        strongly.
      </p>
      <div class="panel">
        <ul class="pictures">
          <li>${image(featureMaps.picture, featureMaps.label)}</li>
        </ul>
        ${featureMaps.layers.map(
          (layer) =>
            html`<div class="layer">
              <h3>${layer.name} <span class="soft">${layer.about}</span></h3>
              ${pictureList(layer, 'channel')}
            </div>`,
        )}
      </div>
    </section>`
  }`;
}

const pictureList = ({ name, pictures }: Pictures, what: string): Html =>
  html`<ul class="pictures">
    ${pictures.map((picture, i) => html`<li>${image(picture, `${name}, ${what} ${i}`)}</li>`)}
  </ul>`;

/** A row for each true class; the darker a cell, the larger its share of the row. */
function confusionTable({ classes, counts }: NonNullable<Evaluation['confusion']>): Html {
  if (classes.length > MAX_CLASSES) return commonestConfusions(classes, counts);
  const cell = (count: number, t: number, p: number): Html => {
    const total = counts[t]!.reduce((a, b) => a + b, 0);
    const share = total > 0 ? count / total : 0;
    const words = `${classes[t]} taken for ${classes[p]}: ${count} of ${total} (${showPercent(share, 1)})`;
    if (count === 0) return html`<td class="none" title="${words}">·</td>`;
    // Mistakes are few: the root of their share is easier to see.
    const alpha = (t === p ? 0.15 + 0.6 * share : 0.12 + 0.8 * Math.sqrt(share)).toFixed(3);
    const colour = t === p ? 'cell' : 'miss';
    return html`<td style="background:rgba(var(--${colour}),${alpha})" title="${words}">
      ${count}
    </td>`;
  };
  return html`<div class="panel">
    <h3>Confusion matrix</h3>
    <p class="soft">A row for each true class, a column for each predicted one.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
      <table class="confusion">
        <thead>
          <tr>
            <td></td>
            ${classes.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${counts.map(
            (row, t) =>
              html`<tr>
                <th scope="row">${classes[t]}</th>
                ${row.map((count, p) => cell(count, t, p))}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}

function commonestConfusions(
  classes: readonly string[],
  counts: readonly (readonly number[])[],
): Html {
  const pairs = counts
    .flatMap((row, t) => row.map((count, p) => ({ t, p, count })))
    .filter(({ t, p, count }) => t !== p && count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 20);
  return html`<div class="panel">
    <h3>Commonest confusions</h3>
    <table class="plain">
      <thead>
        <tr>
          <th>true</th>
          <th>taken for</th>
          <th>times</th>
        </tr>
      </thead>
      <tbody>
        ${pairs.map(
          ({ t, p, count }) =>
            html`<tr>
              <th scope="row">${classes[t]}</th>
              <td>${classes[p]}</td>
              <td>${count}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function classTable(classes: readonly ClassFigures[], what: 'class' | 'label'): Html {
  return html`<div class="panel">
    <h3>By ${what}</h3>
    <div class="scroll">
      <table class="plain">
        <thead>
          <tr>
            <th></th>
            <th scope="col">samples</th>
            <th scope="col">precision</th>
            <th scope="col">recall</th>
            <th scope="col">F1</th>
          </tr>
        </thead>
        <tbody>
          ${classes.map(
            ({ name, samples, precision, recall, f1 }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${showCount(samples)}</td>
                <td>${showPercent(precision)}</td>
                <td>${showPercent(recall)}</td>
                <td>${showPercent(f1)}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}
