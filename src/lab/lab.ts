/** A lab: an experiment of a lecture as data, with its settings, its papers and the function that runs it. */
import {
  callable,
  checkOptions,
  extent,
  finite,
  flag,
  isObject,
  listOf,
  object,
  oneOf,
  refuse,
  required,
  text,
  whole,
  wholeFrom,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Dataset } from '../data/dataset.js';
import type { Picture } from './picture-data.js';

/** The groups of labs, in the order of a course. */
export const GROUPS = [
  'Ingredients',
  'Gradients',
  'Descent',
  'Landscape',
  'Expressivity',
  'Pretraining',
  'Beyond classification',
  'Go',
  'Robustness',
  'Records',
  'Own data',
  'Practice',
] as const;

/** What a setting's value may be. */
export type SettingValue = number | string | boolean;

/** The settings of a lab by name, with the values of its default form. */
export type LabSettings = Readonly<Record<string, SettingValue>>;

/** What is said of a setting: a sentence, or with it which values there are. */
export interface SettingAbout {
  readonly about: string;
  /** The texts or numbers that may be chosen. */
  readonly choices?: readonly (string | number)[];
  /** The least and the greatest number. */
  readonly from?: number;
  readonly to?: number;
  /** Whether it is a whole number. */
  readonly whole?: boolean;
  /** What divides it, such as 2 for even numbers. */
  readonly multipleOf?: number;
  /**
   * Whether it may be the path of a file, besides the default and the choices. The hash then has `file` for it, as a file has
   * another path on every machine: what was in it belongs into the evidence.
   */
  readonly file?: boolean;
  /** Whether the lab gained it later: the hash has it only where it is not the default, so that hashes from before hold. */
  readonly later?: boolean;
}

/**
 * What is said of a setting that is a whole number, of at least 1 unless `from` says otherwise: a count, a size or, from 0, a
 * seed.
 * @throws LanewiseError kind 'argument' for what is no sentence, and for ends that are no whole numbers in their order.
 */
export function wholeNumber(about: string, from = 1, to?: number): SettingAbout {
  text('wholeNumber', 'about', about);
  whole('wholeNumber', 'from', from);
  if (to !== undefined) wholeFrom(from)('wholeNumber', 'to', to);
  return { about, from, whole: true, ...(to === undefined ? {} : { to }) };
}

/** A paper that a lab stands on. */
export interface Paper {
  /** `Glorot & Bengio 2010` */
  readonly cite: string;
  readonly title: string;
  /** Where it is read: an address of https. */
  readonly link?: string;
}

/** The data of a lab that asks for it: images with classes. */
export interface LabData {
  /** `digits`, or what was asked for, such as `mnist`. */
  readonly name: string;
  readonly train: Dataset;
  readonly test: Dataset;
}

/** How many samples of each part are enough; by default all of them. */
export interface DataCounts {
  readonly train?: number;
  readonly test?: number;
}

/** What a lab's `run` is given. */
export interface LabRun<S extends LabSettings = LabSettings> {
  readonly settings: S;
  /** The samples to learn from: drawn digits, unless other data was asked for. */
  data(counts?: DataCounts): Promise<LabData>;
  /** Threads for the engine; undefined leaves it to the machine. They affect no result. */
  readonly workers?: number;
  /** Says a line while the lab runs. */
  say(line: string): void;
  /** Says how much is done, of how much. */
  progress(done: number, total: number, what?: string): void;
}

/** How a figure is written; `seconds` are not compared. */
export type FigureFormat = 'number' | 'percent' | 'count' | 'seconds';

/** One number that a lab shows. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Default `number`; `percent` of a share. */
  readonly format?: FigureFormat;
  /** Where it lies if the lab shows what it says, by theory or by the paper. */
  readonly expected?: readonly number[];
  /** The paper's own. */
  readonly paper?: number;
  /** Where the paper says it. */
  readonly source?: string;
  readonly about?: string;
}

/** What a lab's hash is over. */
export type Evidence = Float32Array | Float64Array | Uint8Array | Int32Array | Uint32Array | string;

/** What a lab's `run` gives. */
export interface LabFindings {
  readonly figures: readonly Figure[];
  /** The first stands for the lab. */
  readonly pictures: readonly Picture[];
  /** Weights, curves and whatever else others have to get to the last bit. */
  readonly evidence: readonly Evidence[];
  /** What the figures prove, in one or two sentences. */
  readonly conclusion: string;
}

