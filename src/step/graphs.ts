/** The graphs that a run computes: losses, hits and gradients of a shard, losses and scores of a block. */
import { partials } from '../compiler/differentiate.js';
import { nameRefusals, ShapeError } from '../graph/op.js';
import { input, showShape, type Tensor } from '../graph/tensor.js';
import type { Mode, Model, ModelGraph } from '../layers/index.js';
import type { ByAnswer } from '../losses/define.js';
import type { Loss } from '../losses/loss-kinds.js';
import { targetOf, targetsOf, type LossTerm } from '../losses/terms.js';
import * as ops from '../ops/index.js';
import { matches } from '../optimizers/names.js';
import { inputLeaf, targetLeaf, WEIGHTS, type LeafName, type LeafSpec } from '../feed/column.js';
import { countsLeaf, normLeaf, normLeaves } from '../feed/counts.js';
import { partnerLeaf, REST, SHARE } from '../feed/mixup.js';

/** The output whose scores are wanted, and the loss that defines them. */
export interface Scored {
  readonly output: string;
  readonly loss?: Loss | undefined;
}

/** The common part of a run's graphs. */
export interface Task {
  readonly model: Model;
  /** Terms of the loss; empty if only scores are wanted, and nothing is compared. */
  readonly terms: readonly LossTerm[];
  readonly scored: Scored;
  /** The columns, with those that mixup adds if samples are mixed; the norms of counts come with their columns. */
  readonly columns: readonly LeafSpec[];
  /** Names of parameters and statistics that keep their values. */
  readonly freeze?: readonly string[];
  readonly quantization?: FakeQuantization | undefined;
}

/** The roundings of an int8 model in the graph of a float one: what `calibrate` of `lanewise/quantize` gives. */
export interface FakeQuantization {
  /** @throws LanewiseError kind 'argument' for another model than it was made for. */
  checkModel(owner: string, model: Model): void;
  /** The graph with rounded weights and values; its leaves stay the same tensors. */
  rounded(graph: ModelGraph): ModelGraph;
}

/** A model's graph and the gathered leaves: inputs, targets, weights. */
export interface FedGraph {
  readonly count: number;
  readonly graph: ModelGraph;
  readonly given: ReadonlyMap<LeafName, Tensor>;
}

/** The model's graph of `count` samples, and the leaves that the columns feed. */
export function fedGraph(
  {
    model,
    columns,
    freeze = [],
    quantization,
  }: Pick<Task, 'model' | 'columns' | 'freeze' | 'quantization'>,
  mode: Mode,
  count: number,
): FedGraph {
  const isFrozen = (name: string) => freeze.some((pattern) => matches(pattern, name));
  const exact = model.graph(count, mode, isFrozen);
  const graph = quantization?.rounded(exact) ?? exact;
  const given = new Map<LeafName, Tensor>(
    [...graph.inputs].map(([name, tensor]) => [inputLeaf(name), tensor]),
  );
  for (const { leaves, shape, dtype } of [...columns, ...normLeaves(columns)]) {
    const tensor = given.get(leaves[0]!) ?? input(leaves[0]!, [count, ...shape], dtype);
    for (const leaf of leaves) given.set(leaf, tensor);
  }
  return { count, graph, given };
}

/** Maps a leaf to the one that takes its place: the sample's own, or its partner's. */
type Side = (leaf: LeafName) => LeafName;

const own: Side = (leaf) => leaf;

/** A term's figure per sample, such as its loss, and per answer where that is defined. */
interface Figure {
  perSample(output: Tensor, target: Tensor): Tensor | undefined;
  byAnswer?: ((output: Tensor, target: Tensor) => Tensor | undefined) | undefined;
  /** How the figure per sample is reduced from those per answer. */
  readonly reduction?: ByAnswer['reduction'] | undefined;
  /**
   * Whether each answer is also multiplied by the number of answers over the sum of the weights, so that the samples'
   * mean is the mean over what counts; else the figure is divided by that of `weightOf`.
   */
  readonly isNormed: boolean;
}

/** A term's figure per sample. Where answers do not count equally, each is multiplied by its weight. */
function counted(
  { graph, given }: FedGraph,
  term: LossTerm,
  side: Side,
  figure: Figure,
): Tensor | undefined {
  const output = graph.outputs.get(term.output)!;
  const target = given.get(side(targetLeaf(targetOf(term))))!;
  const [ofSamples, ofAnswers] = [countsLeaf(term, 'samples'), countsLeaf(term, 'answers')];
  if (given.has(ofAnswers)) {
    const weights = given.get(side(ofAnswers))!;
    const figures = figure.byAnswer?.(output, target);
    // Some terms have no right answers.
    if (figure.byAnswer && !figures) return undefined;
    const found = figures?.shape[1] ?? 0;
    if (!figures || found !== weights.shape[1]) {
      throw new ShapeError(
        term.loss.kind,
        `target ${showShape(target.shape)} has weights for ${weights.shape[1]} values of a sample, of which the loss makes ${found || 'one answer together'}: expected one weight a sample`,
      );
    }
    const weighted = ops.multiply(figures, weights);
    const values = figure.reduction === 'sum' ? ops.sum(weighted, 1) : ops.mean(weighted, 1);
    return figure.isNormed ? ops.multiply(values, given.get(normLeaf(ofAnswers))!) : values;
  }
  const values = figure.perSample(output, target);
  const weights = given.get(side(ofSamples));
  if (!values || !weights) return values;
  const weighted = ops.multiply(values, weights);
  return figure.isNormed ? ops.multiply(weighted, given.get(normLeaf(ofSamples))!) : weighted;
}

