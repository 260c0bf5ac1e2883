/** The report of one run: its head, figures, charts, view of the model, and settings. */
import { isObject } from '../../base/check.js';
import type { Part } from '../../train/events.js';
import type { Evaluation } from './evaluation.js';
import { answerCharts } from './answer-charts.js';
import { baselineTable } from './answer-parts.js';
import { evaluationSections } from './evaluation-parts.js';
import { judgedTables, linesOf, type Judged } from './judged.js';
import { showCount, showNumber, showPercent, showSeconds } from './figures.js';
import { diagnose } from './diagnosis.js';
import { histogramCharts } from './histograms.js';
import { html, type Html } from '../../base/html.js';
import { machineCharts, machinesSection } from './machine-parts.js';
import { chartSection, type Report } from './page-frame.js';
import type { RunRecords } from './records.js';
import { seriesCharts } from './series-charts.js';
import { insideCharts, learningCharts, limitOf, waitingOf, speedCharts } from './run-charts.js';

/** What a run's folder contains. */
export interface Run {
  /** The folder's name. */
  readonly name: string;
  readonly records: RunRecords;
  readonly evaluation: Evaluation | undefined;
  readonly judged?: Judged | undefined;
}

export function runReport(run: Run): Report {
  const { records, evaluation, judged } = run;
  const baselines = judged ? linesOf(judged, evaluation?.baselines) : evaluation?.baselines;
  const learning = learningCharts(records, baselines);
  const speed = speedCharts(records);
  const machines = machineCharts(records);
  const inside = insideCharts(records);
  const answers = evaluation ? answerCharts(evaluation) : [];
  const histograms = histogramCharts(records);
  const forecasts = evaluation?.series ? seriesCharts(evaluation.series) : [];
  const findings = diagnose(records.probes.at(-1));
  return {
    title: `${titleOf(run)} – Lanewise`,
    charts: [
      ...forecasts,
      ...learning,
      ...answers,
      ...speed,
      ...machines,
      ...inside,
      ...histograms,
    ],
    parts: {
      head: head(run),
      figures: cards(run),
      forecasts: html`${chartSection(
        'Forecasts',
        `On ${evaluation?.part ?? 'test'} samples, which the model was not trained on.`,
        forecasts,
      )}`,
      learning:
        chartSection(
          'Learning',
          'Drag over a chart to look closer, double-click to see all of it again.',
          learning,
        ) ?? html`<p>No step is logged yet.</p>`,
      answers: html`${chartSection('Answers', answersSentence(evaluation), answers)}`,
      baselines: judged ? judgedTables(judged) : evaluation ? baselineTable(evaluation) : html``,
      model: evaluation ? evaluationSections(evaluation) : html``,
      inside: html`${chartSection(
        'Inside the net',
        html`${findings.map((finding) => html`<span>${finding} </span>`)}`,
        inside,
      )}`,
      histograms: html`${chartSection(
        'Weights',
        'Distribution of each parameter’s values: grey at the first look, in colour at the last.',
        histograms,
        true,
      )}`,
      pace: html`${chartSection('Pace', speedSentence(records), speed)}`,
      machines: machinesSection(records, machines),
      settings: settingsSection(run),
    },
  };
}

const answersSentence = (evaluation: Evaluation | undefined): string =>
  evaluation
    ? `On ${showCount(evaluation.samples)} ${evaluation.part ?? ''} samples of ${evaluation.data}.`
    : '';

/** `lenet5 on mnist train`, or the folder's name for a run that has not begun. */
export const titleOf = ({ name, records: { start } }: Run): string =>
  start ? `${start.model} on ${start.data.name}` : name;

function head(run: Run): Html {
  const { name, records } = run;
  const { start, resumes } = records;
  const facts = [
    name,
    start && `begun ${start.time.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}`,
    resumes > 0 && `resumed ${resumes === 1 ? 'once' : `${resumes} times`}`,
  ];
  return html`<h1>${titleOf(run)}</h1>
    <p class="soft">
      ${facts.filter(Boolean).join(' · ')} <span class="badge">${stateOf(records)}</span>
    </p>`;
}

export function stateOf({ done, start, lastStep }: RunRecords): string {
  if (!start) return 'not begun';
  if (!done) return `at step ${showCount(lastStep)}, no end is logged`;
  return done.interrupted ? `stopped after step ${showCount(done.step)}` : 'finished';
}

const speedSentence = (records: RunRecords): string => {
  const waiting = waitingOf(records.steps);
  return Number.isFinite(waiting) ? limitOf(waiting) : '';
};

const isNumber = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value);

