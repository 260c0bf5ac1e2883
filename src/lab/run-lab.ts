/** Runs a lab: its settings and data, its findings checked, and the hash that others get too. */
import {
  callable,
  checkOptions,
  extent,
  isObject,
  listOf,
  natural,
  notNegative,
  object,
  oneOf,
  refuse,
  required,
  text,
  type Check,
} from '../base/check.js';
import { sha256 } from '../base/sha256.js';
import { digits } from '../data/digits/index.js';
import { firstSamples } from '../data/subset.js';
import type { Dataset } from '../data/dataset.js';
import { lab as declare } from './lab.js';
import type {
  DataCounts,
  Evidence,
  Figure,
  Lab,
  LabData,
  LabFindings,
  LabRun,
  LabSettings,
} from './lab.js';
import { FORMS, hashedSettings, settingsOf, type Form } from './lab-settings.js';
import { bars, heatmap, images, lines, points, table, type Picture } from './picture-data.js';

/** What a run of a lab can be asked. */
export interface RunLabOptions {
  /** Default `default`. */
  readonly form?: Form;
  /** What is set otherwise than in that form. */
  readonly settings?: LabSettings;
  /** The data of labs that ask for some: images with classes, or how they are loaded; default drawn digits. */
  readonly data?: LabData | (() => Promise<LabData>);
  /** Threads; they affect no result. */
  readonly workers?: number;
  /** Called with each line that the lab says. */
  readonly say?: (line: string) => void;
  /** Called with how much is done, of how much. */
  readonly progress?: (done: number, total: number, what?: string) => void;
}

/** What a run of a lab found, and what it takes to find it again. */
export interface LabResult {
  readonly lab: Lab;
  readonly form: Form;
  /** All of them, as they were in this run. */
  readonly settings: LabSettings;
  /** The settings that are not the form's. */
  readonly changed: LabSettings;
  /** The name of the data, if the lab asked for some. */
  readonly data?: string;
  readonly figures: readonly Figure[];
  readonly pictures: readonly Picture[];
  readonly conclusion: string;
  /** What the hash is over, besides what was asked. */
  readonly evidence: readonly Evidence[];
  /** Over the lab's name, its data's, its settings and its evidence. */
  readonly sha256: string;
  readonly seconds: number;
}

const figure: Check = (owner, name, value) => {
  if (!isObject(value)) refuse(owner, name, value, 'an object such as { name, value }');
  checkOptions<Figure>(`${owner}: ${name}`, value as never, {
    name: required(text),
    value: required((of, key, one) => {
      if (typeof one !== 'number') refuse(of, key, one, 'a number');
    }),
    format: oneOf(['number', 'percent', 'count', 'seconds']),
    expected: listOf(
      (of, key, one) => {
        if (typeof one !== 'number' || Number.isNaN(one)) refuse(of, key, one, 'a number');
      },
      2,
      2,
    ),
    paper: (of, key, one) => {
      if (typeof one !== 'number') refuse(of, key, one, 'a number');
    },
    source: text,
    about: text,
  });
};

/** Figures, each with a name of its own: it is what a figure is cited by. */
const figures: Check = (owner, name, value) => {
  listOf(figure)(owner, name, value);
  const names = (value as readonly Figure[]).map((one) => one.name);
  names.forEach((one, i) => {
    if (names.indexOf(one) < i)
      refuse(owner, `${name}[${i}].name`, one, 'a name that no figure before has');
  });
};

const PICTURES = { lines, points, bars, heatmap, images, table };

const picture: Check = (owner, name, value) => {
  const kinds = Object.keys(PICTURES);
  if (!isObject(value) || !kinds.includes(value['kind'] as string))
    refuse(owner, name, value, `what ${kinds.join(', ')} give`);
  const { kind, ...rest } = value as unknown as Picture;
  // What was written by hand is checked as well.
  (PICTURES[kind] as (options: object) => Picture)(rest);
};

const TYPES = [Float32Array, Float64Array, Uint8Array, Int32Array, Uint32Array];

const evidence: Check = (owner, name, value) => {
  if (typeof value !== 'string' && !TYPES.some((type) => value instanceof type))
    refuse(owner, name, value, `a text or one of ${TYPES.map((type) => type.name).join(', ')}`);
};

/** @throws LanewiseError kind 'argument' for findings that are not what a lab gives. */
function checkFindings(name: string, found: LabFindings): LabFindings {
  const owner = `lab '${name}'`;
  if (!isObject(found))
    refuse(owner, 'what run gives', found, 'an object { figures, pictures, evidence, conclusion }');
  return checkOptions<LabFindings>(owner, found, {
    figures: required(figures),
    pictures: required(listOf(picture)),
    evidence: required(listOf(evidence)),
    conclusion: required(text),
  });
}

