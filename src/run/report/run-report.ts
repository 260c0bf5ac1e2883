/** The report of one run: its head, its figures, its charts, what is seen of the model, its settings. */
import type { Evaluation } from './evaluation.js';
import { evaluationSections } from './evaluation-parts.js';
import { showCount, showNumber, showPercent, showSeconds } from './figures.js';
import { diagnose } from './diagnosis.js';
import { histogramCharts } from './histograms.js';
import { html, type Html } from './html.js';
import { chartSection, type Report } from './page.js';
import type { RunRecords } from './records.js';
import { insideCharts, learningCharts, limitOf, waitingOf, speedCharts } from './run-charts.js';

/** What a run's folder tells. */
export interface Run {
  /** The folder's name. */
  readonly name: string;
  readonly records: RunRecords;
  readonly evaluation: Evaluation | undefined;
}

export function runReport(run: Run): Report {
  const { records, evaluation } = run;
  const learning = learningCharts(records);
  const speed = speedCharts(records);
  const inside = insideCharts(records);
  const histograms = histogramCharts(records);
  const findings = diagnose(records.probes.at(-1));
  return {
    title: `${titleOf(run)} – Lanewise`,
    charts: [...learning, ...speed, ...inside, ...histograms],
    parts: {
      head: head(run),
      figures: cards(run),
      learning:
        chartSection(
          'Learning',
          'Drag over a chart to look closer, double-click to see all of it again.',
          learning,
        ) ?? html`<p>No step is logged yet.</p>`,
      model: evaluation ? evaluationSections(evaluation) : html``,
      inside: html`${chartSection(
        'Inside the net',
        html`${findings.map((finding) => html`<span>${finding} </span>`)}`,
        inside,
      )}`,
      histograms: html`${chartSection(
        'Weights',
        'How the values of each parameter are distributed: at the first look grey, at the last in colour.',
        histograms,
        true,
      )}`,
      pace: html`${chartSection('Pace', speedSentence(records), speed)}`,
      settings: settingsSection(run),
    },
  };
}

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

/** Name and value of the figures that sum a run up, for its report and for comparisons. */
export function figuresOf({ records, evaluation }: Run): [name: string, value: string][] {
  const { done, start, steps, epochs, validations, lastStep } = records;
  const accuracies = validations.flatMap(({ valAccuracy }) =>
    valAccuracy !== undefined && Number.isFinite(valAccuracy) ? [valAccuracy] : [],
  );
  const losses = validations.flatMap(({ valLoss }) =>
    valLoss !== undefined && Number.isFinite(valLoss) ? [valLoss] : [],
  );
  const loss = steps.at(-1)?.loss ?? epochs.at(-1)?.loss;
  const speeds = steps.map((step) => step.imagesPerSecond).filter((v) => Number.isFinite(v));
  const seconds = done?.seconds ?? epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const figures: [string, string | undefined][] = [
    [
      'Test accuracy',
      evaluation?.accuracy === undefined ? undefined : showPercent(evaluation.accuracy),
    ],
    [
      'Test error',
      evaluation?.accuracy === undefined ? undefined : showPercent(1 - evaluation.accuracy),
    ],
    ['Test loss', evaluation && showNumber(evaluation.loss)],
    ['Validation accuracy', accuracies.length > 0 ? showPercent(accuracies.at(-1)) : undefined],
    [
      'Best validation',
      accuracies.length > 1 ? showPercent(accuracies.reduce((a, b) => Math.max(a, b))) : undefined,
    ],
    ['Validation loss', losses.length > 0 ? showNumber(losses.at(-1)) : undefined],
    ['Training loss', loss === undefined ? undefined : showNumber(loss)],
    ['Parameters', start && showCount(start.parameters)],
    ['Steps', showCount(lastStep)],
    ['Time', seconds > 0 ? showSeconds(seconds) : undefined],
    [
      'Samples a second',
      speeds.length > 0 ? showCount(speeds.reduce((a, b) => a + b, 0) / speeds.length) : undefined,
    ],
  ];
  return figures.filter((figure): figure is [string, string] => figure[1] !== undefined);
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

/** Of the last event, what the head and the figures tell. */
const SHOWN_ABOVE = ['event', 'step', 'seconds', 'interrupted', 'sha256'];

/** Everything that a run was asked for and where it ran, by dotted names. */
export function settingsOf({ records: { start, done } }: Run): [name: string, value: string][] {
  const environment = Object.entries(done ?? {}).filter(([name]) => !SHOWN_ABOVE.includes(name));
  return [
    ...(done ? [['SHA-256 of the weights', done.sha256] as [string, string]] : []),
    ...flattened({
      ...(start ? { model: start.model, data: start.data, lanewise: start.version } : {}),
      ...start?.settings,
      ...Object.fromEntries(environment),
    }),
  ];
}

function flattened(value: unknown, name = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
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
