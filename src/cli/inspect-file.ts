/** What a file of Lanewise holds, for `lanewise inspect`: a model, a checkpoint or a program with its data's description. */
import { dirname, join } from 'node:path';
import { shorten } from '../base/check.js';
import { readSource } from '../data/file-source.js';
import type { Origin } from '../data/origin.js';
import { readTensors, type TensorFile } from '../formats/tensor-file.js';
import { readProgram } from '../inference/read.js';
import { readQuantized } from '../inference/run-quantized.js';
import type { StoredCall, StoredProgram } from '../inference/stored.js';
import { spacingInWords } from '../data/spacing.js';
import type { SeriesFormat } from '../data/series-format.js';
import { showShape } from '../graph/tensor.js';
import { parameterCount } from '../layers/index.js';
import { describeTerms } from '../losses/terms.js';
import { METRICS } from '../runs/folder.js';
import { readMetrics } from '../runs/metrics-log.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { contentsOf, isInt8, type FileContents } from './file-contents.js';
import { layerRows, layerTable } from './layer-table.js';
import { ownModel } from './model-source.js';
import { formatBytes, formatCount, formatFigure } from './terminal.js';

export interface InspectFileOptions {
  readonly json?: boolean;
  /** Prints a program's kernel calls instead. */
  readonly program?: boolean;
}

/** Prints what the file holds. @throws LanewiseError kind 'file' for a file that is damaged or of another format. */
export async function inspectFile(
  path: string,
  { json = false, program = false }: InspectFileOptions,
): Promise<void> {
  const bytes = await readSource('model', path);
  if (program) return printCalls(path, bytes);
  const { about, text } = await contentsOf(path, bytes);
  console.log(json ? JSON.stringify(about) : text);
}

/** What a model file, a checkpoint or a program of Lanewise holds; `file` is what was read from its bytes. */
export async function modelContents(
  path: string,
  bytes: Uint8Array,
  file: TensorFile,
): Promise<FileContents> {
  const trained = await ownModel(path, bytes);
  const about = await describe(path, bytes, file, trained);
  return { about, text: [layerTable(path, trained.model), ...lines(about)].join('\n') };
}

/** The kernel calls for each number of samples. @throws LanewiseError kind 'file' for a file without a program. */
function printCalls(path: string, bytes: Uint8Array): void {
  const { metadata } = readTensors(bytes, path);
  // Checked as a whole before any of it is shown.
  if (isInt8(path, bytes)) readQuantized(bytes, path);
  else readProgram(bytes, path);
  const { programs } = JSON.parse(metadata['program']!) as StoredProgram;
  for (const { samples, calls } of programs) {
    // In int8 one list may be that of several numbers, each of which the operands with a * are multiplied by.
    const counts = [samples].flat();
    console.log(`${counts.join(' or ')} ${counts.join() === '1' ? 'sample' : 'samples'}`);
    for (const call of calls as readonly (StoredCall | string)[])
      console.log(`  ${typeof call === 'string' ? call : call.join(' ')}`);
  }
}

/** Everything known, as `--json` prints it. */
async function describe(
  path: string,
  bytes: Uint8Array,
  { metadata }: TensorFile,
  trained: TrainedModel,
) {
  const { model, terms, numerics } = trained;
  const { classes, targetClasses, samples, table, series, vocabulary, text, origin } = trained;
  const sha256 = await trained.sha256();
  const { checkpoint, stepper, program, run } = metadata;
  const holds = program ? 'program' : checkpoint ? 'checkpoint' : stepper ? 'stepper' : 'model';
  const inputs = Object.entries(model.architecture.inputs).map(([name, input]) => ({
    name,
    ...input,
  }));
  return {
    event: 'inspect' as const,
    file: path,
    holds: holds as 'program' | 'checkpoint' | 'stepper' | 'model',
    bytes: bytes.length,
    sha256,
    numerics,
    parameters: parameterCount(model),
    inputs,
    outputs: [...model.outputs].map(([name, shape]) => ({ name, shape })),
    layers: layerRows(model),
    loss: describeTerms(terms),
    ...given({ classes, targetClasses, samples, table, series, vocabulary, text, origin }),
    ...given({ settings: parsed(run) ?? (await settingsBeside(path, sha256)) }),
  };
}

const given = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>;

/** A checkpoint's own record of its run; it was checked where runs are resumed, and is only shown here. */
function parsed(json: string | undefined): object | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as object);
  } catch {
    return undefined;
  }
}

/** The settings of the run whose log is beside the file and ended with these weights. */
async function settingsBeside(path: string, sha256: string): Promise<object | undefined> {
  const events = await readMetrics(join(dirname(path), METRICS)).catch(() => []);
  const isOwn = events.some((event) => event.event === 'done' && event.sha256 === sha256);
  const start = events.find((event) => event.event === 'start');
  return isOwn && start?.event === 'start' ? (start.settings as object) : undefined;
}

type About = Awaited<ReturnType<typeof describe>>;

