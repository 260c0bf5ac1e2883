/**
 * The plan of a run linked for one worker. It has programs with addresses, the worker's own parts of the memory, and
 * everything that a step would otherwise look up, create or name.
 */
import type { Place } from '../data/transforms/draw.js';
import { link, type Bases, type LinkedProgram } from '../engine/link.js';
import { instantiate, type Kernels } from '../engine/wasm.js';
import { UNSEEDED } from '../feed/augment.js';
import { createColumnGathers, createGather, type Gather } from '../feed/gathers.js';
import type { DigestPlan } from './digests.js';
import { stepKey, type StepKey } from './jobs.js';
import { baseOf, type Region } from '../feed/layout.js';
import { CONTROL, createMeeting } from './meeting.js';
import { createMix, type Mix } from '../feed/mixup.js';
import { createNorms, type Norm } from '../feed/norms.js';
import type { RunPlan } from './run-plan.js';
import { slotBytes } from './slots.js';
import type { StepPlan } from './plan-steps.js';
import { ROOT, type Slot } from './shards.js';
import { sliceOf } from './parameters.js';

/** The gradients of samples [from, from + count), and the sums that can follow them. */
export interface LinkedShard {
  readonly program: LinkedProgram;
  /** What comes once the loss is known to be finite, if parameters are updated at once. */
  readonly updating?: LinkedProgram;
  /** Number of the shard in the minibatch. */
  readonly shard: number;
  readonly from: number;
  readonly count: number;
  readonly folds: LinkedProgram;
}

/** One worker's part of the gradients of a minibatch, or of some of its shards. */
export interface LinkedStep {
  readonly shards: readonly LinkedShard[];
  /** Sums across workers, on this worker's slice of the parameters. */
  readonly merges: LinkedProgram;
}

/** One worker's part of an update. */
export interface LinkedUpdate {
  /** Sums that all workers must have computed before; absent if the update needs none. */
  readonly sums?: LinkedProgram;
  readonly update: LinkedProgram;
  /** Writes the digest of what this worker has updated into a row; absent if the run has no digests. */
  readonly digest?: (row: number) => void;
}

/** The path of a data set's samples to this worker's leaves. */
export interface LinkedData {
  readonly gather: Gather;
  /** Norms of counts, measured over each minibatch, and over the whole data set. */
  readonly stepNorms: readonly Norm[];
  readonly wholeNorms: readonly Norm[];
}

export interface LinkedWorker {
  readonly plan: RunPlan;
  readonly rank: number;
  readonly meet: () => boolean;
  /** The linked plan for a minibatch, or a part of it; linked on first use. */
  stepOf(key: StepKey): LinkedStep;
  /** Absent if the run only evaluates. */
  readonly update?: LinkedUpdate;
  /** The program for a block of samples, linked on first use. */
  evaluationOf(size: number): LinkedProgram;
  readonly datasets: readonly LinkedData[];
  readonly mix: Mix | undefined;
  readonly floats: Float32Array;
  readonly control: Int32Array;
  /** The four words that seed random layers. */
  readonly randomness: Uint32Array;
  /** Rewritten for each shard. */
  readonly place: { -readonly [Key in keyof Place]: Place[Key] };
  /** First byte of the `order` region. */
  readonly order: number;
  /** Indices of the first floats of regions, and of the worker's own parts: its row of rates, its results. */
  readonly at: Readonly<
    Record<'rates' | 'metrics' | 'losses' | 'shares' | 'scores' | 'ownRates' | 'results', number>
  >;
}

/**
 * Links the plan for worker `rank`.
 * @param spins looks at the barrier before parking; 0 where workers outnumber cores.
 */
export function linkWorker(
  plan: RunPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  rank: number,
  spins: number,
): LinkedWorker {
  const kernels = instantiate(module, memory);
  const bases = basesOf(plan, rank);
  const programOf = createPrograms(plan, kernels, rank);
  const first = (name: string) => baseOf(plan.memory, name) / 4;
  return {
    plan,
    rank,
    meet: createMeeting(plan, memory, spins),
    stepOf: linkedOnce((key: StepKey) =>
      linkStep(plan, plan.steps[key]!, kernels, rank, programOf),
    ),
    update: plan.update && linkUpdate(plan, kernels, memory, rank),
    evaluationOf: linkedOnce((size: number) => link(plan.evaluations[size]!.calls, kernels, bases)),
    ...linkData(plan, kernels, memory, rank),
    floats: new Float32Array(memory.buffer),
    control: new Int32Array(memory.buffer, baseOf(plan.memory, 'control'), CONTROL.updating + 1),
    randomness: new Uint32Array(memory.buffer, bases.batch + plan.io.randomness, 4),
    place: { ...UNSEEDED },
    order: baseOf(plan.memory, 'order'),
    at: {
      rates: first('rates'),
      metrics: first('metrics'),
      losses: first('losses'),
      shares: first('shares'),
      scores: first('scores'),
      ownRates: bases.rates / 4,
      results: bases.results / 4,
    },
  };
}

/** Links each key once, on first use. */
function linkedOnce<Key, Linked>(make: (key: Key) => Linked): (key: Key) => Linked {
  const known = new Map<Key, Linked>();
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}

/** Links the gathering, measuring and mixing of samples. */
function linkData(
  plan: RunPlan,
  kernels: Kernels,
  memory: WebAssembly.Memory,
  rank: number,
): Pick<LinkedWorker, 'datasets' | 'mix'> {
  const batch = shareOf(plan, 'batch', rank);
  const gathers = createColumnGathers(
    plan.datasets,
    kernels,
    memory,
    shareOf(plan, 'augment', rank),
  );
  const datasets = plan.datasets.map((data, i) => ({
    gather: createGather(data, gathers[i]!, batch),
    stepNorms: createNorms(data.columns, kernels, memory, batch),
    wholeNorms: createNorms(data.columns, kernels, memory, batch),
  }));
  const mix =
    plan.mixup &&
    createMix(
      plan.mixup,
      kernels,
      plan.datasets[0]!.columns,
      gathers[0]!,
      plan.io,
      batch,
      shareOf(plan, 'mixup', rank),
    );
  return { datasets, mix };
}

