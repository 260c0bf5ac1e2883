/**
 * The classes of data sets and models, matched by name. Where two data sets meet, or one and a model, a label means the
 * class of that name, not the class of that number. Labels whose classes have other places in the other list are
 * rewritten; samples stay in place. Data whose names agree is unchanged, and so are the bits computed from it.
 */
import { LanewiseError } from '../base/errors.js';
import { quote, refuse } from '../base/check.js';
import type { AnyDataset } from './dataset.js';
import { changed } from './forms.js';
import { UNNAMED, type Samples, type Source } from './samples.js';
import { areNumbers, checkNames, namesByTarget, type NamesByTarget } from './target-names.js';

type Labels = Uint8Array | Int32Array;

/** Largest number of names in a message. */
const SHOWN = 10;

/** The class names of a data set by target; the list of labelled samples applies to each of `targets`. */
export function namesOf(samples: Samples, targets: readonly string[]): NamesByTarget {
  const { [UNNAMED]: list, ...names } = namesByTarget(samples);
  return list ? Object.fromEntries(targets.map((target) => [target, list])) : names;
}

/**
 * The same samples with labels that are indices into `classes`: a model's, `withClasses(data, model.classes)`, or
 * another data set's. If there are several named targets, each takes a list of its own.
 * @throws LanewiseError kind 'data' for samples of a class that is not in the list, saying how the lists differ.
 */
export const withClasses = <D extends AnyDataset>(
  data: D,
  classes: readonly string[] | NamesByTarget,
): D =>
  changed(data, (samples) => {
    if (typeof classes !== 'object' || classes === null)
      refuse('withClasses', 'classes', classes, 'a list of names, or one for each target');
    if (!Array.isArray(classes)) return matchClasses(samples, classes as NamesByTarget, 'the list');
    checkNames('withClasses: classes', classes);
    const all = Object.keys(namesByTarget(samples)).map((target) => [target, classes]);
    return matchClasses(samples, Object.fromEntries(all) as NamesByTarget, 'the list');
  });

/**
 * The data with labels that are indices into the names of `owner`.
 * @throws LanewiseError kind 'data' as `withClasses`.
 */
export const withNames = <D extends AnyDataset>(
  data: D,
  classes: readonly string[],
  owner: string,
): D => changed(data, (samples) => matchClasses(samples, { [UNNAMED]: classes }, owner));

/**
 * The samples with labels that are indices into the names that `owner` ("the model", "data set 'cats'") has for its
 * targets; targets that lack names on either side are unchanged. Unnamed labels take the first list.
 * @throws LanewiseError kind 'data' as `withClasses`.
 */
export function matchClasses(samples: Samples, given: NamesByTarget, owner: string): Samples {
  const own = namesByTarget(samples);
  const [list] = Object.values(given);
  const known: NamesByTarget = list ? { ...given, [UNNAMED]: list } : given;
  const shared = Object.keys(own).filter((name) => known[name] && own[name] !== known[name]);
  if (shared.length === 0) return samples;
  const targets = { ...samples.targets };
  let { source } = samples;
  for (const name of shared) {
    const field = targets[name]!;
    const labels = field.values as Labels;
    const data = what(samples, name);
    const places = placesIn(
      own[name]!,
      known[name]!,
      data,
      owner,
      source?.open ? undefined : labels,
    );
    if (!places) continue;
    targets[name] = { ...field, values: relabelled(labels, places) };
    const differ = () => differs(data, own[name]!, owner, known[name]!, ' has a sample');
    if (source?.open) source = relabelledStream(source, places, differ);
  }
  const names = Object.fromEntries(shared.map((target) => [target, known[target]!]));
  const classes = Array.isArray(samples.classes) ? Object.values(names)[0]! : { ...own, ...names };
  return { ...samples, targets, classes, ...(source ? { source } : {}) };
}

const what = ({ name }: Samples, target: string): string =>
  `data set '${name}'${target === UNNAMED ? '' : `, target '${target}'`}`;

/** A stream's labels are known only when they arrive. */
const relabelledStream = (
  { open }: Source,
  places: Int32Array,
  differ: () => LanewiseError,
): Source => ({
  async *open(epoch) {
    for await (const sample of open!(epoch)) {
      const place = places[sample.label];
      // The stream's reader refuses a label that is none of its classes.
      if (place === undefined) yield sample;
      else if (place < 0) throw differ();
      else yield { ...sample, label: place };
    }
  },
});

/**
 * The place of each class of `own` in `known`, −1 for a class that is missing; undefined if every place is unchanged.
 * @param labels Labels to refuse if they belong to a missing class; a stream's are not known.
 */
function placesIn(
  own: readonly string[],
  known: readonly string[],
  data: string,
  owner: string,
  labels?: Labels,
): Int32Array | undefined {
  if (own.every((name, c) => known[c] === name)) return undefined;
  for (const [whose, names] of [
    [data, own],
    [owner, known],
  ] as const) {
    const twice = names.find((name, c) => names.indexOf(name) !== c);
    if (twice === undefined) continue;
    throw new LanewiseError(
      'data',
      `${whose} has two classes ${quote(twice)}, so that names cannot be compared`,
    );
  }
  const index = new Map(known.map((name, c) => [name, c]));
  const places = Int32Array.from(own, (name) => index.get(name) ?? -1);
  if (!labels) {
    if (places.every((place) => place < 0)) throw differs(data, own, owner, known);
    return places;
  }
  let unknown = 0;
  for (const label of labels) {
    const place = places[label];
    if (place === -1) unknown++;
    // A label that losses may ignore, a class of neither.
    else if (place === undefined && label >= 0 && label < known.length)
      throw new LanewiseError(
        'data',
        `${data} has class ${label}, and ${own.length} names of classes`,
      );
  }
  if (unknown === 0) return places;
  const samples = ` has ${unknown} ${unknown === 1 ? 'sample' : 'samples'}`;
  throw differs(data, own, owner, known, samples);
}

function relabelled<L extends Labels>(labels: L, places: Int32Array): Labels {
  const highest = places.reduce((most, place) => Math.max(most, place), 0);
  const isByte = labels instanceof Uint8Array && highest < 256;
  const values = isByte ? new Uint8Array(labels.length) : new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) values[i] = places[labels[i]!] ?? labels[i]!;
  return values;
}

/** How the two lists differ, and how to give or align names. */
function differs(
  data: string,
  own: readonly string[],
  owner: string,
  known: readonly string[],
  samples = ' is',
): LanewiseError {
  const extra = own.filter((name) => !known.includes(name));
  const missing = known.filter((name) => !own.includes(name));
  const plain = (name: string) => name.trim().toLowerCase();
  const alike = extra.find((name) => missing.some((other) => plain(other) === plain(name)));
  const other = missing.find((name) => alike !== undefined && plain(name) === plain(alike));
  const numbered =
    areNumbers(own) === areNumbers(known) ? undefined : areNumbers(own) ? data : owner;
  return new LanewiseError(
    'data',
    `${data}${samples} of classes that ${owner} does not know: ${list(extra)}; ${owner} ${missing.length > 0 ? `has besides: ${list(missing)}` : 'has all the others'}`,
    numbered === undefined
      ? other === undefined
        ? 'classes are compared by name; subset takes the samples of those that both have'
        : `names are compared letter by letter: ${quote(alike)} is not ${quote(other)}`
      : `the classes of ${numbered} are numbers: if they are the same classes, name them as the others, classes: [${(areNumbers(own) ? known : own).slice(0, 3).map(quote).join(', ')}, …]`,
  );
}

const list = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : names.slice(0, SHOWN).map(quote).join(', ') +
      (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');