/** The description of the data below the table of layers. */
function lines(about: About): string[] {
  const { bytes, sha256, numerics, loss } = about;
  const rows: [string, string | undefined][] = [
    [
      'file',
      `a ${about.holds === 'stepper' ? "stepper's state" : about.holds}, ${formatBytes(bytes)}`,
    ],
    ['weights', `sha256 ${sha256} (${numerics})`],
    ['loss', loss.map(({ output, kind }) => `${kind} of ${output}`).join(', ')],
    ['inputs', about.inputs.map(inputWords).join('; ')],
    ['classes', classWords(about)],
    ['columns', about.table && columnWords(about.table)],
    ['series', about.series && seriesDescription(about.series)],
    ['text', textWords(about)],
    ['trained on', about.origin && originWords(about.origin)],
    ['settings', about.settings && settingWords(about.settings)],
  ];
  return rows.flatMap(([name, words]) =>
    words === undefined || words === '' ? [] : [`  ${name.padEnd(12)}${words}`],
  );
}

/** Longest list of names and the like on a line. */
const MOST = 300;

function inputWords({ name, shape, mean, deviation, vocabulary }: About['inputs'][number]): string {
  const isScaled = (mean ?? 0) !== 0 || (deviation ?? 1) !== 1;
  const scaled = isScaled ? scaleWords(mean ?? 0, deviation ?? 1) : '';
  const tokens = vocabulary === undefined ? '' : `, tokens below ${formatCount(vocabulary)}`;
  return `${name} ${shape.length === 0 ? 'a number' : showShape(shape)}${tokens}${scaled}`;
}

function scaleWords(mean: unknown, deviation: unknown): string {
  const show = (value: unknown) =>
    Array.isArray(value)
      ? value.length > 3
        ? `of each of ${value.length}`
        : value.map((one: number) => formatFigure(one)).join(', ')
      : formatFigure(value as number);
  return `, scaled by mean ${show(mean)} and deviation ${show(deviation)}`;
}

const classWords = ({ classes, targetClasses }: About): string | undefined =>
  targetClasses
    ? Object.entries(targetClasses)
        .map(([name, list]) => `${name}: ${shorten(list.join(', '), MOST)}`)
        .join('; ')
    : classes && `${classes.length}: ${shorten(classes.join(', '), MOST)}`;

function columnWords({ columns, targets = [] }: NonNullable<About['table']>): string {
  const words = columns.map(({ name, classes, parts, missing, unit }) => {
    const what = classes ? `${classes.length} classes` : parts ? parts.join(', ') : unit;
    const gap = missing === undefined ? undefined : `gaps as ${String(missing)}`;
    const more = [what, gap].filter((one) => one !== undefined);
    return more.length === 0 ? name : `${name} (${more.join('; ')})`;
  });
  const predicted = targets.map(({ name, type, unit }) =>
    unit === undefined ? `${name} (${type})` : `${name} (${type}, ${unit})`,
  );
  const all = `${columns.length}: ${shorten(words.join(', '), MOST)}`;
  return predicted.length === 0 ? all : `${all}; predicted: ${predicted.join(', ')}`;
}

/** `temp, an hour apart: 24 rows from windows of 48 with known holiday` */
function seriesDescription(series: SeriesFormat): string {
  const { targets, features, known, calendar, window, horizon, spacing, season } = series;
  const more = [
    ...(features.length > 0 ? [`${features.join(', ')} of the past`] : []),
    ...(known.length + calendar.length > 0
      ? [`${[...known, ...calendar].join(', ')} known in advance`]
      : []),
  ];
  const rows = `${formatCount(horizon)} rows from the last ${formatCount(window)}, ${spacingInWords(spacing)} apart`;
  return `${targets.join(', ')}: ${rows}, season ${season}${more.length > 0 ? `; ${more.join('; ')}` : ''}`;
}

function textWords({ text, vocabulary }: About): string | undefined {
  if (!vocabulary) return undefined;
  const what = text?.by ?? 'characters';
  const window = text && !text.by ? `${formatCount(text.length)} at a time, ` : '';
  const column = text?.column === undefined ? '' : ` of column ${text.column}`;
  return `${what}${column}, ${window}a vocabulary of ${formatCount(vocabulary.length)}`;
}

function originWords({ samples, fingerprint, selections }: Origin): string {
  const taken = selections.map((one) => {
    if (one.by === 'subset') return `${one.count} chosen`;
    if (one.by === 'places') return `split by ${one.rule}`;
    if (one.by === 'periods') return `period ${one.part + 1} of ${one.periods.length}`;
    return `${one.by}, seed ${one.seed}`;
  });
  const how = taken.length === 0 ? 'all of' : `${taken.join(', then ')}, of`;
  return `${how} ${formatCount(samples)} samples with fingerprint ${shorten(fingerprint, 40)}`;
}

/** `epochs 12, batch 64, optimizer momentum (lr 0.1 …)` */
function settingWords(settings: object): string {
  const show = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value);
    const { kind, ...others } = value as Record<string, unknown>;
    const more = Object.entries(others)
      .filter(([, one]) => typeof one !== 'object')
      .map(([name, one]) => `${name} ${String(one)}`);
    return `${kind === undefined ? '' : `${String(kind as string)} `}(${more.join(', ')})`;
  };
  const words = Object.entries(settings)
    .filter(([name, value]) => value !== undefined && name !== 'loss')
    .map(([name, value]) => `${name} ${show(value)}`);
  return shorten(words.join(', '), 2 * MOST);
}
