/** A model's outputs for a whole data set, as arrays of a new one: features for another net, a teacher's logits. */
import { pickNumerics } from '../engine/numerics.js';
import { machineParallelism } from '#platform/threads';
import { checkOptions, text } from '../base/check.js';
import type { AnyDataset, Field, TensorDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import type { Fields, Samples } from '../data/samples.js';
import { matchClasses } from '../data/class-names.js';
import type { NamesByTarget } from '../data/target-names.js';
import { LanewiseError } from '../base/errors.js';
import { defaultNumerics, type Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { readAll } from '../crew/load.js';
import { createSession, type Weights } from '../crew/session.js';
import type { DataDescription } from './data-description.js';
import { featuresOf, type Pretrained } from './fine-tuning.js';
import {
  checkTrained,
  checkComplete,
  checkWeights,
  checkScores,
  numericsName,
  workerCount,
} from './check-weights.js';

interface ScoringOptions {
  /** Default the machine's parallelism; no value depends on it. */
  readonly workers?: number;
  /** Default the trained model's; of a model that was not trained here as in training. */
  readonly numerics?: Numerics;
}

/** Every sample's value of an output, as the model gives it: logits where the loss makes probabilities of them. */
async function outputsOf(
  model: Model,
  weights: Weights,
  data: Samples,
  output: string,
  { numerics, workers }: { readonly numerics: Numerics; readonly workers: number },
): Promise<Field> {
  const session = await createSession({
    model,
    terms: [],
    scored: { output },
    numerics,
    workers,
    datasets: [data],
  });
  try {
    session.writeWeights(weights);
    const { scores } = await session.evaluate(0, true);
    checkScores(scores, weights);
    return { shape: model.outputs.get(output)!, values: scores };
  } finally {
    await session.close();
  }
}

/** The rounding of a trained model, where the engine can. */
function numericsOf(
  { numerics }: Pretrained & { readonly numerics?: Numerics },
  wanted: Numerics | undefined,
): Numerics {
  if (wanted !== undefined) return wanted;
  return numerics === 'fused' ? defaultNumerics() : (numerics ?? pickNumerics());
}

/** A model with all of its weights. @throws LanewiseError kind 'argument' for others. */
function complete(given: Pretrained): Pretrained {
  checkTrained('the model', given);
  checkWeights(given.model, given.weights);
  checkComplete(given.model, given.weights);
  return given;
}

/** Fields by name, the unnamed one by `name`. */
const named = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key || name, field]));

/** Arrays by name, with the weights and names of `samples`; labels are the target of `output`. */
function tensorsOf(samples: Samples, output: string, inputs: Fields): TensorDataset {
  const { name, targets, weights, classes, table, origin } = samples;
  return {
    name,
    inputs,
    targets: named(targets, output),
    ...(weights ? { weights } : {}),
    ...(classes ? { classes } : {}),
    ...(table ? { table } : {}),
    ...(origin ? { origin } : {}),
  };
}

/** Which layer's output, and how it is computed. */
export interface EncodeOptions extends ScoringOptions {
  /** The layer whose output is wanted (see `featuresOf`); default the model's first output. */
  readonly layer?: string;
}

/**
 * What a model makes of each sample, as a data set of one input, `input`, with the targets and weights of `data`;
 * labels become the targets of `output`. What follows can be trained on it alone, without computing the features
 * again in each epoch: a new head, or the next layer of a greedy pretraining. Layers are as in evaluation; of random
 * transforms one drawing is seen, as in validation.
 * @throws LanewiseError as `featuresOf` and as a prediction.
 */
export async function encode(
  from: Pretrained,
  data: AnyDataset,
  options: EncodeOptions = {},
): Promise<TensorDataset> {
  const {
    layer,
    workers = machineParallelism(),
    numerics,
  } = checkOptions('encode', options, {
    layer: text,
    workers: workerCount,
    numerics: numericsName,
  });
  const trained = complete(from);
  const { model, weights } = layer === undefined ? trained : featuresOf(trained, layer);
  const [output] = model.outputs.keys();
  const samples = samplesOf(data);
  // A stream says labels only as it is read.
  const known = samples.source?.open ? await readAll(samples) : samples;
  const values = await outputsOf(model, weights, known, output!, {
    numerics: numericsOf(trained, numerics),
    workers,
  });
  return tensorsOf(known, 'output', { input: values });
}

/** The names of what the output scores, if it is the teacher's first: scores of other classes would teach nonsense. */
function namesOfTeacher(teacher: Pretrained & DataDescription, output: string): NamesByTarget {
  const { classes, targetClasses, model } = teacher;
  if (targetClasses) return targetClasses;
  return classes && output === [...model.outputs.keys()][0] ? { [output]: classes } : {};
}

/** Which of the teacher's outputs, under which name. */
export interface TeacherOptions extends ScoringOptions {
  /** The teacher's output that is attached; default its first. */
  readonly output?: string;
  /** The name it is attached under; default `teacher`, as in `distillation`. */
  readonly target?: string;
}

/**
 * The data set with a teacher's outputs as a further target, computed once: logits for `distillation`. Samples and
 * labels become input and target by the names that the teacher has for them; an image folder is read into memory.
 * Random transforms stay, and the teacher has seen one drawing of them, as in validation. Labels become indices into the
 * teacher's classes, if it has names.
 * @throws LanewiseError kind 'data' for classes that the teacher does not know; kind 'argument' if the teacher has no such output or the data set such a target already.
 */
export async function withTeacher(
  teacher: Pretrained,
  data: AnyDataset,
  options: TeacherOptions = {},
): Promise<TensorDataset> {
  const {
    output,
    target = 'teacher',
    workers = machineParallelism(),
    numerics,
  } = checkOptions('withTeacher', options, {
    output: text,
    target: text,
    workers: workerCount,
    numerics: numericsName,
  });
  const { model, weights } = complete(teacher);
  const [first] = model.outputs.keys();
  const wanted = output ?? first!;
  if (!model.outputs.has(wanted)) {
    throw new LanewiseError(
      'argument',
      `the teacher has no output '${wanted}', expected one of ${[...model.outputs.keys()].join(', ')}`,
    );
  }
  const same = matchClasses(samplesOf(data), namesOfTeacher(teacher, wanted), 'the teacher');
  const known = await readAll(same);
  const [input] = Object.keys(model.architecture.inputs);
  const fields = tensorsOf(known, wanted, named(known.inputs, input!));
  if (Object.hasOwn(fields.targets, target)) {
    throw new LanewiseError('argument', `data set '${data.name}' has a target '${target}' already`);
  }
  const values = await outputsOf(model, weights, known, wanted, {
    numerics: numericsOf(teacher, numerics),
    workers,
  });
  return { ...fields, targets: { ...fields.targets, [target]: values } };
}
