/** Checks when a run meets its data: outputs unfit for the loss, zero weights, values that are not finite. */
import { checkFinite, inSamples } from '../base/check-values.js';
import { inputOf, targetNamed, UNNAMED, type Samples } from '../data/samples.js';
import { areNumbers, hasClasses, namesByTarget } from '../data/target-names.js';
import { LanewiseError } from '../base/errors.js';
import type { Gives } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { functionLoss } from '../losses/function.js';
import { constructorName } from '../losses/loss-kinds.js';
import { lossTerms, targetOf, type LossSetting, type LossTerm } from '../losses/terms.js';
import { isDistribution, isLike } from './check-targets.js';
import type { Column } from './column.js';
import { targetForms } from './target-columns.js';
import { isCounts } from './counts.js';

/**
 * @param isTraining whether the model is trained on this data
 * @throws LanewiseError naming the mismatch and the remedy.
 */
export function checkFit(
  model: Model,
  terms: readonly LossTerm[],
  data: Samples,
  columns: readonly Column[],
  isTraining: boolean,
): void {
  checkOutputs(model, terms);
  checkWeighed(data, columns);
  checkInputs(model, data);
  if (isTraining) for (const term of terms) checkQuantities(data, term);
}

/** The range of the op that made a tensor, seen through ops that preserve it, and the op's name. */
function madeBy({ source }: Tensor): { readonly name: string; readonly gives?: Gives } | undefined {
  if (source.kind !== 'op') return undefined;
  const { op, inputs, attributes } = source;
  const gives = typeof op.gives === 'function' ? op.gives(attributes) : op.gives;
  if (gives !== 'inputs') return { name: (attributes as { kind?: string }).kind ?? op.name, gives };
  const [first, ...others] = Object.values(inputs).map(madeBy);
  return others.every((other) => other?.name === first?.name) ? first : undefined;
}

/** Checks that losses of probabilities or logits do not get the other. */
export function checkOutputs(model: Model, terms: readonly LossTerm[]): void {
  const wanting = terms.filter(({ loss }) => loss.takes && loss.takes.output !== 'any');
  if (wanting.length === 0) return;
  const { outputs } = model.graph(1, 'evaluation');
  for (const { loss, output } of wanting) {
    const { name: made = '', gives } = madeBy(outputs.get(output)!) ?? {};
    const takes = loss.takes!.output;
    if (takes === 'probabilities' && gives === 'reals') {
      throw new LanewiseError(
        'argument',
        `${loss.kind} takes probabilities, and output '${output}' gives scores, not probabilities: it ends with ${made}`,
        `end with sigmoid(), or take ${loss.kind}WithLogits`,
      );
    }
    if (made === 'softmax' && outputs.get(output)!.shape.at(-1) === 1) {
      throw new LanewiseError(
        'argument',
        `output '${output}' ends with softmax of one value, which is 1 for every value`,
        'end with sigmoid() in its place for yes or no, or with one output a class',
      );
    }
    const isDouble = takes.startsWith('logits') && gives === 'shares';
    if (!isDouble) continue;
    throw new LanewiseError(
      'argument',
      `${loss.kind} makes probabilities of scores itself, and output '${output}' already ends with ${made}`,
      takes === 'logits'
        ? `leave ${made} out, or take binaryCrossEntropy`
        : `leave ${made} out: predictions are probabilities with this loss`,
    );
  }
}

/** Checks that something counts, since the mean over nothing does not exist. */
function checkWeighed(data: Samples, columns: readonly Column[]): void {
  if (data.weights?.every((weight) => weight === 0)) {
    throw new LanewiseError(
      'data',
      `the weights of data set '${data.name}' are all 0`,
      'at least one sample must count',
    );
  }
  for (const { leaves, values } of columns.filter(isCounts)) {
    if (values.some((weight) => weight > 0)) continue;
    const target = leaves[0]!.split(' ').slice(3).join(' ');
    throw new LanewiseError(
      'data',
      `nothing of target '${target}' of data set '${data.name}' counts: its weights are 0, or its labels ignored, everywhere`,
      'leave the target’s loss out, or give the target values that count',
    );
  }
}

/** Checks that all values of inputs are finite, sample by sample. */
export function checkInputs(model: Model, data: Samples): void {
  for (const name of Object.keys(model.architecture.inputs)) {
    const field = inputOf(data, name);
    if (!field) continue;
    checkFinite(
      'data',
      `data set '${data.name}'${data.inputs[UNNAMED] ? '' : `, input '${name}'`}`,
      field.values,
      'leave the sample out (subset), or put a number there; impute does that for tables',
      inSamples(sizeOf(field.shape)),
    );
  }
}

/** From this many different values on, whole numbers may be quantities. */
const MANY_CLASSES = 32;
/** Mean number of samples per class below which a class cannot be learned. */
const SAMPLES_PER_CLASS = 3;

/** Refuses whole numbers that are plainly quantities, unless they are declared as classes. */
function checkQuantities(data: Samples, term: LossTerm): void {
  // A loss function may take numbers.
  if (term.loss.whole) return;
  const name = targetOf(term);
  const field = targetNamed(data, name, term.output)!;
  const isLabels = field === data.targets[UNNAMED];
  if (!hasClasses(field) || field.as !== undefined) return;
  const names = namesByTarget(data)[isLabels ? UNNAMED : name];
  // Numbers as names declare nothing.
  if (names && !areNumbers(names)) return;
  const { length } = field.values;
  const different = new Set<number>(field.values).size;
  if (different <= MANY_CLASSES || length >= different * SAMPLES_PER_CLASS) return;
  throw new LanewiseError(
    'data',
    `data set '${data.name}': target '${name}' has ${different} different whole numbers in ${length}, as quantities have, and not classes`,
    `quantities are a Float32Array, for meanSquaredError; if these are classes, ${isLabels ? 'give them names (classes)' : `say as: 'classes' beside the values`}`,
  );
}

/**
 * The losses of a run whose settings name none: `crossEntropy`, and `meanSquaredError` for outputs whose targets are
 * values of their shape but not distributions over classes.
 */
export function defaultTerms(
  model: Model,
  data: Samples,
  setting: LossSetting | undefined,
): LossTerm[] {
  const outputs = [...model.outputs.keys()];
  if (typeof setting === 'function' && !constructorName(setting)) {
    const loss = functionLoss(setting, model.outputs, targetForms(data));
    return [{ output: outputs[0]!, loss, weight: 1 }];
  }
  if (setting !== undefined) return lossTerms(setting, outputs);
  const lossOf = (output: string) => {
    const field = targetNamed(data, output, output);
    const shape = model.outputs.get(output)!;
    const isReal = field && !hasClasses(field) && isLike(field.shape, shape);
    return isReal && !isDistribution(field, shape) ? 'meanSquaredError' : 'crossEntropy';
  };
  return lossTerms(Object.fromEntries(outputs.map((name) => [name, lossOf(name)])), outputs);
}
