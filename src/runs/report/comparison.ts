/** A page that compares runs: their curves in the same charts, their figures, and where their settings differ. */
import { chartOf, smoothed, type Chart, type Curve } from './chart.js';
import { html, type Html } from '../../base/html.js';
import { chartSection, type Report } from './page-frame.js';
import { figureName } from './figures.js';
import { isWide, metricNames, metricPoints, stepPoints, validationPoints } from './run-charts.js';
import { figuresOf, settingsOf, stateOf, titleOf, type Run } from './run-report.js';

export function compareReport(runs: readonly Run[]): Report {
  const charts = comparisonCharts(runs);
  return {
    title: `${runs.map(({ name }) => name).join(', ')} – Lanewise`,
    charts,
    parts: {
      head: html`<h1>Comparison of ${runs.length} runs</h1>
        <p class="soft">${runs.map(({ name }) => name).join(' · ')}</p>`,
      figures: html`<section>
        <h2>Figures</h2>
        ${table(runs, [
          ...rowsOf(runs, (run) => [
            ['Run', titleOf(run)],
            ['State', stateOf(run.records)],
            ...figuresOf(run),
          ]),
        ])}
      </section>`,
      learning: html`${chartSection(
        'Learning',
        'Drag over a chart to look closer, double-click to see all of it again; click a name to hide its curve.',
        charts,
      )}`,
      settings: html`<section>
        <h2>Settings</h2>
        <p class="soft">Settings in which the runs differ are marked.</p>
        ${table(runs, rowsOf(runs, settingsOf), true)}
      </section>`,
    },
  };
}

function comparisonCharts(runs: readonly Run[]): Chart[] {
  const overlaid = (
    id: string,
    title: string,
    about: string,
    format: Chart['format'],
    pointsOf: (run: Run) => Curve['points'],
    kind: Curve['kind'] = 'line',
  ) => {
    const points = runs.map(pointsOf);
    const isLog = format === 'number' && isWide(points.flat());
    return chartOf(
      { id, title, caption: `${about} of ${runs.length} runs.`, xLabel: 'step', format, isLog },
      runs.map((run, i) => ({
        label: run.name,
        kind,
        tone: TONES[i % TONES.length]!,
        points: points[i]!,
      })),
    );
  };
  const parts = new Set(runs.map(({ records }) => records.part));
  const part = [...parts].toSorted().toReversed().join(' or ');
  const word = part[0]!.toUpperCase() + part.slice(1);
  return [
    overlaid('loss', 'Training loss', 'Smoothed loss', 'number', ({ records }) =>
      smoothed(stepPoints(records.steps, 'loss')),
    ),
    overlaid(
      'validation-loss',
      `${word} loss`,
      `Loss on ${part} data`,
      'number',
      ({ records }) => validationPoints(records.validations, 'valLoss'),
      'points',
    ),
    overlaid('accuracy', 'Training accuracy', 'Smoothed accuracy', 'percent', ({ records }) =>
      smoothed(stepPoints(records.steps, 'accuracy')),
    ),
    overlaid(
      'validation-accuracy',
      `${word} accuracy`,
      `Accuracy on ${part} data`,
      'percent',
      ({ records }) => validationPoints(records.validations, 'valAccuracy'),
      'points',
    ),
    ...metricNames(runs.flatMap(({ records }) => records.validations)).map((name, i) =>
      overlaid(
        `metric-${i}`,
        `${word} ${figureName(name)}`,
        `${figureName(name)} on ${part} data`,
        'number',
        ({ records }) => metricPoints(records.validations, name),
        'points',
      ),
    ),
    overlaid('rate', 'Learning rate', 'Learning rate', 'number', ({ records }) =>
      stepPoints(records.steps, 'rate'),
    ),
    overlaid('speed', 'Throughput', 'Samples per second', 'count', ({ records }) =>
      smoothed(stepPoints(records.steps, 'imagesPerSecond')),
    ),
  ].filter((chart) => chart !== undefined);
}

/** Colours, the most distinct first; the grey one is left out. */
const TONES = [0, 1, 2, 4, 5, 6, 7];

type Row = readonly [name: string, values: readonly (string | undefined)[]];

/** All names that any run has, with each run's value. */
function rowsOf(runs: readonly Run[], pairsOf: (run: Run) => [string, string][]): Row[] {
  const found = runs.map((run) => new Map(pairsOf(run)));
  const names = [...new Set(found.flatMap((pairs) => [...pairs.keys()]))];
  return names.map((name) => [name, found.map((pairs) => pairs.get(name))]);
}

function table(runs: readonly Run[], rows: readonly Row[], marksDifferences = false): Html {
  return html`<div class="panel scroll">
    <table class="plain left">
      <thead>
        <tr>
          <th></th>
          ${runs.map(({ name }) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, values]) =>
            html`<tr class="${marksDifferences && new Set(values).size > 1 && 'differs'}">
              <th scope="row">${name}</th>
              ${values.map((value) => html`<td>${value ?? '–'}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
