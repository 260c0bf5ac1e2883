/** Text generation with a trained sequence model: each character is drawn by the scores after the one before. */
import { checkOptions, natural, notNegative, quote, refuse, wholeFrom } from '../base/check.js';
import { exp } from '../base/arithmetic.js';
import { checkVocabulary, encodeText, type Vocabulary } from '../data/text.js';
import { relaxedMaddIsFused } from '../engine/features.js';
import { LanewiseError } from '../base/errors.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { createEvaluator } from '../step/compute-tensors.js';
import { randomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import { checkScores, checkTrained } from './check-weights.js';
import type { TrainedModel } from './trained-model.js';

/** Options of `generate`. */
export interface GenerateOptions {
  /** Characters to write; default 100. */
  readonly length?: number;
  /** Scores are divided by it: below 1 likely characters become likelier. 0 always takes the likeliest; default 1. */
  readonly temperature?: number;
  /** Only this many of the likeliest characters are drawn from; default all. */
  readonly topK?: number;
  /** The seed of the draws; default 1. */
  readonly seed?: number;
}

/**
 * Text that continues `prompt`, as a function of weights, prompt and options. The model takes tokens T and gives scores
 * T×V, of which those at the last character are used (the model must not look ahead: no bidirectional layers, causal
 * attention), or the V scores for the next one. It sees the last T characters; each costs one forward pass.
 * @param given the vocabulary; undefined uses the model's own, from its training text.
 * @throws LanewiseError kind 'argument' for options out of range and models of another form, kind 'data' for a prompt
 * that is empty, has characters that the vocabulary lacks, or is shorter than the window that V scores need.
 */
export async function generate(
  trained: TrainedModel,
  given: Vocabulary | undefined,
  prompt: string,
  options: GenerateOptions = {},
): Promise<string> {
  const {
    length = 100,
    temperature = 1,
    topK,
    seed = 1,
  } = checkOptions('generate', options, {
    length: natural,
    temperature: notNegative,
    topK: true,
    seed: natural,
  });
  const { model, weights, numerics } = checkTrained('generate', trained);
  const vocabulary = vocabularyFor(trained, given);
  if (typeof prompt !== 'string') refuse('generate', 'prompt', prompt, 'a text');
  const V = vocabulary.length;
  const most = topK ?? V;
  wholeFrom(1, V)('generate', 'topK', most);
  const { T, everyPlace } = checkForm(model, V);
  const tokens = [...encodeText(prompt, vocabulary)];
  const least = everyPlace ? 1 : T;
  if (tokens.length < least) {
    throw new LanewiseError(
      'data',
      `a prompt of ${tokens.length} characters, expected at least ${least}`,
    );
  }

  const graph = model.graph(1, 'evaluation');
  const [input] = [...graph.inputs.values()];
  const [output] = [...graph.outputs.values()];
  const leaves = [input!, ...graph.parameters.values()];
  const usable = numerics === 'fused' && !relaxedMaddIsFused() ? 'strict' : numerics;
  const evaluator = await createEvaluator([output!], leaves, { numerics: usable });
  for (const [name, leaf] of graph.parameters) evaluator.feed(leaf, weights.get(name)!);

  const random = randomStream(seed, purpose.text, 0);
  const window = new Int32Array(T);
  for (let i = 0; i < length; i++) {
    const seen = tokens.slice(-T);
    window.fill(0).set(seen);
    evaluator.feed(input!, window);
    const [scores] = evaluator.run();
    const place = everyPlace ? seen.length - 1 : 0;
    const row = scores!.subarray(place * V, (place + 1) * V);
    checkScores(row, weights);
    tokens.push(draw(row, temperature, most, random.uniform()));
  }
  return tokens
    .slice(tokens.length - length)
    .map((token) => vocabulary[token])
    .join('');
}

/** @throws LanewiseError kind 'argument' without one, and for another one than the model's. */
function vocabularyFor({ vocabulary: own }: TrainedModel, given?: Vocabulary): Vocabulary {
  const vocabulary = given ?? own;
  checkVocabulary('generate', vocabulary);
  const wrong = own?.findIndex((character, token) => vocabulary![token] !== character) ?? -1;
  if (wrong < 0) return vocabulary!;
  throw new LanewiseError(
    'argument',
    `generate: vocabulary has ${quote(vocabulary![wrong])} at ${wrong}, and the model was trained with ${quote(own![wrong])} there`,
    'undefined takes the model’s own: model.vocabulary',
  );
}

/** The window's length, and whether the model gives scores for each of its places. */
function checkForm(model: Model, V: number): { T: number; everyPlace: boolean } {
  const inputs = Object.values(model.architecture.inputs);
  const [shape] = [...model.outputs.values()];
  const [T] = inputs[0]!.shape;
  const everyPlace = shape!.length === 2;
  const fits =
    inputs.length === 1 &&
    inputs[0]!.shape.length === 1 &&
    inputs[0]!.vocabulary === V &&
    shape!.length <= 2 &&
    shape!.at(-1) === V &&
    (!everyPlace || shape![0] === T);
  if (fits) return { T: T!, everyPlace };
  const taken = inputs.map((input) => `${showShape(input.shape)} below ${input.vocabulary}`);
  throw new LanewiseError(
    'argument',
    `the model takes ${taken.join(', ')} and gives ${showShape(shape!)}, expected tokens T below ${V} and scores T×${V} or ${V}`,
  );
}

/** Draws a token: among the `most` highest scores, in proportion to e^(score/temperature); ties go in order. */
function draw(scores: Float32Array, temperature: number, most: number, uniform: number): number {
  const order = Array.from(scores.keys()).toSorted((a, b) => scores[b]! - scores[a]! || a - b);
  const highest = scores[order[0]!]!;
  if (temperature === 0) return order[0]!;
  const kept = order.slice(0, most);
  const shares = kept.map((token) => exp((scores[token]! - highest) / temperature));
  let rest = uniform * shares.reduce((sum, share) => sum + share, 0);
  const at = shares.findIndex((share) => (rest -= share) < 0);
  return kept[at < 0 ? 0 : at]!;
}
