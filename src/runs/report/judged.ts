/** The file judgement.json: a model's figure on the last part of its data, and those of baselines, with intervals. */
import { oneOf } from '../../base/check.js';
import {
  double,
  fields,
  listed,
  orNull,
  parseJson,
  readAs,
  string,
} from '../../base/check-json.js';
import type { BaselineSeen } from './evaluation.js';
import { figureName, showCount, showFigure, showPercent } from './figures.js';
import { html, type Html } from '../../base/html.js';

/** A figure with the bounds of its interval, which few samples may leave open. */
interface Bounded {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A figure beside those of baselines. */
interface JudgedFigure extends Bounded {
  /** The target that the figure is of, if there are several. */
  readonly of?: string | undefined;
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  readonly samples: number;
  readonly confidence: number;
  readonly baselines: readonly (Bounded & {
    readonly name: string;
    readonly lead: number | null;
  })[];
}

/** The fields that a report shows. */
export interface Judged extends JudgedFigure {
  /** The figures of further targets. */
  readonly others?: readonly JudgedFigure[] | undefined;
}

const number = orNull(double, null);
const BOUNDED = { value: number, low: number, high: number } as const;

const FIGURE = {
  ...BOUNDED,
  figure: string,
  'of?': string,
  better: oneOf(['higher', 'lower']),
  samples: double,
  confidence: double,
  baselines: listed(fields({ ...BOUNDED, name: string, lead: number })),
} as const;

const JUDGED = fields({ ...FIGURE, 'others?': listed(fields(FIGURE)) }, true);

/** @throws LanewiseError kind 'data' naming the file and the field with a wrong value. */
export const readJudged = (bytes: Uint8Array, path: string): Judged =>
  readAs(
    'data',
    `'${path}'`,
    '',
    parseJson('data', `'${path}'`, new TextDecoder().decode(bytes)),
    JUDGED,
    'delete the file: the report is then made without it',
  );

/** The baselines as lines of the learning curves; `seen` has figures that are not judged. */
export const linesOf = (
  { figure, baselines }: Judged,
  seen: readonly BaselineSeen[] = [],
): BaselineSeen[] => [
  ...baselines.map(({ name, value }) => ({ name, figures: { [figure]: value } })),
  ...seen.map(({ name, figures }) => ({
    name,
    figures: Object.fromEntries(Object.entries(figures).filter(([key]) => key !== figure)),
  })),
];

/** The model's figures beside those of what it has to beat. */
export const judgedTables = ({ others = [], ...first }: Judged): Html =>
  html`<section>
    <h2>Against baselines</h2>
    ${[first, ...others].map(judgedTable)}
  </section>`;

function judgedTable({
  figure,
  of,
  better,
  samples,
  confidence,
  baselines,
  ...own
}: JudgedFigure): Html {
  const show = (value: number | null) => showFigure(figure, value);
  const rows = [{ name: 'this model', ...own }, ...baselines];
  const beaten = baselines.filter(({ lead }) => lead !== null && lead <= 0);
  const name = figureName(figure);
  return html`<p class="soft">
      The ${of === undefined ? name : `${name} of ${of}`} on ${showCount(samples)} samples
      (${better} is better) and its ${showPercent(confidence, 0)} interval by the bootstrap, beside
      predictions so simple that a model has to beat them.
      ${beaten.length > 0 && html`<b class="bad">Not beaten: ${beaten.map(({ name }) => name).join(', ')}.</b>`}
    </p>
    <div class="panel">
      <table class="plain">
        <thead>
          <tr>
            <th></th>
            <th scope="col">${name}</th>
            <th scope="col">from</th>
            <th scope="col">to</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name, value, low, high }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${show(value)}</td>
                <td>${show(low)}</td>
                <td>${show(high)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
