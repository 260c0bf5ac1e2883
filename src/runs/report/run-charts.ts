/** The charts of one run: its accuracy, its speed, and the inside of the net. */
import { chartOf, smoothed, sparse, spread, thinned, type Chart, type Curve } from './chart.js';
import { figureName, showCount, showNumber, showPercent } from './figures.js';
import type { ProbeEvent, StepEvent } from '../../train/events.js';
import type { Part } from '../../train/events.js';
import type { BaselineSeen } from './evaluation.js';
import type { RunRecords, Validated } from './records.js';

/** Most points of a curve, and most measurements over time, on a page. */
const MAX_POINTS = 1500;
const MAX_PROBES = 300;
/** Most curves in one chart. */
const MAX_LAYERS = 12;

type Points = (readonly [number, number])[];

export const present = <T>(list: readonly (T | undefined)[]): T[] =>
  list.filter((entry) => entry !== undefined);

/** Points where `figure` is a number: it may be missing, or NaN. */
const pointsOf = <E extends { readonly step: number }>(
  events: readonly E[],
  figure: (event: E) => number | undefined,
): Points =>
  events.flatMap((event) => {
    const y = figure(event);
    return y !== undefined && Number.isFinite(y) ? [[event.step, y] as const] : [];
  });

export const stepPoints = (
  steps: readonly StepEvent[],
  key: 'loss' | 'accuracy' | 'rate' | 'imagesPerSecond' | 'waiting' | 'wire',
): Points =>
  thinned(
    pointsOf(steps, (event) => event[key]),
    MAX_POINTS,
  );

export const validationPoints = (
  events: readonly Validated[],
  key: 'valLoss' | 'valAccuracy',
): Points =>
  sparse(
    pointsOf(events, (event) => event[key]),
    MAX_POINTS,
  );

/** The metrics that any of the looks has. */
export const metricNames = (events: readonly Validated[]): string[] => [
  ...new Set(events.flatMap(({ metrics = {} }) => Object.keys(metrics))),
];

export const metricPoints = (events: readonly Validated[], name: string): Points =>
  sparse(
    pointsOf(events, ({ metrics }) => metrics?.[name]),
    MAX_POINTS,
  );

/** Loss, accuracy and further metrics. */
export function learningCharts(
  { steps, epochs, validations, part }: RunRecords,
  baselines: readonly BaselineSeen[] = [],
): Chart[] {
  // A log without steps still has epochs.
  const trained = (key: 'loss' | 'accuracy') =>
    steps.length > 0 ? stepPoints(steps, key) : pointsOf(epochs, (event) => event[key]);
  const loss = [trained('loss'), validationPoints(validations, 'valLoss')] as const;
  const accuracy = [trained('accuracy'), validationPoints(validations, 'valAccuracy')] as const;
  const word = part === 'test' ? 'Test' : 'Validation';
  const names = metricNames(validations);
  return present([
    chartOf(
      {
        id: 'loss',
        title: 'Loss',
        caption: story('Training', loss[0], showNumber, word, loss[1]),
        xLabel: 'step',
        format: 'number',
        isLog: isWide(loss.flat()),
      },
      trainingCurves(...loss, part),
    ),
    chartOf(
      {
        id: 'accuracy',
        title: 'Accuracy',
        caption: story('Training', accuracy[0], showPercent, word, accuracy[1]),
        xLabel: 'step',
        format: 'percent',
      },
      [...trainingCurves(...accuracy, part), ...levels(accuracy, 'accuracy', baselines)],
    ),
    ...names.map((name, i) => {
      const points = metricPoints(validations, name);
      return chartOf(
        {
          id: `metric-${i}`,
          title: figureName(name),
          caption: story(word, points, showNumber),
          xLabel: 'step',
          format: 'number',
        },
        [
          {
            label: figureName(name),
            kind: 'points',
            tone: 1,
            points,
          },
          ...levels([points], name, baselines),
        ],
      );
    }),
  ]);
}

/** A level line for each baseline that has the figure, as long as the curves. */
function levels(
  curves: readonly Points[],
  figure: string,
  baselines: readonly BaselineSeen[],
): Curve[] {
  const steps = curves.flat().map(([step]) => step);
  if (steps.length === 0) return [];
  const ends = [steps.reduce((a, b) => Math.min(a, b)), steps.reduce((a, b) => Math.max(a, b))];
  const names = [...new Set(baselines.map(({ name }) => name))];
  return baselines.flatMap(({ name, figures }): Curve[] => {
    const y = figures[figure];
    if (y === undefined || y === null) return [];
    return [
      {
        label: name,
        kind: 'line',
        tone: 3 + names.indexOf(name),
        points: ends.map((step) => [step, y] as const),
      },
    ];
  });
}

function trainingCurves(training: Points, validation: Points, part: Part): Curve[] {
  const curves: Curve[] =
    training.length > 40
      ? [
          { label: 'as logged', kind: 'faint', tone: 0, points: training },
          { label: 'training', kind: 'line', tone: 0, points: smoothed(training) },
        ]
      : [{ label: 'training', kind: 'points', tone: 0, points: training }];
  return [...curves, { label: part, kind: 'points', tone: 1, points: validation }];
}

/** Whether values are positive and span more than two orders of magnitude, which a linear axis cannot show. */
export function isWide(points: Curve['points']): boolean {
  const values = points.map(([, y]) => y ?? 0);
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return least > 0 && most / least > 100;
}

