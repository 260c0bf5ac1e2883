/** The choice of samples to score models on: never those they were trained on, as far as their files say, unless asked. */
import { firstOf } from '../data/chosen.js';
import type { IndexedDataset } from '../data/dataset.js';
import { changed, datasetOf, samplesOf } from '../data/forms.js';
import { originOf, type Origin, type Selection } from '../data/origin.js';
import { leftOut, taken } from '../data/left-out.js';
import { LanewiseError } from '../base/errors.js';
import type { Part } from '../train/events.js';
import { subset } from '../data/subset.js';
import { holdOut } from './data-paths.js';
import { countOf } from './task.js';
import { formatCount } from './terminal.js';

/** A model with its file's name. */
export interface KnownModel {
  readonly file: string;
  readonly origin?: Origin | undefined;
}

/** The samples to score, and their relation to the models. */
export interface Choice<D extends IndexedDataset = IndexedDataset> {
  readonly test: D;
  /**
   * `heldOut` at training; `other` data than that of training; `asked` for by an option; `trainedOn`, if some of them
   * were; `unknown` if a file does not say; `test` samples that the data itself names, or `validation` samples if it has
   * no others.
   */
  readonly scored: 'heldOut' | 'other' | 'asked' | 'trainedOn' | 'unknown' | 'test' | 'validation';
  /** How many of them any of the models was trained on, at most; absent if no file says. */
  readonly trainedOn?: number;
  /** The samples that the first model was trained on, if they are known. */
  readonly train?: D;
  /** A line for people; empty if there is nothing to say. */
  readonly words: string;
}

export interface ChoiceOptions {
  readonly all?: boolean;
  readonly holdout?: number;
}

type Rule = Exclude<Selection, { by: 'subset' }>;

/**
 * What a model's file says about a data set: nothing, that the model saw another, a number of samples, or a part by a
 * rule.
 */
type Relation =
  | { readonly is: 'unknown' }
  | { readonly is: 'other'; readonly samples: number }
  | { readonly is: 'trained'; readonly count: number }
  | { readonly is: 'divided'; readonly rule: Rule; readonly of: number };

function relationOf(data: IndexedDataset, { origin }: KnownModel): Relation {
  if (!origin) return { is: 'unknown' };
  const { samples, fingerprint, selections } = origin;
  // A file to which samples were added begins with those of training.
  const own = originOf(firstOf(samplesOf(data), samples))!;
  if (own.samples !== samples || own.fingerprint !== fingerprint) return { is: 'other', samples };
  const [rule] = selections;
  if (!rule || rule.by === 'periods') return { is: 'trained', count: samples };
  if (rule.by === 'subset') return { is: 'trained', count: rule.count };
  return { is: 'divided', rule, of: samples };
}

type Pick = <D extends IndexedDataset>(data: D) => D;

/**
 * Chooses samples of data without test samples of its own.
 * @throws LanewiseError kind 'argument' for models that held out different samples, unless the options say which to score.
 */
export function choose<D extends IndexedDataset>(
  data: D,
  models: readonly KnownModel[],
  { all = false, holdout }: ChoiceOptions = {},
): Choice<D> {
  const relations = models.map((model) => relationOf(data, model));
  const rules = new Map(
    relations.flatMap((one) =>
      one.is === 'divided' ? [[`${JSON.stringify(one.rule)} of ${one.of}`, one] as const] : [],
    ),
  );
  const [divided] = rules.values();
  const rule = divided?.rule;
  const is = (kind: Relation['is']) => relations.some((one) => one.is === kind);
  const isGrown = divided !== undefined && divided.of < countOf(data);
  const byRule: Pick = (whole) =>
    isGrown ? subset(whole, heldPlaces(data, divided)) : leftOut(whole, rule!);
  const choice = (scored: Choice['scored'], pick: Pick, why: (count: string) => string) =>
    choiceAs(data, models, relations, { scored, pick, why });
  if (all)
    return choice(
      'asked',
      (whole) => whole,
      (count) => `${count}, by --all`,
    );
  if (holdout !== undefined) {
    const seed = rule?.by === 'split' ? rule.seed : 1;
    const asked = choice(
      'asked',
      (whole) => holdOut(whole, { holdout, seed }).test,
      (count) => `${count}, by --holdout ${holdout}`,
    );
    const isTheirs =
      rules.size === 1 &&
      asked.trainedOn === 0 &&
      countOf(asked.test) === countOf(byRule(places(data)));
    if (!isTheirs) return asked;
  }
  if (rules.size > 1 || (rule && is('trained'))) throw disagreement(data, models);
  if (rule) {
    const held = choice(
      'heldOut',
      byRule,
      (count) => `the ${count} that were held out at training${isGrown ? ', or added since' : ''}`,
    );
    const train = trainedPart(data, models[0]!);
    return { ...held, ...(train ? { train } : {}) };
  }
  if (is('trained'))
    return choice(
      'trainedOn',
      (whole) => whole,
      (count) => count,
    );
  if (is('unknown'))
    return choice(
      'unknown',
      (whole) => (countOf(data) < 3 ? whole : holdOut(whole, {}).test),
      (count) =>
        `${count}, held out at random: ${unknownOf(models)}, and --all scores every sample`,
    );
  return choice(
    'other',
    (whole) => whole,
    (count) => `${count}: the model was trained on other data`,
  );
}

