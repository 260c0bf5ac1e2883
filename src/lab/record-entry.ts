/** Entries of the public table of records: what a lab of records found, where, and the hash that a check has to find again. */
import { fields, orNull, parseJson, readAs, tableOf, amount } from '../base/check-json.js';
import { listOf, matching, oneOf, refuse, wholeFrom, type Check } from '../base/check.js';
import { meanAndDeviation, type MeanAndDeviation } from '../base/mean-and-deviation.js';
import { LanewiseError } from '../base/errors.js';
import { hashOf, type LabResult } from './run-lab.js';
import { FORMS, hashedSettings, settingsOf, type Form } from './lab-settings.js';
import type { Lab, LabSettings } from './lab.js';
import { RECORD_FIGURES, runsIn } from './record-runs.js';
import { showFigure } from './show-figure.js';

/** Where a record was measured. */
export interface RecordMachine {
  readonly engine: { readonly name: string; readonly version: string };
  /** The processor's name; null where the runtime does not tell. */
  readonly cpu: string | null;
  readonly cores: number;
  /** Threads of the training. */
  readonly threads: number;
}

/** One file of docs/records/. */
export interface RecordEntry extends RecordMachine {
  readonly record: 1;
  readonly lab: string;
  readonly form: Form;
  /** The settings that are not the form's. */
  readonly changed: LabSettings;
  readonly data?: string;
  /** Who entered it, if they say so. */
  readonly by?: string;
  /** `2026-01-31` */
  readonly date: string;
  readonly lanewise: string;
  readonly accuracy: MeanAndDeviation;
  readonly seconds: MeanAndDeviation;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly operations: number;
  /** A line for each seed: its right answers, and the hash of its weights. */
  readonly evidence: readonly string[];
  readonly sha256: string;
}

/** What an entry has beside the result of a lab. */
export interface EntryDetails
  extends RecordMachine, Pick<RecordEntry, 'by' | 'date' | 'lanewise'> {}

const MOST_TEXT = 100;

