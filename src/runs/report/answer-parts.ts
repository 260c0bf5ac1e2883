/** The report's sections on a model's answers: baselines, columns that matter, the hardest samples. */
import type {
  Evaluation,
  FarMiss,
  Importance,
  Mistake,
  SampleSeen,
  ValuesSeen,
} from './evaluation.js';
import { figureName, showFigure, showNumber, showPercent } from './figures.js';
import { html, type Html } from '../../base/html.js';

/** The model's figures beside those of what it has to beat. */
export function baselineTable({ baselines = [], accuracy, values = [] }: Evaluation): Html {
  const own: Record<string, number | null> =
    accuracy === undefined ? figuresOf(values[0]) : { accuracy };
  const names = Object.keys(own).filter((name) =>
    baselines.some(({ figures }) => figures[name] !== undefined),
  );
  if (names.length === 0) return html``;
  const rows = [{ name: 'this model', figures: own }, ...baselines];
  return html`<section>
    <h2>Against baselines</h2>
    <p class="soft">
      Predictions so simple that a model has to beat
      them${values.length > 1 && `, for ${values[0]!.name}`}.
    </p>
    <div class="panel">
      <table class="plain">
        <thead>
          <tr>
            <th></th>
            ${names.map((name) => html`<th scope="col">${figureName(name)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, figures }) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${names.map((key) => html`<td>${showFigure(key, figures[key])}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const figuresOf = (values: ValuesSeen | undefined): Record<string, number | null> =>
  values ? { mae: values.mae, rmse: values.rmse, r2: values.r2 } : {};

/** Most columns in the list. */
const MAX_SHOWN = 20;

export function importanceList(
  importance: readonly Importance[],
  { accuracy, values }: Evaluation,
): Html {
  const most = Math.max(...importance.map(({ rise }) => rise), 0);
  const isShare = accuracy !== undefined && !values;
  const show = (value: number) => (isShare ? showPercent(value, 1) : showNumber(value));
  return html`<section>
    <h2>Columns that matter</h2>
    <p class="soft">
      How much ${isShare ? 'the share of wrong answers' : 'the error (RMSE)'} rises when a column’s
      values are dealt out anew among the rows: mean and deviation of five deals. Columns that say
      the same share their importance.
    </p>
    <div class="panel">
      <table class="plain">
        <tbody>
          ${importance.slice(0, MAX_SHOWN).map(
            ({ column, rise, deviation }) =>
              html`<tr>
                <th scope="row">${column}</th>
                <td>
                  <meter
                    min="0"
                    max="1"
                    value="${most > 0 ? Math.max(0, rise / most).toFixed(3) : '0'}"
                  ></meter>
                </td>
                <td class="together">
                  ${show(rise)} <span class="soft">± ${show(deviation)}</span>
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
      ${importance.length > MAX_SHOWN && html`<p class="soft">and ${importance.length - MAX_SHOWN} less important ones</p>`}
    </div>
  </section>`;
}

/** A sample's picture, row or text, and what it is called. */
export function sampleLook({ index, picture, cells, text, file }: SampleSeen, about: string): Html {
  return html`${picture && html`<img src="data:image/png;base64,${picture}" alt="${about}" title="${about}" />`}
    ${
      cells &&
      html`<span class="cells"
        >${cells.map(([name, value]) => html`<span>${name} <b>${value}</b></span> `)}</span
      >`
    }
    ${text !== undefined && html`<q>${text}</q>`}
    <span class="soft">${file ?? `sample ${index}`}</span>`;
}

export function mistakeList(mistakes: readonly Mistake[]): Html {
  if (mistakes.length === 0)
    return html`<section>
      <h2>Hardest mistakes</h2>
      <p>There are none.</p>
    </section>`;
  return html`<section>
    <h2>Hardest mistakes</h2>
    <p class="soft">The wrong answers with the largest loss, the worst first.</p>
    <div class="panel">
      <ol class="mistakes ${mistakes.every(({ picture }) => picture === undefined) && 'rows'}">
        ${mistakes.map((mistake) => {
          const { truth, predicted, probability, truthProbability, loss } = mistake;
          const sure =
            probability === undefined
              ? `loss ${showNumber(loss)}`
              : `${showPercent(probability, 1)}, true class ${showPercent(truthProbability, 1)}`;
          return html`<li>
            <b>${truth}</b> taken for <b class="bad">${predicted}</b>
            <span class="soft">${sure}</span>
            ${sampleLook(mistake, `sample ${mistake.index}: ${truth}, taken for ${predicted}`)}
          </li> `;
        })}
      </ol>
    </div>
  </section>`;
}

/** A number with as many digits as tell it from another one, and two more. */
function showBeside(value: number, other: number): string {
  const far = Math.abs(value - other);
  const size = Math.max(Math.abs(value), Math.abs(other));
  if (!(far > 0) || size >= 1e6 || size / far > 1e4) return showNumber(value);
  const digits = Math.min(7, Math.max(3, 2 + String(Math.ceil(size / far)).length));
  return String(Number(value.toPrecision(digits)));
}

export function missList(misses: readonly FarMiss[], name: string): Html {
  return html`<section>
    <h2>Hardest samples</h2>
    <p class="soft">The samples whose ${name} was predicted worst, the worst first.</p>
    <div class="panel">
      <ol class="mistakes rows">
        ${misses.map(
          (miss) =>
            html`<li>
              <b>${showBeside(miss.truth, miss.value)}</b> predicted as
              <b class="bad">${showBeside(miss.value, miss.truth)}</b>
              ${sampleLook(miss, `sample ${miss.index}`)}
            </li> `,
        )}
      </ol>
    </div>
  </section>`;
}
