/** Checks that targets are what a loss takes, as each loss declares in `takes`. */
import type { Field } from '../data/dataset.js';
import { firstNotFinite, inSamples } from '../base/check-values.js';
import { UNNAMED, type Samples } from '../data/samples.js';
import { hasClasses, namesByTarget } from '../data/target-names.js';
import { LanewiseError } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Loss } from '../losses/loss-kinds.js';
import { targetOf, type LossTerm } from '../losses/terms.js';
import { countsAt } from './counts.js';

/** A target under examination. */
interface Subject {
  /** `data set 'tags', target 'output'` */
  readonly what: string;
  readonly field: Field;
  readonly counts: Float32Array | undefined;
  readonly loss: Loss;
  /** The shape of one sample of the output. */
  readonly shape: Shape;
  readonly classes: number;
}

/** Tolerance for sums of probabilities: float32 rounding, and few written digits. */
const SUM_TOLERANCE = 1e-3;

/** Number of classes: on axis 0 of images, C×H×W; on the last axis otherwise. */
const classesOf = (shape: Shape): number => (shape.length === 3 ? shape[0]! : (shape.at(-1) ?? 1));

/** Whether the target has one value per sample, in any notation, or one per value of the output. */
export const isLike = (target: Shape, output: Shape): boolean =>
  showShape(target) === showShape(output) || (sizeOf(target) === 1 && sizeOf(output) === 1);

/** @throws LanewiseError kind 'data' naming the first value that the loss does not take, and a loss that does. */
export function checkTarget(
  data: Samples,
  term: LossTerm,
  shape: Shape,
  field: Field,
  counts: Float32Array | undefined,
): void {
  const { loss, output } = term;
  const classes = classesOf(shape);
  const what = `data set '${data.name}', target '${targetOf(term)}'`;
  const subject = { what, field, counts, loss, shape, classes };
  checkRoom(data, output, subject);
  if (hasClasses(field)) checkLabels(subject);
  else if (!(field.values instanceof Int32Array)) {
    checkFinite(subject);
    // Transforms change the values.
    if (!field.transforms?.length) checkValues(subject);
  }
}

/** Checks that the output has room for the classes. */
function checkRoom(data: Samples, output: string, { field, loss, shape, classes }: Subject) {
  const takes = loss.takes?.output;
  if (classes < 2 && (takes === 'scores' || takes === 'logits of classes')) {
    const isYesOrNo = allOf(field, undefined, (v) => v === 0 || v === 1);
    throw new LanewiseError(
      'data',
      `data set '${data.name}': ${loss.kind} takes scores of two classes or more, output '${output}' has one value`,
      isYesOrNo
        ? 'binaryCrossEntropyWithLogits takes one output of 0 or 1'
        : 'meanSquaredError takes real values; binaryCrossEntropyWithLogits one output of 0 or 1',
    );
  }
  const named = namesByTarget(data)[UNNAMED]?.length ?? 0;
  const count = classes === 1 ? 2 : classes;
  if (named <= count) return;
  throw new LanewiseError(
    'data',
    `data set '${data.name}' has ${named} classes, output '${output}' of shape ${showShape(shape)} has room for ${count}`,
    `give the last layer ${named} outputs`,
  );
}

/** Checks whole numbers: classes of the output, or numbers for yes and no. */
function checkLabels(subject: Subject): void {
  const { field, loss, shape, classes } = subject;
  const values = loss.takes?.values;
  if (values === 'distributions' && classes > 1 && showShape(field.shape) === showShape(shape)) {
    throw new LanewiseError(
      'data',
      `${subject.what}: whole numbers of shape ${showShape(shape)}, ${loss.kind} takes one class index where the output has ${classes} scores`,
      'one-hot vectors are a Float32Array, such as Float32Array.from(values)',
    );
  }
  const isNumber = (values === 'shares' || values === 'sides') && isLike(field.shape, shape);
  const least = isNumber && values === 'sides' ? -1 : 0;
  // A single value is a yes or a no.
  const most = isNumber || classes === 1 ? 1 : classes - 1;
  const wrong = firstOf(subject, (v) => v < least || v > most);
  if (wrong < 0) return checkWeightsOf(subject);
  refuseLabel(
    `${subject.what}: label ${placeOf(field, wrong)}`,
    most,
    least,
    hintOfLabels(subject, most, field.values[wrong]!),
  );
}

