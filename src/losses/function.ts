/**
 * Losses that users write as functions of all outputs and targets, with the ops that layers are made of. They are part
 * of the graph, like every other loss; threads receive programs, never the function.
 */
import { quote } from '../base/check.js';
import { LanewiseError, nearest, show } from '../base/errors.js';
import { nameRefusals } from '../graph/op.js';
import {
  input,
  isTensor,
  showShape,
  sizeOf,
  type DType,
  type Shape,
  type Tensor,
} from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { Loss } from './define.js';

/** Tensors by the names of a model's outputs, or of a data set's targets; the samples are on axis 0. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/**
 * A loss of one's own. It maps the model's outputs and the targets, by name, to one value per sample (n, or n×1), whose
 * mean over a minibatch, each times its sample's weight, is minimised. It is called while graphs are built, several
 * times and with different numbers of samples, so it must do nothing but apply `ops`.
 */
export type LossFunction = (outputs: NamedTensors, targets: NamedTensors) => Tensor;

/** The form of one sample's target. */
export interface TargetForm {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The kind of function losses, in descriptions and files. */
const KIND = 'function';

/** Number of samples that a function is tried with, one that is rarely an extent of a model. */
const TRIED = 5;

/**
 * The loss made of the function `source`, for a model with these outputs, and those of these targets that it reads.
 * @throws LanewiseError if the function throws, asks for an unknown name, or does not return one value a
 * sample that depends on an output.
 */
export function functionLoss(
  source: LossFunction,
  outputs: ReadonlyMap<string, Shape>,
  targets: ReadonlyMap<string, TargetForm>,
): Loss {
  const leaf = (name: string, shape: Shape, dtype: DType = 'f32') =>
    [name, input(name, [TRIED, ...shape], dtype)] as const;
  const given = new Map([...outputs].map(([name, shape]) => leaf(name, shape)));
  const known = new Map([...targets].map(([name, { shape, dtype }]) => leaf(name, shape, dtype)));
  const read = new Set<string>();
  const losses = evaluate(
    source,
    given,
    named('target', known, (name) => read.add(name)),
    TRIED,
  );
  if (!isDerivedFrom(losses, new Set(given.values()))) {
    throw new LanewiseError(
      'argument',
      `loss: the function's result has no gradient by an output (${[...given.keys()].map(quote).join(', ')})`,
    );
  }
  const names = [...targets.keys()].filter((name) => read.has(name));
  return {
    ...untold(names, 'the loss is a function of all outputs and targets'),
    source: source.toString(),
    whole: {
      targets: names,
      losses: (all, targetOf) => {
        const count = all.values().next().value!.shape[0]!;
        const theirs = new Map(names.map((name) => [name, targetOf(name)]));
        return evaluate(source, all, named('target', theirs), count);
      },
    },
  };
}

function untold(targets: readonly string[], why: string, hint?: string): Loss {
  const refuse = (): never => {
    throw new LanewiseError('argument', why, hint);
  };
  return {
    kind: KIND,
    settings: { targets },
    gives: 'figures',
    finds: 'values',
    perSample: refuse,
    scores: (output) => output,
    whole: { targets, losses: refuse },
  };
}

/**
 * A function loss as a file describes it: that there was one, and which targets it read. It cannot be computed.
 * @throws LanewiseError for other settings than those of a function loss.
 */
export function readFunctionLoss({ targets }: Readonly<Record<string, unknown>>): Loss {
  if (Array.isArray(targets) && targets.every((name) => typeof name === 'string'))
    return untold(
      targets,
      'the loss is a function, which files do not keep',
      'predict works, and train with the weights and the function given',
    );
  throw new LanewiseError('argument', `${KIND}: targets are ${show(targets)}, expected names`);
}

export const isFunctionKind = (kind: unknown): boolean => kind === KIND;

/** The function's result for `count` samples, one value each. */
function evaluate(
  source: LossFunction,
  outputs: ReadonlyMap<string, Tensor>,
  targets: NamedTensors,
  count: number,
): Tensor {
  let found: unknown;
  try {
    found = nameRefusals('loss', () => source(named('output', outputs), targets));
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    throw new LanewiseError('argument', `loss: the function threw ${String(error)}`, undefined, {
      cause: error,
    });
  }
  return checkResult(found, count);
}

/** @throws LanewiseError unless it is one value per sample. */
function checkResult(found: unknown, count: number): Tensor {
  const refuse = (what: string, hint?: string): never => {
    throw new LanewiseError(
      'argument',
      `loss: the function returned ${what}, expected one value for each of the ${count} samples that it is tried with`,
      hint,
    );
  };
  if (!isTensor(found))
    return refuse(
      found instanceof Promise ? 'a promise' : show(found),
      found === undefined ? 'a function with braces needs return' : undefined,
    );
  const { shape, dtype } = found;
  if (dtype !== 'f32') return refuse('whole numbers', 'ops.toFloats converts them');
  if (shape[0] === count && sizeOf(shape) === count) return ops.reshape(found, [count]);
  return refuse(
    showShape(shape),
    'sums and means over all axes but axis 0, such as ops.mean(x, 1), leave one each; their mean is taken for you',
  );
}

/** The tensors as properties, all of them or those of one name; unknown names are refused. */
function named(
  role: 'output' | 'target',
  tensors: ReadonlyMap<string, Tensor>,
  onRead: (name: string) => void = () => {},
): NamedTensors {
  const names = [...tensors.keys()];
  const properties = names.map((name) => {
    const get = () => {
      onRead(name);
      return tensors.get(name)!;
    };
    return [name, { enumerable: true, get }] as const;
  });
  const object = Object.create(null, Object.fromEntries(properties)) as NamedTensors;
  return new Proxy(object, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name) as Tensor;
      const there =
        names.length > 0 ? `expected one of ${names.map(quote).join(', ')}` : 'there is none';
      throw new LanewiseError(
        'argument',
        `loss: the function asks for ${role} '${name}', ${there}`,
        nearest(name, names),
      );
    },
  });
}

/** Whether gradients reach one of the leaves. */
function isDerivedFrom(of: Tensor, leaves: ReadonlySet<Tensor>): boolean {
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): boolean => {
    if (leaves.has(tensor)) return true;
    const { source } = tensor;
    if (seen.has(tensor) || source.kind !== 'op') return false;
    seen.add(tensor);
    const { op, inputs } = source;
    return (
      op.backward !== undefined && op.name !== 'stopGradient' && Object.values(inputs).some(visit)
    );
  };
  return visit(of);
}
