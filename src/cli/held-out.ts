/** The choice of samples to score models on: never those they were trained on, as far as their files say, unless asked. */
import { firstOf } from '../data/chosen.js';
import type { Dataset, LabelledDataset } from '../data/dataset.js';
import { changed, samplesOf } from '../data/forms.js';
import { originOf, type Origin, type Selection } from '../data/origin.js';
import { leftOut } from '../data/split-samples.js';
import { LanewiseError } from '../base/errors.js';
import type { Part } from '../train/events.js';
import { subset } from '../data/subset.js';
import { holdOut } from './data-paths.js';
import { formatCount } from './terminal.js';

/** A model with its file's name. */
export interface KnownModel {
  readonly file: string;
  readonly origin?: Origin | undefined;
}

/** The samples to score, and their relation to the models. */
export interface Choice {
  readonly test: LabelledDataset;
  /**
   * `heldOut` at training; `other` data than that of training; `asked` for by an option; `trainedOn`, if some of them
   * were; `unknown` if a file does not say; `test` samples that the data itself names, or `validation` samples if it has
   * no others.
   */
  readonly scored: 'heldOut' | 'other' | 'asked' | 'trainedOn' | 'unknown' | 'test' | 'validation';
  /** How many of them any of the models was trained on, at most; absent if no file says. */
  readonly trainedOn?: number;
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

function relationOf(data: LabelledDataset, { origin }: KnownModel): Relation {
  if (!origin) return { is: 'unknown' };
  const { samples, fingerprint, selections } = origin;
  // A file to which samples were added begins with those of training.
  const own = originOf(firstOf(samplesOf(data), samples))!;
  if (own.samples !== samples || own.fingerprint !== fingerprint) return { is: 'other', samples };
  const [rule] = selections;
  if (!rule || rule.by === 'subset') return { is: 'trained', count: rule?.count ?? samples };
  return { is: 'divided', rule, of: samples };
}

type Pick = (data: LabelledDataset) => LabelledDataset;

/**
 * Chooses samples of data without test samples of its own.
 * @throws LanewiseError kind 'argument' for models that held out different samples, unless the options say which to score.
 */
export function choose(
  data: LabelledDataset,
  models: readonly KnownModel[],
  { all = false, holdout }: ChoiceOptions = {},
): Choice {
  const relations = models.map((model) => relationOf(data, model));
  const rules = new Map(
    relations.flatMap((one) =>
      one.is === 'divided' ? [[`${JSON.stringify(one.rule)} of ${one.of}`, one] as const] : [],
    ),
  );
  const [divided] = rules.values();
  const rule = divided?.rule;
  const is = (kind: Relation['is']) => relations.some((one) => one.is === kind);
  const isGrown = divided !== undefined && divided.of < data.labels.length;
  const byRule: Pick = (whole) =>
    isGrown ? subset(whole, heldPlaces(data, divided)) : leftOut(whole, rule!);
  const total = formatCount(data.labels.length);
  const choice = (scored: Choice['scored'], pick: Pick, why: (count: string) => string): Choice => {
    const picked = pick(data);
    const isAll = picked === data;
    const test = isAll ? data : { ...picked, name: `${data.name} test` };
    const seen = is('trained') || is('divided') ? seenIn(data, pick, relations) : undefined;
    const warning = seen ? `; ${formatCount(seen)} of them are of the training part` : '';
    const count = isAll
      ? `all ${total} samples`
      : `${formatCount(test.labels.length)} of ${total} samples`;
    const silent = is('unknown') && scored !== 'unknown' ? `; ${unknownOf(models)}` : '';
    return {
      test,
      scored,
      ...(seen === undefined ? {} : { trainedOn: seen }),
      words: `${why(count)}${warning}${silent}`,
    };
  };
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
      asked.test.labels.length === byRule(places(data)).labels.length;
    if (!isTheirs) return asked;
  }
  if (rules.size > 1 || (rule && is('trained'))) throw disagreement(data, models);
  if (rule)
    return choice(
      'heldOut',
      byRule,
      (count) => `the ${count} that were held out at training${isGrown ? ', or added since' : ''}`,
    );
  if (is('trained'))
    return choice(
      'trainedOn',
      (whole) => whole,
      (count) => count,
    );
  if (is('unknown'))
    return choice(
      'unknown',
      (whole) => (data.labels.length < 3 ? whole : holdOut(whole, {}).test),
      (count) =>
        `${count}, held out at random: ${unknownOf(models)}, and --all scores every sample`,
    );
  return choice(
    'other',
    (whole) => whole,
    (count) => `${count}: the model was trained on other data`,
  );
}

/** Examines the test samples that the data itself has: a model may have been trained on them nevertheless. */
export function examine(
  test: LabelledDataset,
  models: readonly KnownModel[],
  part: Part = 'test',
): Choice {
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

/** A data set of the same classes whose samples are their own places, which shows what a choice takes. */
function places({ name, classes, labels }: LabelledDataset): Dataset {
  const samples = new Uint8Array(Uint32Array.from(labels, (_, place) => place).buffer);
  return { name, classes, labels, shape: [4, 1, 1], samples };
}

const placesOf = (picked: LabelledDataset): Uint32Array =>
  new Uint32Array((picked as Dataset).samples.slice().buffer as ArrayBuffer);

/** The places of the samples that a rule left out, and of those after the ones that it divided. */
function heldPlaces(data: LabelledDataset, { rule, of }: { rule: Rule; of: number }): number[] {
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
function seenIn(data: LabelledDataset, pick: Pick, relations: readonly Relation[]): number {
  const all = places(data);
  const picked = placesOf(pick(all));
  const isSeen = new Uint8Array(data.labels.length);
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

const disagreement = ({ name }: LabelledDataset, models: readonly KnownModel[]): LanewiseError =>
  new LanewiseError(
    'argument',
    `the models ${models.map(({ file }) => `'${file}'`).join(', ')} held out different samples of '${name}' at training: what is new to one was shown to another`,
    '--all scores every sample and --holdout a part, and both count the samples of a training part',
  );
