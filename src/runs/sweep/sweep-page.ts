/** The report of a sweep, one page: its table, its settings against their scores, and the curves of all runs. */
import { basename, join, resolve } from 'node:path';
import { LanewiseError } from '../../base/errors.js';
import { writeFileAtomic } from '../../node/atomic.js';
import { loadAssets } from '../assets.js';
import { REPORT } from '../folder.js';
import { chartOf, type Chart } from '../report/chart.js';
import { showNumber, showPercent, showSeconds } from '../report/figures.js';
import { html, type Html } from '../../base/html.js';
import { chartSection, renderPage, type Report } from '../report/page-frame.js';
import { parallelCoordinates, type Axis } from './parallel-coordinates.js';
import { figureIn, ranked } from './setting-scores.js';
import { nameOfValues } from './search-space.js';
import { readSweep, SWEEP, type SweepRecord, type SweepRow } from './sweep-file.js';

/**
 * Writes the page of the sweep in a folder; a single self-contained file. Returns its path.
 * @throws LanewiseError kind 'file' if there is no sweep, or the page cannot be written.
 */
export async function writeSweepReport(
  folder: string,
  file = join(folder, REPORT),
): Promise<string> {
  const sweep = await readSweep(folder);
  if (!sweep)
    throw new LanewiseError('file', `there is no sweep in '${folder}': it has no ${SWEEP}`);
  const page = renderPage(sweepReport(basename(resolve(folder)), sweep), await loadAssets());
  await writeFileAtomic(file, Buffer.from(page));
  return file;
}