/** A loss may weight classes: at least one that occurs must count. */
function checkWeightsOf(subject: Subject): void {
  const { labelWeights } = subject.loss;
  if (!labelWeights || firstOf(subject, (v) => labelWeights[v] !== 0) >= 0) return;
  throw new LanewiseError(
    'data',
    `${subject.what}: ${subject.loss.kind} gives weight 0 to every class that occurs, so nothing counts`,
    'classWeights has one number for each class, in their order',
  );
}

/** @throws LanewiseError kind 'data': `label -1 of sample 3, expected a whole number from 0 to 2`. */
function refuseLabel(found: string, most: number, least: number, hint: string | undefined): never {
  throw new LanewiseError(
    'data',
    `${found}, expected a whole number from ${least} to ${most}`,
    hint,
  );
}

function hintOfLabels(
  { field, counts, loss, classes }: Subject,
  most: number,
  wrong: number,
): string | undefined {
  const all = (test: (value: number) => boolean) => allOf(field, counts, test);
  if (most === 1 && all((v) => v === 0 || v === 255))
    return `divide by 255, or say as: 'values', where 255 counts as 1`;
  if (all((v) => v === -1 || v === 1)) {
    const hinge = classes === 1 ? ', or take binaryHinge, which is made for -1 and 1' : '';
    return `labels of two classes are 0 and 1: map -1 to 0${hinge}`;
  }
  if ((wrong < 0 || wrong === 255) && all((v) => v === wrong || (v >= 0 && v <= most))) {
    return ignores(loss)
      ? `${loss.kind}({ ignoreIndex: ${wrong} }) leaves such places out`
      : `weights: 0 beside the values leave such places out, where the label may be any class`;
  }
  if (classes > 1 && all((v) => v >= 1 && v <= classes))
    return 'labels count from 0: subtract 1 from each';
  return classes === 1
    ? 'numbers, not classes, are a Float32Array, such as Float32Array.from(values), for meanSquaredError'
    : `give the last layer as many outputs as there are classes; numbers, not classes, are a Float32Array, for meanSquaredError`;
}

/** Whether the loss of class indices has an `ignoreIndex`. */
const ignores = ({ takes }: Loss): boolean =>
  takes?.output === 'scores' ||
  (takes?.output === 'logits of classes' && takes.values === 'distributions');

/** @throws LanewiseError kind 'data' naming the first value that counts and is not finite. */
export function checkFinite(
  { what, field, counts }: Pick<Subject, 'what' | 'field' | 'counts'>,
  hint = 'weights beside the values (targets: { name: { shape, values, weights } }) leave out what weighs 0; subset leaves out whole samples',
): void {
  const { values } = field;
  if (!(values instanceof Float32Array) || firstNotFinite(values) < 0) return;
  const wrong = firstOf({ field, counts }, (v) => !Number.isFinite(v));
  if (wrong < 0) return;
  throw new LanewiseError(
    'data',
    `${what}: ${placeOf(field, wrong)}, expected a finite number`,
    hint,
  );
}

/** Checks values against the loss's range. */
function checkValues(subject: Subject): void {
  const { field, loss, shape, what } = subject;
  const takes = loss.takes?.values;
  if (takes === 'none' || (takes === 'distributions' && !isLike(field.shape, shape)))
    return checkWholeLabels(subject);
  if (takes === 'distributions') return checkDistributions(subject);
  // Bytes are in 0 to 1.
  if ((takes !== 'shares' && takes !== 'sides') || field.values instanceof Uint8Array) return;
  const wrong = firstOf(subject, (v) =>
    takes === 'shares' ? !(v >= 0 && v <= 1) : v !== -1 && v !== 0 && v !== 1,
  );
  if (wrong < 0) return;
  throw new LanewiseError(
    'data',
    `${what}: ${placeOf(field, wrong)}, ${loss.kind} takes ${takes === 'shares' ? 'values from 0 to 1' : '-1 and 1, or 0 and 1'}`,
    hintOfValues(subject),
  );
}