/** What the curves show, one sentence each. */
function story(
  name: string,
  points: Points,
  show: (value: number) => string,
  other = '',
  others: Points = [],
): string {
  const sentence = (what: string, from: Points) =>
    from.length < 2
      ? from.map(([step, y]) => `${what}: ${show(y)} at step ${showCount(step)}.`).join('')
      : `${what}: from ${show(from[0]![1])} at step ${showCount(from[0]![0])} to ${show(from.at(-1)![1])} at step ${showCount(from.at(-1)![0])}.`;
  const [a, b] = [
    sentence(name, points.length > 40 ? smoothed(points) : points),
    sentence(other, others),
  ];
  return [a, b].filter(Boolean).join(' ');
}

/** Learning rate, throughput and waiting. */
export function speedCharts({ steps }: RunRecords): Chart[] {
  const rate = stepPoints(steps, 'rate');
  const speed = stepPoints(steps, 'imagesPerSecond');
  const waiting = stepPoints(steps, 'waiting');
  const mean = (points: Points) => points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  return present([
    chartOf(
      {
        id: 'rate',
        title: 'Learning rate',
        caption: story('Learning rate', rate, showNumber),
        xLabel: 'step',
        format: 'number',
      },
      [{ label: 'rate', kind: 'line', tone: 2, points: rate }],
    ),
    chartOf(
      {
        id: 'speed',
        title: 'Throughput',
        caption: speed.length > 0 ? `${showCount(mean(speed))} samples per second on average.` : '',
        xLabel: 'step',
        format: 'count',
        isFromZero: true,
      },
      [{ label: 'samples/s', kind: 'line', tone: 0, points: speed }],
    ),
    chartOf(
      {
        id: 'waiting',
        title: 'Time that data took',
        caption: waiting.length > 0 ? limitOf(waitingOf(steps)) : '',
        xLabel: 'step',
        format: 'percent',
        isFromZero: true,
      },
      [{ label: 'share of time', kind: 'line', tone: 1, points: waiting }],
    ),
  ]);
}

/** The share of all lines' time that data took; NaN without lines. Lines of equally many samples took 1/speed. */
export function waitingOf(steps: readonly StepEvent[]): number {
  const known = steps.filter(
    ({ waiting, imagesPerSecond }) => Number.isFinite(waiting) && imagesPerSecond > 0,
  );
  const sum = (value: (step: StepEvent) => number) =>
    known.reduce((total, step) => total + value(step) / step.imagesPerSecond, 0);
  return sum(({ waiting }) => waiting) / sum(() => 1);
}

/** A sentence that names the limit: data or compute. */
export const limitOf = (waiting: number): string =>
  waiting >= 0.1
    ? `Data, not compute, was the limit: ${showPercent(waiting, 0)} of the time went into reading samples.`
    : `Compute was the limit: ${showPercent(waiting, 1)} of the time went into reading samples.`;

/** Signals and gradients by layer, weights and their gradients by parameter, over time. */
export function insideCharts({ probes }: RunRecords): Chart[] {
  const shown = sparse(probes, MAX_PROBES);
  const last = shown.at(-1);
  const parameters = (last?.weights ?? []).map(({ name }) => name);
  const layers = chosen(
    (last?.layers ?? []).map(({ name }) => name),
    parameters,
  );
  const weights = spread(
    parameters.filter((name) => parameters.length <= MAX_LAYERS || /(^|\.)weight$/.test(name)),
    MAX_LAYERS,
  );
  const by = (
    id: string,
    title: string,
    caption: string,
    names: readonly string[],
    figure: (probe: ProbeEvent, name: string) => number | undefined,
  ) =>
    chartOf(
      { id, title, caption, xLabel: 'step', format: 'number', isLog: true },
      names.map((name, i) => ({
        label: name,
        kind: 'line' as const,
        tone: { at: names.length > 1 ? i / (names.length - 1) : 0 },
        points: shown.map((probe) => [probe.step, figure(probe, name) ?? null] as const),
      })),
    );
  const layer = (probe: ProbeEvent, name: string) => probe.layers.find((l) => l.name === name);
  const weight = (probe: ProbeEvent, name: string) => probe.weights.find((w) => w.name === name);
  return present([
    by(
      'activations',
      'Signal by layer',
      'Root mean square of each layer’s output, logarithmic. A curve that falls away is a signal that vanishes.',
      layers,
      (probe, name) => layer(probe, name)?.activationNorm,
    ),
    by(
      'gradients',
      'Gradient by layer',
      'Root mean square of the loss’s gradient by each layer’s output, logarithmic. First layers far below the last: gradients vanish; far above: they explode.',
      layers,
      (probe, name) => layer(probe, name)?.gradientNorm,
    ),
    by(
      'weight-norms',
      'Size of the parameters',
      'Norm of each parameter, logarithmic.',
      weights,
      (probe, name) => weight(probe, name)?.norm,
    ),
    by(
      'weight-gradients',
      'Gradient by parameter',
      'Norm of the loss’s gradient by each parameter, logarithmic.',
      weights,
      (probe, name) => weight(probe, name)?.gradientNorm,
    ),
  ]);
}

/** The layers that a chart has room for: all, those with parameters, or some of these. */
function chosen(layers: readonly string[], parameters: readonly string[]): string[] {
  if (layers.length <= MAX_LAYERS) return [...layers];
  const own = new Set(parameters.map((name) => name.replace(/\.[^.]*$/, '')));
  return spread(
    layers.filter((name) => own.has(name)),
    MAX_LAYERS,
  );
}
