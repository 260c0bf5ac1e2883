/** The profile of a training step: each kernel call of one shard's gradient program is timed alone. */
import { samplesOf } from '../data/forms.js';
import { link, run, type Bases } from '../engine/link.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import type { Optimizer } from '../optimizers/index.js';
import { inputLeaf } from '../feed/column.js';
import { columnsOf } from '../feed/columns.js';
import { baseOf } from '../feed/layout.js';
import { gradientBase } from '../step/linked-plan.js';
import { planRun } from '../step/run-plan.js';
import { defaultShards, ROOT } from '../step/shards.js';
import { align, type KernelCall } from '../program/program.js';
import { timeCalls } from './measure.js';
import { blankData } from './blank-data.js';
import { ceiling } from './products.js';
import type { Conditions } from './workload.js';

export interface ProfiledCall {
  readonly label: string;
  readonly kernel: string;
  /** The mean time of one call, in microseconds. */
  readonly microseconds: number;
  /** The share of the program's time. */
  readonly share: number;
  /** Billions of multiplications and additions a second; 0 for kernels that only move data. */
  readonly gflops: number;
  /** Billions of bytes a second, if each tensor is read or written once. */
  readonly gigabytes: number;
  /** The bound of the call: arithmetic on registers, or a sum of vectors of as many bytes. */
  readonly bound: 'arithmetic' | 'memory';
  /** The time at that bound as a share of the time taken. */
  readonly ofBound: number;
}

/** All calls of one kernel, or of the program: their time, and the time their bounds allow. */
export interface ProfiledSum {
  readonly kernel: string;
  readonly calls: number;
  readonly microseconds: number;
  readonly share: number;
  readonly gflops: number;
  readonly ofBound: number;
}

export interface Profile {
  readonly program: string;
  /** The time of the program run as a whole, in microseconds: calls timed alone add the clock's own time. */
  readonly microseconds: number;
  readonly calls: readonly ProfiledCall[];
  /** One entry for each kernel, the slowest first. */
  readonly kernels: readonly ProfiledSum[];
  readonly total: ProfiledSum;
}

/** Runs of the whole program for warming up, and as many for the mean: fewer where one takes long. */
const MOST_RUNS = 100;
const WARM_SECONDS = 0.5;

/** Microseconds of a call, after some that are not counted. */
function meanTime(call: () => void): number {
  const begun = performance.now();
  let warm = 0;
  for (; warm < MOST_RUNS && performance.now() - begun < WARM_SECONDS * 1000; warm++) call();
  const start = performance.now();
  for (let i = 0; i < warm; i++) call();
  return ((performance.now() - start) / warm) * 1000;
}

/** What is profiled: a model, and how it is trained. */
export interface Profiled {
  readonly model: Model;
  readonly terms: readonly LossTerm[];
  readonly optimizer: Optimizer;
}