/** How much each sample counts for a term; undefined if all count fully. */
function weightOf({ given }: FedGraph, term: LossTerm, side: Side): Tensor | undefined {
  const answers = given.get(side(countsLeaf(term, 'answers')));
  return answers ? ops.mean(answers, 1) : given.get(side(countsLeaf(term, 'samples')));
}

/** A product of factors that may be absent. */
const times = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined =>
  a && b ? ops.multiply(a, b) : (a ?? b);

/** Each sample's loss, the blend of the terms. */
function lossOf(fed: FedGraph, terms: readonly LossTerm[], side: Side): Tensor {
  const parts = terms.map((term) => {
    const { output, loss, weight } = term;
    const targetAt = (name: string) => fed.given.get(side(targetLeaf(name)))!;
    if (loss.whole) return loss.whole.losses(fed.graph.outputs, targetAt);
    const figure: Figure = {
      perSample: (y, target) => loss.perSample(y, target),
      byAnswer: loss.byAnswer?.losses,
      reduction: loss.byAnswer?.reduction,
      isNormed: true,
    };
    const value = nameRefusals(output, () => counted(fed, term, side, figure)!);
    return weight === 1 ? value : ops.scale(value, weight);
  });
  return parts.reduce((a, b) => ops.add(a, b));
}

/** The samples' losses, multiplied by their weights if there are any. */
function weightedLoss(fed: FedGraph, terms: readonly LossTerm[], side: Side): Tensor {
  const losses = lossOf(fed, terms, side);
  const weights = fed.given.get(side(WEIGHTS));
  return weights ? ops.multiply(losses, weights) : losses;
}

/** l·(value from the samples' own leaves) + (1 − l)·(value from their partners'), if the samples are mixed. */
function mixed<T extends Tensor | undefined>({ given }: FedGraph, of: (side: Side) => T): T {
  const [share, rest] = [given.get(SHARE), given.get(REST)];
  const first = of(own);
  const second = share && of(partnerLeaf);
  if (!first || !second) return first;
  return ops.add(ops.multiply(first, share), ops.multiply(second, rest!)) as T;
}

/** The samples' losses, weighted, mixed if the samples are, summed, and multiplied by `factor`. */
export function meanLoss(fed: FedGraph, terms: readonly LossTerm[], factor: number): Tensor {
  return ops.weightedSum(
    mixed(fed, (side) => weightedLoss(fed, terms, side)),
    factor,
  );
}

/**
 * The first term's share of right answers, where that is defined, multiplied by how much of them counts (`weightOf`).
 */
function hitsOf(fed: FedGraph, [first]: readonly LossTerm[], side: Side): Tensor | undefined {
  if (!first?.loss.hits) return undefined;
  const { loss } = first;
  return counted(fed, first, side, {
    perSample: (y, target) => loss.hits!(y, target),
    byAnswer: loss.byAnswer?.hits,
    isNormed: false,
  });
}

/** A shard of a minibatch of `batch`. */
export interface ShardGraph extends FedGraph {
  readonly batch: number;
  /** Its share of the minibatch's mean loss. */
  readonly mean: Tensor;
  readonly hits: Tensor | undefined;
  /** The denominator of the hits: how much each sample counts; undefined if all count the same. */
  readonly answers: Tensor | undefined;
  /** How much of each sample counts for any term; undefined if everything counts for some term. */
  readonly counting: Tensor | undefined;
  /** Gradients by parameter; undefined where the loss does not depend on it, as for an output without a loss. */
  readonly gradients: ReadonlyMap<string, Tensor | undefined>;
}

export function shardGraph(task: Task, count: number, batch: number): ShardGraph {
  const fed = fedGraph(task, 'training', count);
  const mean = meanLoss(fed, task.terms, 1 / batch);
  const names = task.model.parameters
    .filter(({ role }) => role === 'trained')
    .map(({ name }) => name);
  const found = partials(
    mean,
    names.map((name) => fed.graph.parameters.get(name)!),
  );
  const gradients = new Map(names.map((name, i) => [name, found[i]]));
  const { terms } = task;
  const weighted = (of: (side: Side) => Tensor | undefined) =>
    mixed(fed, (side) => times(of(side), fed.given.get(side(WEIGHTS))));
  const isScored = hitsOf(fed, terms, own) !== undefined;
  const hits = isScored ? weighted((side) => hitsOf(fed, terms, side)) : undefined;
  const answers = isScored ? weighted((side) => weightOf(fed, terms[0]!, side)) : undefined;
  const counting = mixed(fed, (side) => {
    const each = terms.map((term) => weightOf(fed, term, side));
    return each.every((one) => one !== undefined)
      ? each.reduce((a, b) => ops.add(a, b))
      : undefined;
  });
  return { ...fed, batch, mean, hits, answers, counting, gradients };
}

/** A block of samples to be scored. */
export interface BlockGraph extends FedGraph {
  /** One loss per sample; undefined if nothing is compared. */
  readonly losses: Tensor | undefined;
  readonly hits: Tensor | undefined;
  readonly scores: Tensor;
}

export function blockGraph(task: Task, count: number): BlockGraph {
  const fed = fedGraph(task, 'evaluation', count);
  const { scored } = task;
  // A target that only training needs, such as a teacher's, may be absent.
  const terms = task.terms.filter((term) =>
    targetsOf(term).every((name) => fed.given.has(targetLeaf(name))),
  );
  const output = fed.graph.outputs.get(scored.output)!;
  return {
    ...fed,
    losses: terms.length > 0 ? lossOf(fed, terms, own) : undefined,
    hits: hitsOf(fed, terms, own),
    scores: scored.loss?.scores(output) ?? output,
  };
}