/** A text that a terminal and a page may show. */
const printable: Check = (owner, name, value) => {
  const isShort = typeof value === 'string' && value.length > 0 && value.length <= MOST_TEXT;
  if (!isShort || /[\p{Cc}\p{Cf}|<>`\\]/u.test(value))
    refuse(
      owner,
      name,
      value,
      `plain text of 1 to ${MOST_TEXT} characters, without |, <, >, \` and \\`,
    );
};

const setting: Check = (owner, name, value) => {
  if (typeof value !== 'boolean' && typeof value !== 'number') printable(owner, name, value);
};

const spread = fields({ mean: amount, deviation: amount });

const ENTRY = fields({
  record: oneOf([1]),
  lab: matching(/^[a-z\d-]{1,60}$/, 'the name of a lab'),
  form: oneOf(FORMS),
  changed: tableOf(setting),
  'data?': matching(/^[a-z\d-]{1,60}$/, 'the name of a data set'),
  'by?': printable,
  date: matching(/^\d{4}-\d\d-\d\d$/, 'a day such as 2026-01-31'),
  lanewise: printable,
  engine: fields({ name: printable, version: printable }),
  cpu: orNull(printable, null),
  cores: wholeFrom(1, 65_536),
  threads: wholeFrom(0, 65_536),
  accuracy: spread,
  seconds: spread,
  parameters: amount,
  multiplyAdds: amount,
  operations: amount,
  evidence: listOf(printableLine(), 1, 10_000),
  sha256: matching(/^[\da-f]{64}$/, 'a SHA-256 in hexadecimal'),
});

/** Lines of evidence are longer than other texts. */
function printableLine(): Check {
  return (owner, name, value) => {
    if (typeof value !== 'string' || runsIn([value]) === undefined)
      refuse(owner, name, value, "a line such as 'seed 1: 99 of 100 right, weights …'");
  };
}

/**
 * The entry of a lab's result.
 * @throws LanewiseError kind 'argument' for the result of a lab that keeps no records.
 */
export function entryOf(result: LabResult, details: EntryDetails): RecordEntry {
  const { lab, form, changed, data, figures, evidence, sha256 } = result;
  const lines = evidence.filter((piece) => typeof piece === 'string');
  if (lines.length < evidence.length || runsIn(lines) === undefined)
    throw new LanewiseError(
      'argument',
      `lab '${lab.name}' keeps no records: its figures and its evidence are not those of recordRuns`,
    );
  const valueOf = (name: keyof typeof RECORD_FIGURES): number =>
    figures.find((one) => one.name === RECORD_FIGURES[name])?.value ?? NaN;
  const { by, ...others } = details;
  const entry: RecordEntry = {
    record: 1,
    lab: lab.name,
    form,
    changed,
    ...(data === undefined ? {} : { data }),
    ...(by === undefined ? {} : { by }),
    ...others,
    accuracy: { mean: valueOf('accuracy'), deviation: valueOf('accuracySpread') },
    seconds: { mean: valueOf('seconds'), deviation: valueOf('secondsSpread') },
    parameters: valueOf('parameters'),
    multiplyAdds: valueOf('multiplyAdds'),
    operations: valueOf('operations'),
    evidence: lines,
    sha256,
  };
  return readAs('argument', `record of lab '${lab.name}'`, '', entry, ENTRY);
}

/** The text of a file with an entry. */
export const printEntry = (entry: RecordEntry): string => `${JSON.stringify(entry, null, 2)}\n`;

/** @throws LanewiseError kind 'file' for a text that is no entry; `file` is its name, for messages. */
export const readEntry = (text: string, file: string): RecordEntry =>
  readAs(
    'file',
    `'${file}' is no entry of the table of records`,
    '',
    parseJson('file', `'${file}'`, text),
    ENTRY,
  );

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9;

/**
 * Whether an entry agrees with itself: its accuracy is that of its evidence, and its hash is over lab, data, settings and
 * evidence. That its evidence is what the lab finds, only a run of the lab shows.
 * @throws LanewiseError kind 'file' that says what does not agree.
 */
export async function checkEntry(entry: RecordEntry, lab: Lab, file: string): Promise<void> {
  const { form, changed, data, accuracy, evidence, sha256 } = entry;
  const refused = (what: string): LanewiseError =>
    new LanewiseError(
      'file',
      `'${file}': ${what}`,
      `npx lanewise lab ${entry.lab} --check ${file}`,
    );
  const runs = runsIn(evidence)!;
  const { mean, deviation } = meanAndDeviation(runs.map(({ right, tested }) => right / tested));
  if (!isNear(mean, accuracy.mean) || !isNear(deviation, accuracy.deviation))
    throw refused(
      `its accuracy is ${showAccuracy(accuracy, runs.length)}, and that of its evidence ${showAccuracy({ mean, deviation }, runs.length)}`,
    );
  const settings = hashedSettings(lab, settingsOf(lab, form, changed));
  const named = data === undefined ? {} : { data };
  const found = await hashOf({ lab: lab.name, ...named, settings }, evidence);
  if (found !== sha256)
    throw refused(`its SHA-256 is ${sha256}, and that of its settings and evidence ${found}`);
}

/** What seeds differ by; nothing of a single one. */
const spreadOf = (deviation: number, seeds: number): string =>
  seeds > 1 ? ` ± ${deviation.toFixed(2)}` : '';

/** `99.18 ± 0.06 %` of several seeds. */
export const showAccuracy = ({ mean, deviation }: MeanAndDeviation, seeds: number): string =>
  `${(100 * mean).toFixed(2)}${spreadOf(100 * deviation, seeds)} %`;

/** `2.20 ± 0.28 s` of several seeds. */
export const showSeconds = ({ mean, deviation }: MeanAndDeviation, seeds: number): string =>
  `${mean.toFixed(2)}${spreadOf(deviation, seeds)} s`;

const accuracyOf = ({ accuracy, evidence }: RecordEntry): string =>
  showAccuracy(accuracy, evidence.length);

/** What a run of the lab finds otherwise than an entry says, in sentences; nothing if the entry holds. */
export function differencesFrom(entry: RecordEntry, found: RecordEntry): string[] {
  const seeds = found.evidence.filter((line, i) => line !== entry.evidence[i]);
  const numbers = (['parameters', 'multiplyAdds', 'operations'] as const).filter(
    (name) => entry[name] !== found[name],
  );
  return [
    ...(entry.sha256 === found.sha256
      ? []
      : [`The SHA-256 is ${found.sha256} here, and ${entry.sha256} in the entry.`]),
    ...(seeds.length > 0
      ? [
          `Of ${found.evidence.length} seeds ${seeds.length} end otherwise here; the first: ${seeds[0]}.`,
        ]
      : []),
    ...(accuracyOf(entry) === accuracyOf(found)
      ? []
      : [`The accuracy is ${accuracyOf(found)} here, and ${accuracyOf(entry)} in the entry.`]),
    ...numbers.map(
      (name) =>
        `The figure '${RECORD_FIGURES[name]}' is ${showFigure(found[name], 'count')} here, and ${showFigure(entry[name], 'count')} in the entry.`,
    ),
  ];
}