const bytesOf = (piece: Exclude<Evidence, string>): Uint8Array =>
  new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);

/** The hash of what was asked and what was found: each piece after its type and length. */
export function hashOf(asked: object, pieces: readonly Evidence[]): Promise<string> {
  const encoder = new TextEncoder();
  return sha256(
    encoder.encode(JSON.stringify(asked)),
    ...pieces.flatMap((piece) => {
      const bytes = typeof piece === 'string' ? encoder.encode(piece) : bytesOf(piece);
      const type = typeof piece === 'string' ? 'text' : piece.constructor.name;
      return [encoder.encode(`\n${type} ${bytes.length}\n`), bytes];
    }),
  );
}

/** The samples of drawn digits: those for tests are none of those for training. */
const DIGITS = { train: 20_000, test: 5_000, testFirst: 1_000_000 };

const counts = (given: DataCounts): DataCounts =>
  checkOptions<DataCounts>('data', given, { train: extent, test: extent });

const limited = (data: Dataset, count = Infinity): Dataset =>
  data.labels.length > count ? firstSamples(data, count) : data;

/** The function by which a lab asks for its data; `onAsked` gets its name. */
function dataFrom(source: RunLabOptions['data'], onAsked: (name: string) => void): LabRun['data'] {
  return async (asked = {}) => {
    const { train, test } = counts(asked);
    if (source === undefined) {
      onAsked('digits');
      return {
        name: 'digits',
        train: digits({ count: Math.min(DIGITS.train, train ?? Infinity) }),
        test: digits({ count: Math.min(DIGITS.test, test ?? Infinity), first: DIGITS.testFirst }),
      };
    }
    const found = typeof source === 'function' ? await source() : source;
    onAsked(found.name);
    return {
      name: found.name,
      train: limited(found.train, train),
      test: limited(found.test, test),
    };
  };
}

/** The data of a lab, or a function that gets them. */
const dataOrSource: Check = (owner, name, value) => {
  if (typeof value === 'function') return;
  object(owner, name, value);
  checkOptions<LabData>(`${owner}: ${name}`, value as never, {
    name: required(text),
    train: required(object),
    test: required(object),
  });
};

/**
 * Runs a lab and hashes what it found. The same settings and data give the same hash on every machine, with any number of
 * workers.
 * @throws LanewiseError kind 'argument' for settings that the lab does not have, and what the lab throws.
 */
export async function runLab(lab: Lab, options: RunLabOptions = {}): Promise<LabResult> {
  declare(lab);
  const given = checkOptions<RunLabOptions>('runLab', options, {
    form: oneOf(FORMS),
    settings: object,
    data: dataOrSource,
    workers: natural,
    say: callable,
    progress: callable,
  });
  const { form = 'default', workers, say = () => {}, progress = () => {} } = given;
  const settings = settingsOf(lab, form, given.settings);
  const ofForm = settingsOf(lab, form);
  const changed = Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => ofForm[name] !== value),
  );
  let data: string | undefined;
  const start = performance.now();
  const found = await lab.run({
    // A copy: the hash is over what was asked.
    settings: { ...settings },
    data: dataFrom(given.data, (name) => (data = name)),
    ...(workers === undefined ? {} : { workers }),
    say,
    progress,
  });
  const seconds = (performance.now() - start) / 1000;
  const { figures: told, pictures, conclusion, evidence: pieces } = checkFindings(lab.name, found);
  const named = data === undefined ? {} : { data };
  return {
    lab,
    form,
    settings,
    changed,
    ...named,
    figures: told,
    pictures,
    conclusion,
    evidence: pieces,
    sha256: await hashOf(
      { lab: lab.name, ...named, settings: hashedSettings(lab, settings) },
      pieces,
    ),
    seconds,
  };
}

/** @throws LanewiseError kind 'argument' for what `runLab` does not give. */
export function checkResult(owner: string, value: LabResult): void {
  checkOptions<LabResult>(owner, value, {
    lab: required((of, name, one) => {
      object(of, name, one);
      declare(one as Lab);
    }),
    form: required(oneOf(FORMS)),
    settings: required(object),
    changed: required(object),
    data: text,
    figures: required(figures),
    pictures: required(listOf(picture)),
    conclusion: required(text),
    evidence: required(listOf(evidence, 0)),
    sha256: required(text),
    seconds: required(notNegative),
  });
}