/** An experiment that anyone can run, change and cite. */
export interface Lab<S extends LabSettings = LabSettings> {
  /** Small letters and dashes; its file's name. */
  readonly name: string;
  /** Where it stands in the course. */
  readonly group: (typeof GROUPS)[number];
  readonly title: string;
  /** What is done, and what to look for. */
  readonly about: string;
  readonly papers: readonly Paper[];
  /** The settings of the default form, which takes at most a minute on two cores. */
  readonly settings: S;
  readonly settingsAbout: Readonly<Record<string, string | SettingAbout>>;
  /** What the small form, of seconds, sets otherwise. */
  readonly small: Partial<S>;
  /** What the full form, of up to half an hour, sets otherwise. */
  readonly full?: Partial<S>;
  /** The experiment: what it found, for the same settings and data the same to the last bit. */
  run(given: LabRun<S>): LabFindings | Promise<LabFindings>;
}

const name: Check = (owner, key, value) => {
  if (typeof value !== 'string' || !/^[a-z][a-z\d]*(-[a-z\d]+)*$/.test(value))
    refuse(owner, key, value, 'small letters, digits and dashes, such as vanishing-gradients');
};

const link: Check = (owner, key, value) => {
  if (typeof value !== 'string' || !/^https:\/\/\S+$/.test(value))
    refuse(owner, key, value, 'an address that begins with https://');
};

const paper: Check = (owner, key, value) => {
  if (!isObject(value)) refuse(owner, key, value, 'an object such as { cite, title, link }');
  checkOptions<Paper>(`${owner}: ${key}`, value as never, {
    cite: required(text),
    title: required(text),
    link,
  });
};

const isValue = (value: unknown): value is SettingValue =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

const checkSettings: Check = (owner, key, value) => {
  object(owner, key, value);
  for (const [each, one] of Object.entries(value as object))
    if (!isValue(one))
      refuse(owner, `${key}.${each}`, one, 'a finite number, a text, true or false');
};

const choice: Check = (owner, key, value) => {
  if (typeof value !== 'string') finite(owner, key, value);
};

/** @throws LanewiseError kind 'argument' for what is said of a setting otherwise than as a sentence or by known fields. */
function checkAbout(lab: string, key: string, said: unknown): void {
  const [owner, name] = [`lab '${lab}'`, `settingsAbout.${key}`];
  if (typeof said === 'string') return;
  if (!isObject(said))
    refuse(owner, name, said, 'a sentence, or an object such as { about, from }');
  const { from = -Infinity, to = Infinity } = checkOptions<SettingAbout>(
    `${owner}: ${name}`,
    said as never,
    {
      about: required(text),
      choices: listOf(choice),
      from: finite,
      to: finite,
      whole: flag,
      multipleOf: extent,
      file: flag,
      later: flag,
    },
  );
  if (from > to) refuse(`${owner}: ${name}`, 'to', to, `a number of at least ${from}`);
}

/** What each form may set otherwise is a setting, of the same type. */
function checkForms({ name: lab, settings, small, full, settingsAbout }: Lab): void {
  const known = Object.keys(settings);
  for (const [form, changes] of Object.entries({ small, full, settingsAbout })) {
    if (changes === undefined) continue;
    for (const key of Object.keys(changes))
      if (!known.includes(key))
        throw new LanewiseError(
          'argument',
          `lab '${lab}': ${form} has '${key}', expected one of its settings: ${known.join(', ')}`,
        );
  }
  for (const [form, changes] of Object.entries({ small, full }))
    for (const [key, value] of Object.entries(changes ?? {}))
      if (typeof value !== typeof settings[key])
        refuse(`lab '${lab}'`, `${form}.${key}`, value, `a ${typeof settings[key]}`);
  for (const [key, said] of Object.entries(settingsAbout)) checkAbout(lab, key, said);
  for (const key of known)
    if (!Object.hasOwn(settingsAbout, key))
      throw new LanewiseError(
        'argument',
        `lab '${lab}': settingsAbout has no '${key}', expected a sentence on each setting`,
      );
}

/**
 * Declares a lab: the default export of a file in `labs/`, or of one's own.
 * @throws LanewiseError kind 'argument' for wrong values, and for a form that sets what is no setting.
 */
export function lab<S extends LabSettings>(options: Lab<S>): Lab<S> {
  checkOptions<Lab<S>>('lab', options, {
    name: required(name),
    group: required(oneOf(GROUPS)),
    title: required(text),
    about: required(text),
    papers: required(listOf(paper, 0)),
    settings: required(checkSettings),
    settingsAbout: required(object),
    small: required(checkSettings),
    full: checkSettings,
    run: required(callable),
  });
  checkForms(options as unknown as Lab);
  return { ...options };
}
