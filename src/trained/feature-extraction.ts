/** A model's outputs for a whole data set, as a new data set: features for another net, or a teacher's logits. */
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
  /** Threads; default the machine's parallelism. No value depends on it. */
  readonly workers?: number;
  /** Default the trained model's; for a model that was not trained here, as in training. */
  readonly numerics?: Numerics;
}

/** An output's value for every sample, as the model gives it: logits where the loss turns it into probabilities. */
export async function outputsOf(
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

/** The trained model's rounding, where the engine has it. */
export function numericsOf(
  { numerics }: Pretrained & { readonly numerics?: Numerics },
  wanted?: Numerics,
): Numerics {
  if (wanted !== undefined) return wanted;
  return numerics === 'fused' ? defaultNumerics() : (numerics ?? pickNumerics());
}

/** The model, which must have all of its weights. @throws LanewiseError kind 'argument' for others. */
function complete(given: Pretrained): Pretrained {
  checkTrained('the model', given);
  checkWeights(given.model, given.weights);
  checkComplete(given.model, given.weights);
  return given;
}

/** Fields by name; an unnamed one is called `name`. */
const named = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key || name, field]));

/** A data set of these arrays with the weights and names of `samples`; labels become the target of `output`. */
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

/** Options of `encode`: which layer's output is computed, and how. */
export interface EncodeOptions extends ScoringOptions {
  /** The layer whose output is wanted (see `featuresOf`); default the model's first output. */
  readonly layer?: string;
}

/**
 * A model's output for each sample, as a data set with one input, `input`, and the targets and weights of `data`; labels
 * become the targets of `output`. A new head, or the next layer of a greedy pretraining, can be trained on it without
 * computing the features again in each epoch. Layers run in evaluation mode, and random transforms are drawn once, as in
 * validation.
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
  // A stream gives its labels only while it is read.
  const known = samples.source?.open ? await readAll(samples) : samples;
  const values = await outputsOf(model, weights, known, output!, {
    numerics: numericsOf(trained, numerics),
    workers,
  });
  return tensorsOf(known, 'output', { input: values });
}

/** The names of the teacher's classes, if the output is its first: scores of other classes would teach nonsense. */
function namesOfTeacher(teacher: Pretrained & DataDescription, output: string): NamesByTarget {
  const { classes, targetClasses, model } = teacher;
  if (targetClasses) return targetClasses;
  return classes && output === [...model.outputs.keys()][0] ? { [output]: classes } : {};
}

/** Options of `withTeacher`: which of the teacher's outputs is attached, and under which name. */
export interface TeacherOptions extends ScoringOptions {
  /** The teacher's output that is attached; default its first. */
  readonly output?: string;
  /** The name it is attached under; default `teacher`, as in `distillation`. */
  readonly target?: string;
}

/**
 * The data set with a teacher's outputs as a further target, computed once: logits for `distillation`. Samples and labels
 * become input and target under the teacher's names for them; an image folder is read into memory. Random transforms
 * stay, though the teacher saw them drawn once, as in validation. Labels become indices into the teacher's classes, if
 * it has names.
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