function hintOfValues({ field, counts }: Subject): string {
  const all = (test: (value: number) => boolean) => allOf(field, counts, test);
  if (all((v) => v === -1 || v === 1))
    return 'map the labels -1 to 0, or take binaryHinge, which is made for -1 and 1';
  if (all((v) => v >= 0 && v <= 255 && Number.isInteger(v)))
    return `divide by 255, or give bytes (a Uint8Array) with as: 'values', which count v/255`;
  return 'meanSquaredError takes real values';
}

/** Refuses floats that have no distribution's shape for a loss of classes; labels are often given so. */
function checkWholeLabels({ what, field, counts, loss, shape, classes }: Subject): void {
  const isWhole = allOf(field, counts, (v) => Number.isInteger(v) && v >= 0 && v < classes);
  if (!isWhole && loss.takes!.values !== 'none') return;
  const hint = isWhole
    ? 'Int32Array.from(values) makes class indices of them'
    : allOf(field, counts, (v) => v === -1 || v === 1)
      ? 'binaryHinge takes -1 and 1'
      : 'meanSquaredError takes real values';
  const form = loss.takes!.values === 'none' ? '' : `, or values of shape ${showShape(shape)}`;
  throw new LanewiseError(
    'data',
    `${what}: values are a Float32Array of shape ${showShape(field.shape)}, ${loss.kind} takes class indices (an Int32Array or Uint8Array)${form}`,
    hint,
  );
}

/** Checks the probabilities of each position's classes. */
function checkDistributions({ what, field, counts, loss, shape, classes }: Subject): void {
  const { values } = field;
  const stride = shape.length === 3 ? shape[1]! * shape[2]! : 1;
  const unit = values instanceof Uint8Array ? 1 / 255 : 1;
  // Each byte is rounded.
  const tolerance = values instanceof Uint8Array ? classes / 255 : SUM_TOLERANCE;
  for (let from = 0; from < values.length; from += classes * stride) {
    for (let first = from; first < from + stride; first++) {
      let sum = 0;
      let least = 0;
      for (let c = 0; c < classes; c++) {
        const value = values[first + c * stride]!;
        sum += value * unit;
        if (value < least) least = value;
      }
      if ((least >= 0 && Math.abs(sum - 1) <= tolerance) || !countsAt(field, counts, first))
        continue;
      const isShare = allOf(field, counts, (v) => v * unit >= 0 && v * unit <= 1);
      throw new LanewiseError(
        'data',
        `${what}: the values of sample ${Math.floor(first / sizeOf(field.shape))} ${least < 0 ? `hold ${least}` : `add up to ${Number(sum.toPrecision(6))}`}, ${loss.kind} takes class indices, or probabilities that add up to 1`,
        unit < 1 && allOf(field, counts, (v) => v <= 1)
          ? 'bytes count v/255: give 0 and 255, or Float32Array.from(values)'
          : isShare
            ? 'binaryCrossEntropyWithLogits takes several answers of 0 or 1 at once'
            : 'meanSquaredError takes real values',
      );
    }
  }
}

/** Whether a target of values holds distributions over an output's classes. */
export function isDistribution(field: Field, shape: Shape): boolean {
  const classes = classesOf(shape);
  if (classes < 2 || !isLike(field.shape, shape)) return false;
  const loss = { kind: '', takes: { output: 'any', values: 'distributions' } } as Loss;
  try {
    checkDistributions({ what: '', field, counts: field.weights, loss, shape, classes });
    return true;
  } catch {
    return false;
  }
}

/** `NaN of sample 3`, `-1 of sample 3, value 2`. */
const placeOf = ({ values, shape }: Field, at: number): string =>
  `${values[at]} ${inSamples(sizeOf(shape))(at)}`;

type Examined = Pick<Subject, 'field' | 'counts'>;

/** The first value that counts and passes the test, or −1. */
const firstOf = ({ field, counts }: Examined, test: (value: number) => boolean): number =>
  field.values.findIndex((value, i) => test(value) && countsAt(field, counts, i));

const allOf = (
  field: Field,
  counts: Float32Array | undefined,
  test: (value: number) => boolean,
): boolean => firstOf({ field, counts }, (value) => !test(value)) < 0;