/** @throws LanewiseError kind 'argument' for a loss whose targets' form is not known; kind 'memory' beyond 4 GiB. */
export async function profile(
  { model, terms, optimizer }: Profiled,
  batch: number,
  { numerics, seconds }: Pick<Conditions, 'numerics' | 'seconds'>,
): Promise<Profile> {
  const plan = planRun({
    model,
    terms,
    numerics,
    workers: 1,
    datasets: [{ ...columnsOf(model, terms, samplesOf(blankData(model, terms, 1))), count: batch }],
    training: { optimizer, batch, shards: defaultShards(model, batch) },
  });
  const memory = allocateMemory(plan.memory.bytes, false);
  const kernels = instantiate(await loadModule(numerics, false), memory);
  const at = (name: string) => baseOf(plan.memory, name);
  const bases: Bases = {
    parameters: at('parameters'),
    state: at('state'),
    gradients: gradientBase(plan, ROOT),
    rates: at('rate'),
    batch: at('batch'),
    results: at('results'),
    activations: at('activations'),
    workspace: at('workspace'),
  };
  const { schedule, programs } = plan.steps[batch]!;
  const shardSamples = schedule.shards[0]!.count;
  kernels.randomUniform(bases.parameters, plan.parameters.bytes / 4, -0.1, 0.1, 1, 2, 3, 4);
  // Numbers, not tokens or targets, which stay zeros.
  for (const [name, { shape, vocabulary, lengths }] of Object.entries(model.architecture.inputs)) {
    if (vocabulary !== undefined || lengths !== undefined) continue;
    const at = bases.batch + plan.io.leaves.get(inputLeaf(name))!;
    kernels.randomUniform(at, shardSamples * sizeOf(shape), -1, 1, 1, 2, 3, 5);
  }

  const program = programs[shardSamples]!;
  const linked = link(program.calls, kernels, bases);
  const microseconds = meanTime(() => run(linked));

  const times = linked.map(() => 0);
  const end = performance.now() + seconds * 1000;
  let runs = 0;
  for (; performance.now() < end || runs === 0; runs++) {
    linked.forEach((call, i) => {
      const before = performance.now();
      call();
      times[i]! += performance.now() - before;
    });
  }
  const total = times.reduce((sum, ms) => sum + ms, 0);
  const bounds = await createBounds(numerics);
  const measured = program.calls.map((call, i) =>
    measuredCall(call, (times[i]! / runs) * 1000, times[i]! / total, bounds),
  );
  const kernelNames = [...new Set(measured.map(({ kernel }) => kernel))];
  return {
    program: program.name,
    microseconds,
    calls: measured,
    kernels: kernelNames
      .map((name) =>
        sumUp(
          name,
          measured.filter(({ kernel }) => kernel === name),
        ),
      )
      .toSorted((a, b) => b.microseconds - a.microseconds),
    total: sumUp('total', measured),
  };
}

/** The microseconds that arithmetic alone, and moving bytes alone, would take. */
interface Bounds {
  arithmetic(flops: number): number;
  memory(bytes: number): number;
}

const BOUND_SECONDS = 0.5;
const SUM_SECONDS = 0.01;

/** Measures the ceiling, and repeated sums y = a + b of 2ⁿ bytes in all, which stay in cache if they fit. */
async function createBounds(numerics: Conditions['numerics']): Promise<Bounds> {
  const { gflops } = await ceiling({ threads: 1, numerics, seconds: BOUND_SECONDS });
  const module = await loadModule(numerics, false);
  const speeds = new Map<number, number>();
  function sumSpeed(bytes: number): number {
    const part = align(bytes / 3);
    const [a, b, y] = [0, 1, 2].map((i) => FIRST_FREE_BYTE + i * part);
    const kernels = instantiate(module, allocateMemory(FIRST_FREE_BYTE + 3 * part, false));
    const sum = () => kernels.add(a!, b!, y!, part / 4);
    return (3 * part) / timeCalls(sum, SUM_SECONDS).medianMs / 1e3;
  }
  return {
    arithmetic: (flops) => flops / gflops / 1e3,
    memory(bytes) {
      const size = 2 ** Math.max(8, 32 - Math.clz32(bytes));
      const speed = speeds.get(size) ?? sumSpeed(size);
      speeds.set(size, speed);
      return bytes / speed;
    },
  };
}

function measuredCall(
  { label, kernel, flops, bytes = 0 }: KernelCall,
  microseconds: number,
  share: number,
  bounds: Bounds,
): ProfiledCall {
  const [arithmetic, memory] = [bounds.arithmetic(flops), bounds.memory(bytes)];
  return {
    label,
    kernel,
    microseconds,
    share,
    gflops: flops / microseconds / 1e3,
    gigabytes: bytes / microseconds / 1e3,
    bound: arithmetic >= memory ? 'arithmetic' : 'memory',
    ofBound: Math.max(arithmetic, memory) / microseconds,
  };
}

function sumUp(kernel: string, calls: readonly ProfiledCall[]): ProfiledSum {
  const sum = (of: (call: ProfiledCall) => number) => calls.reduce((total, c) => total + of(c), 0);
  const microseconds = sum((call) => call.microseconds);
  return {
    kernel,
    calls: calls.length,
    microseconds,
    share: sum(({ share }) => share),
    gflops: sum((call) => call.gflops * call.microseconds) / microseconds,
    ofBound: sum((call) => call.ofBound * call.microseconds) / microseconds,
  };
}