/** The page's contents; `name` is the folder's. */
export function sweepReport(name: string, sweep: SweepRecord): Report {
  const rows = ranked(sweep.rows, sweep);
  const best = rows.find(({ number }) => number === sweep.best);
  const charts = settingCharts(sweep, rows);
  const curves = curveCharts(sweep, rows);
  const counts = (['finished', 'dropped', 'diverged', 'waiting'] as const)
    .map((state) => [state, rows.filter((row) => row.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  return {
    title: `${name} – Lanewise`,
    charts: [...charts, ...curves],
    parts: {
      head: html`<h1>Sweep of ${rows.length} settings</h1>
        <p class="soft">
          ${name} · ${counts.join(' · ')} · chosen by ${sweep.figure} of the validation
          data${sweep.halving !== undefined && `, halved by ${sweep.halving}`}
        </p>`,
      best: best ? bestSection(sweep, best) : html``,
      table: tableSection(sweep, rows),
      together: html`<section>
        <h2>Settings and score</h2>
        <p class="soft">
          A line for each setting, the best in orange, worse ones fainter; those that diverged have
          no score, and no line.
        </p>
        <div class="panel scroll">${parallel(sweep, rows)}</div>
      </section>`,
      settings: html`${chartSection(
        'Each setting',
        'A dot for each run, the best in orange; grey ones were dropped, after fewer epochs.',
        charts,
      )}`,
      curves: html`${chartSection(
        'Learning',
        'Drag over a chart to look closer, double-click to see all of it again; click a name to hide its curve.',
        curves,
      )}`,
    },
  };
}

const showFigure = (figure: string, value: number | undefined): string =>
  isShare(figure) ? showPercent(value) : showNumber(value);

const isShare = (figure: string): boolean => /accuracy/i.test(figure);

function bestSection({ figure, test }: SweepRecord, { number, values, score }: SweepRow): Html {
  const tested = Object.entries(test ?? {}).map(
    ([name, value]) => [`Test ${name}`, showFigure(name, value)] as const,
  );
  const cards = [
    ...Object.entries(values).map(([name, value]) => [name, String(value)] as const),
    [figure, showFigure(figure, score)] as const,
    ...tested,
  ];
  return html`<section>
    <h2>Best: <a href="${number}/report.html">setting ${number}</a></h2>
    <dl class="cards">
      ${cards.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

/** The figures of the last epoch that any run has, besides the one that decides. */
function otherFigures({ figure }: SweepRecord, rows: readonly SweepRow[]): string[] {
  const named = rows.flatMap(({ history }) => {
    const last = history.at(-1);
    return last
      ? ['valLoss', 'valAccuracy', ...Object.keys(last.metrics ?? {}), 'loss'].filter(
          (name) => figureIn(last, name) !== undefined,
        )
      : [];
  });
  return [...new Set(named)].filter((name) => name !== figure);
}

function tableSection(sweep: SweepRecord, rows: readonly SweepRow[]): Html {
  const { figure, space, best } = sweep;
  const names = Object.keys(space);
  const others = otherFigures(sweep, rows);
  return html`<section>
    <h2>Table</h2>
    <div class="panel scroll">
      <table class="plain left wide">
        <thead>
          <tr>
            ${['setting', ...names, figure, 'epochs', ...others, 'time', 'state'].map(
              (name) => html`<th scope="col">${name}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr class="${row.number === best && 'differs'}">
                <th scope="row"><a href="${row.number}/report.html">${row.number}</a></th>
                ${names.map((name) => html`<td>${String(row.values[name])}</td>`)}
                <td>${showFigure(figure, row.score)}</td>
                <td>${row.history.length}</td>
                ${others.map((name) => {
                  const last = row.history.at(-1);
                  return html`<td>${last ? showFigure(name, figureIn(last, name)) : '–'}</td>`;
                })}
                <td>${row.seconds > 0 ? showSeconds(row.seconds) : '–'}</td>
                <td>${row.state}${row.message !== undefined && `: ${row.message}`}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** What was tried under a name, as an axis: values of a range by size, listed ones side by side, numbers in their order. */
function axisOf({ space }: SweepRecord, name: string, rows: readonly SweepRow[]): Axis {
  const tried = space[name]!;
  const values = rows.map((row) => row.values[name]!);
  if ('from' in tried) return { name, values: values.map(Number), isLog: tried.log === true };
  const isNumbers = tried.every((value) => typeof value === 'number');
  const listed = isNumbers ? tried.toSorted((a, b) => Number(a) - Number(b)) : tried;
  return {
    name,
    values: values.map((value) => listed.indexOf(value)),
    isLog: false,
    names: listed.map(String),
  };
}

/** Whether a figure is drawn on a logarithmic axis: its values are above 0 and span a factor of a hundred. */
function isWideRange(values: readonly (number | undefined)[]): boolean {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const low = Math.min(...known);
  return low > 0 && Math.max(...known) > 100 * low;
}

function parallel(sweep: SweepRecord, rows: readonly SweepRow[]): Html {
  const scores = rows.map(({ score }) => score);
  const score = { name: sweep.figure, values: scores, isLog: isWideRange(scores) };
  return parallelCoordinates(
    [...Object.keys(sweep.space).map((name) => axisOf(sweep, name, rows)), score],
    rows.map((row, i) => ({
      label: `${row.number}: ${nameOfValues(row.values)}, ${showFigure(sweep.figure, row.score)}`,
      rank: rows.length > 1 ? i / (rows.length - 1) : 0,
    })),
  );
}

/** What dots are of, and their colours. */
const DOTS = [
  ['dropped', 3],
  ['waiting', 3],
  ['finished', 0],
  ['best', 1],
] as const;

/** For each setting the scores against its values. */
function settingCharts(sweep: SweepRecord, rows: readonly SweepRow[]): Chart[] {
  const { figure, space } = sweep;
  const scores = rows.map(({ score }) => score);
  return Object.keys(space).flatMap((name, at): Chart[] => {
    const { values, isLog: isLogX, names: xNames } = axisOf(sweep, name, rows);
    const dots = rows
      .map(({ state }, i) => ({ x: values[i]!, y: scores[i], kind: i === 0 ? 'best' : state }))
      .filter(({ y }) => y !== undefined && Number.isFinite(y))
      .toSorted((a, b) => a.x - b.x);
    if (dots.length === 0) return [];
    const series = DOTS.filter(([of]) => dots.some(({ kind }) => kind === of)).map(
      ([of, tone]) => ({
        label: of,
        kind: 'dots' as const,
        tone,
        values: dots.map(({ kind, y }) => (kind === of ? y! : null)),
      }),
    );
    return [
      {
        id: `setting-${at}`,
        title: name,
        caption: `${figure} of ${dots.length} settings by ${name}.`,
        x: dots.map(({ x }) => x),
        xLabel: name,
        series,
        format: isShare(figure) ? 'percent' : 'number',
        isLog: isWideRange(scores),
        isLogX,
        ...(xNames ? { xNames } : {}),
      },
    ];
  });
}

/** Most runs whose curves are drawn. */
const MOST_CURVES = 40;

/** The score and the training loss of every run, by epoch. */
function curveCharts({ figure }: SweepRecord, rows: readonly SweepRow[]): Chart[] {
  const all = rows.filter(({ history }) => history.length > 0);
  const drawn = all.slice(0, MOST_CURVES);
  const which =
    all.length > drawn.length ? `the best ${drawn.length} of ${all.length}` : all.length;
  const charts = [...new Set([figure, 'valLoss', 'loss'])].map((name, at) => {
    const points = drawn.map(({ history }) =>
      history.map((record) => [record.epoch, figureIn(record, name) ?? null] as const),
    );
    return chartOf(
      {
        id: `curves-${at}`,
        title: name === 'loss' ? 'training loss' : name,
        caption: `${name} of ${which} runs by epoch, the best ones blue, the worst orange.`,
        xLabel: 'epoch',
        format: isShare(name) ? 'percent' : 'number',
        isLog: isWideRange(points.flat().map(([, y]) => y ?? undefined)),
      },
      drawn.map(({ number }, i) => ({
        label: String(number),
        kind: 'points' as const,
        tone: { at: drawn.length > 1 ? i / (drawn.length - 1) : 0 },
        points: points[i]!,
      })),
    );
  });
  return charts.filter((chart) => chart !== undefined);
}