/**
 * Segment bases of worker `rank`, with gradients at its slot 0. A worker that computes no samples gets the last
 * computing worker's, unused.
 */
function basesOf(plan: RunPlan, rank: number): Bases {
  const share = (name: string) => shareOf(plan, name, rank);
  const { base, bytes } = regionOf(plan, 'rate');
  return {
    parameters: regionOf(plan, 'parameters').base,
    state: regionOf(plan, 'state').base,
    gradients: gradientBase(plan, { rank: Math.min(rank, plan.gradientHands - 1), slot: 0 }),
    rates: base + (bytes / plan.workers) * rank,
    batch: share('batch'),
    results: share('results'),
    activations: share('activations'),
    workspace: share('workspace'),
  };
}

const regionOf = ({ memory }: RunPlan, name: string): Region =>
  memory.regions.find((region) => region.name === name)!;

const handOf = ({ hands }: RunPlan, rank: number): number => Math.min(rank, hands - 1);

/** The start of the worker's own part of a region. */
function shareOf(plan: RunPlan, name: string, rank: number): number {
  const { base, bytes } = regionOf(plan, name);
  return base + (bytes / plan.hands) * handOf(plan, rank);
}

/** Where the layout of a slot begins, though parameters that are updated at once have no gradients there. */
export const gradientBase = (plan: RunPlan, slot: Slot): number =>
  baseOf(plan.memory, 'gradients') + gradientOffset(plan, slot) - (plan.update?.atOnceBytes ?? 0);

/** The first byte of a slot in the `gradients` region. */
export const gradientOffset = (plan: RunPlan, { rank, slot }: Slot): number =>
  (rank * plan.gradientSlots + slot) * slotBytes(plan);

/** A shard's program, linked to a slot of gradients. */
type ShardProgram = Pick<LinkedShard, 'program' | 'updating'>;

/**
 * Links the program of shards of `count` samples of minibatches of `size` to a slot. Shards of a size share it, as do all
 * ranges of shards, of which a shared run may have hundreds.
 */
function createPrograms(
  plan: RunPlan,
  kernels: Kernels,
  rank: number,
): (size: number, count: number, slot: number) => ShardProgram {
  const bases = basesOf(plan, rank);
  const known = new Map<string, ShardProgram>();
  return (size, count, slot) => {
    const key = `${size} ${count} ${slot}`;
    const found = known.get(key);
    if (found) return found;
    const { calls, updatesFrom } = plan.steps[stepKey(size)]!.programs[count]!;
    const gradients = gradientBase(plan, { rank, slot });
    const linked = link(calls, kernels, { ...bases, gradients });
    const made = {
      program: linked.slice(0, updatesFrom),
      ...(updatesFrom === undefined ? {} : { updating: linked.slice(updatesFrom) }),
    };
    known.set(key, made);
    return made;
  };
}

function linkStep(
  plan: RunPlan,
  step: StepPlan,
  kernels: Kernels,
  rank: number,
  programOf: ReturnType<typeof createPrograms>,
): LinkedStep {
  const { schedule, range = [0], batch } = step;
  const { gradientBytes } = plan.parameters;
  const slotAt = (slot: number) => gradientBase(plan, { rank, slot });
  const shards: LinkedShard[] = [];
  let folds: (() => void)[] = [];
  for (const action of schedule.actions[rank]!) {
    if (action.kind === 'fold') {
      folds.push(linkSum(kernels, slotAt(action.to), slotAt(action.from), gradientBytes));
      continue;
    }
    const { from, count } = schedule.shards[action.shard]!;
    folds = [];
    const program = programOf(batch, count, action.slot);
    shards.push({ ...program, shard: range[0] + action.shard, from, count, folds });
  }
  const slice = plan.update?.slices[rank] ?? sliceOf(gradientBytes, rank, plan.workers);
  const merges = schedule.merges.map(({ to, from }) => {
    const [target, source] = [to, from].map((slot) => gradientBase(plan, slot) + slice.from);
    return linkSum(kernels, target!, source!, slice.bytes);
  });
  return { shards, merges };
}

function linkUpdate(
  plan: RunPlan,
  kernels: Kernels,
  memory: WebAssembly.Memory,
  rank: number,
): LinkedUpdate {
  const { sums, updates } = plan.update!;
  const bases = { ...basesOf(plan, rank), gradients: gradientBase(plan, ROOT) };
  return {
    ...(sums.length > 0 && { sums: link(sums[rank]!, kernels, bases) }),
    update: link(updates[rank]!, kernels, bases),
    ...(plan.digests && { digest: linkDigest(plan, plan.digests, kernels, memory, rank) }),
  };
}

function linkDigest(
  { workers }: RunPlan,
  { keys, rows, stretches }: DigestPlan,
  kernels: Kernels,
  memory: WebAssembly.Memory,
  rank: number,
): (row: number) => void {
  const sums = new Float64Array(memory.buffer, rows);
  return (row) => {
    const place = 2 * (row * workers + rank);
    sums.fill(0, place, place + 2);
    for (const { at, count, line } of stretches[rank]!)
      kernels.digest(at, count, line, keys, rows + place * 8);
  };
}

/** `to` += `from`, `bytes` of floats. */
const linkSum = (kernels: Kernels, to: number, from: number, bytes: number): (() => void) =>
  kernels.add.bind(null, to, from, to, bytes / 4);