type NamedFigure = [name: string, value: string];

/**
 * Names and values of a model's figures at the end, and at the last look during training. The same samples have one name,
 * and their figures come once, unless the model has changed since the last look.
 */
function qualities({ records, evaluation }: Run): NamedFigure[] {
  const { start, part, validations } = records;
  const scored = evaluation?.part ?? 'test';
  const isSame = evaluation !== undefined && scored === part;
  const isBest = start?.settings['keepBest'] !== undefined;
  const named = (of: Part, what: string) => `${of === 'test' ? 'Test' : 'Validation'} ${what}`;
  const last = (key: 'valLoss' | 'valAccuracy') =>
    validations.map((validation) => validation[key]).filter(isNumber);
  const [losses, accuracies] = [last('valLoss'), last('valAccuracy')];
  const end = (what: string, value: number | undefined, show: typeof showNumber): NamedFigure[] =>
    value === undefined
      ? []
      : [[`${named(scored, what)}${isSame && isBest ? ', best weights' : ''}`, show(value)]];
  const look = (what: string, values: number[], show: typeof showNumber): NamedFigure[] =>
    values.length === 0 || (isSame && !isBest) ? [] : [[named(part, what), show(values.at(-1)!)]];
  const accuracy = evaluation?.accuracy;
  const [value, ...more] = evaluation?.values ?? [];
  const best = accuracies.reduce((a, b) => Math.max(a, b), 0);
  return [
    ...end('accuracy', accuracy, showPercent),
    ...end('error', accuracy === undefined ? undefined : 1 - accuracy, showPercent),
    ...(value && more.length === 0
      ? [...end('RMSE', value.rmse, showNumber), ...end('R²', value.r2 ?? undefined, showNumber)]
      : []),
    ...end('loss', evaluation?.loss, showNumber),
    ...look('accuracy', accuracies, showPercent),
    // The best of several looks at test samples would be chosen by them.
    ...(accuracies.length > 1 && part === 'validation'
      ? [['Best validation', showPercent(best)] as NamedFigure]
      : []),
    ...look('loss', losses, showNumber),
  ];
}

/** Names and values of the figures that sum a run up, for its report and for comparisons. */
export function figuresOf(run: Run): NamedFigure[] {
  const { done, start, steps, epochs, lastStep } = run.records;
  const loss = steps.at(-1)?.loss ?? epochs.at(-1)?.loss;
  const speeds = steps.map((step) => step.imagesPerSecond).filter((v) => Number.isFinite(v));
  const seconds = done?.seconds ?? epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const figures: [string, string | undefined][] = [
    ['Training loss', loss === undefined ? undefined : showNumber(loss)],
    ['Parameters', start && showCount(start.parameters)],
    ['Steps', showCount(lastStep)],
    ['Time', seconds > 0 ? showSeconds(seconds) : undefined],
    [
      'Samples per second',
      speeds.length > 0 ? showCount(speeds.reduce((a, b) => a + b, 0) / speeds.length) : undefined,
    ],
  ];
  return [
    ...qualities(run),
    ...figures.filter((figure): figure is NamedFigure => figure[1] !== undefined),
  ];
}

const cards = (run: Run): Html =>
  html`<dl class="cards">
    ${figuresOf(run).map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;

/** Fields of the last event that the head and the figures show. */
const SHOWN_ABOVE = ['event', 'step', 'seconds', 'interrupted', 'sha256', 'receipt'];

/** The settings of a run and where it ran, by dotted names. */
export function settingsOf({ records: { start, done } }: Run): [name: string, value: string][] {
  const environment = Object.entries(done ?? {}).filter(([name]) => !SHOWN_ABOVE.includes(name));
  return [
    ...(done ? [['SHA-256 of the weights', done.sha256] as [string, string]] : []),
    ...(done?.receipt ? [['SHA-256 of the receipt', done.receipt] as [string, string]] : []),
    ...flattened({
      ...(start ? { model: start.model, data: start.data, lanewise: start.version } : {}),
      ...start?.settings,
      ...Object.fromEntries(environment),
    }),
  ];
}

function flattened(value: unknown, name = ''): [string, string][] {
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      flattened(inner, name ? `${name}.${key}` : key),
    );
  }
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
  return [[name, text.length > 400 ? `${text.slice(0, 400)}…` : text]];
}

function settingsSection(run: Run): Html {
  const settings = settingsOf(run);
  if (settings.length === 0) return html``;
  return html`<section>
    <h2>Settings</h2>
    <div class="panel scroll">
      <table class="plain left">
        <tbody>
          ${settings.map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td><code>${value}</code></td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