/** The samples that a model was trained on, if its file says which of the data they are. */
export function trainedPart<D extends IndexedDataset>(
  data: D,
  { origin }: KnownModel,
): D | undefined {
  if (!origin) return undefined;
  const whole = changed(data, (samples) => firstOf(samples, origin.samples));
  const own = originOf(samplesOf(whole));
  return own?.samples === origin.samples && own.fingerprint === origin.fingerprint
    ? taken(whole, origin.selections)
    : undefined;
}

/** Examines the test samples that the data itself has: a model may have been trained on them nevertheless. */
export function examine<D extends IndexedDataset>(
  test: D,
  models: readonly KnownModel[],
  part: Part = 'test',
): Choice<D> {
  const { trainedOn } = choose(test, models, { all: true });
  const words =
    part === 'test'
      ? ''
      : 'validation samples, by which a run may have chosen: the data has no test samples';
  if (!trainedOn)
    return { test, scored: part, ...(trainedOn === undefined ? {} : { trainedOn }), words };
  return {
    test,
    scored: 'trainedOn',
    trainedOn,
    words: `${formatCount(trainedOn)} of them are of the training part`,
  };
}

/** The samples that `pick` takes of the data, and what is to be said of them. */
function choiceAs<D extends IndexedDataset>(
  data: D,
  models: readonly KnownModel[],
  relations: readonly Relation[],
  how: { scored: Choice['scored']; pick: Pick; why: (count: string) => string },
): Choice<D> {
  const { scored, pick, why } = how;
  const is = (kind: Relation['is']) => relations.some((one) => one.is === kind);
  const total = formatCount(countOf(data));
  const picked = pick(data);
  const isAll = picked === data;
  const test = isAll ? data : { ...picked, name: `${data.name} test` };
  const seen = is('trained') || is('divided') ? seenIn(data, pick, relations) : undefined;
  const warning = seen ? `; ${formatCount(seen)} of them are of the training part` : '';
  const count = isAll
    ? `all ${total} samples`
    : `${formatCount(countOf(test))} of ${total} samples`;
  const silent = is('unknown') && scored !== 'unknown' ? `; ${unknownOf(models)}` : '';
  return {
    test,
    scored,
    ...(seen === undefined ? {} : { trainedOn: seen }),
    words: `${why(count)}${warning}${silent}`,
  };
}

/** A data set with the same targets whose samples are their own places, which shows what a choice takes. */
function places(data: IndexedDataset): IndexedDataset {
  const { source: _s, inputs, origin: _o, ...others } = samplesOf(data);
  const values = new Uint8Array(
    Uint32Array.from({ length: others.count }, (_, place) => place).buffer,
  );
  const [name] = Object.keys(inputs);
  return datasetOf({ ...others, inputs: { [name!]: { shape: [4, 1, 1], values } } }) as never;
}

function placesOf(picked: IndexedDataset): Uint32Array {
  const values = Object.values(samplesOf(picked).inputs)[0]!.values as Uint8Array;
  return new Uint32Array(values.slice().buffer as ArrayBuffer);
}

/** The places of the samples that a rule left out, and of those after the ones that it divided. */
function heldPlaces(data: IndexedDataset, { rule, of }: { rule: Rule; of: number }): number[] {
  const all = places(data);
  const held = placesOf(
    leftOut(
      changed(all, (samples) => firstOf(samples, of)),
      rule,
    ),
  );
  return [...held, ...placesOf(all).subarray(of)];
}

/** How many of the picked samples any of the models was trained on, at most. */
function seenIn(data: IndexedDataset, pick: Pick, relations: readonly Relation[]): number {
  const all = places(data);
  const picked = placesOf(pick(all));
  const isSeen = new Uint8Array(countOf(data));
  let unplaced = 0;
  for (const relation of relations) {
    if (relation.is === 'divided') {
      const held = new Set(heldPlaces(data, relation));
      isSeen.forEach((_, place) => {
        if (!held.has(place)) isSeen[place] = 1;
      });
    } else if (relation.is === 'trained') unplaced = Math.max(unplaced, relation.count);
  }
  const seen = picked.reduce((sum, place) => sum + isSeen[place]!, 0);
  return Math.min(picked.length, Math.max(seen, unplaced));
}

/** Names the files that say nothing about their training data. */
const unknownOf = (models: readonly KnownModel[]): string => {
  const files = models.filter(({ origin }) => !origin).map(({ file }) => `'${file}'`);
  return `${files.join(', ')} ${files.length === 1 ? 'does' : 'do'} not say what ${files.length === 1 ? 'it was' : 'they were'} trained on`;
};

const disagreement = ({ name }: IndexedDataset, models: readonly KnownModel[]): LanewiseError =>
  new LanewiseError(
    'argument',
    `the models ${models.map(({ file }) => `'${file}'`).join(', ')} held out different samples of '${name}' at training: what is new to one was shown to another`,
    '--all scores every sample and --holdout a part, and both count the samples of a training part',
  );
