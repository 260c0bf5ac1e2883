/** Where a training step's time goes: one shard's gradient program, each kernel call timed alone. */
import { link, run, type Bases } from '../engine/link.js';
import { allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { baseOf } from '../parallel/layout.js';
import { planRun } from '../parallel/plan.js';
import { defaultShards } from '../parallel/shards.js';
import type { BenchmarkModel } from './models.js';
import type { Conditions } from './workload.js';

export interface ProfiledCall {
  readonly label: string;
  readonly kernel: string;
  /** Mean of one call, in microseconds. */
  readonly microseconds: number;
  /** Of the program's time. */
  readonly share: number;
  /** Thousand million multiplications and additions a second; 0 for kernels that only move data. */
  readonly gflops: number;
}

export interface Profile {
  readonly program: string;
  /** The program run as a whole, in microseconds: calls timed alone add the clock's own time. */
  readonly microseconds: number;
  readonly calls: readonly ProfiledCall[];
}

/** Runs of the whole program between two looks at the clock, for warming up and for the mean. */
const WARM_RUNS = 100;

export async function profile(
  { create, loss, optimizer }: BenchmarkModel,
  batch: number,
  { numerics, seconds }: Pick<Conditions, 'numerics' | 'seconds'>,
): Promise<Profile> {
  const model = create();
  const plan = planRun({
    model,
    loss,
    numerics,
    workers: 1,
    datasets: [{ count: batch, shape: model.architecture.input.shape, isBytes: true }],
    training: { optimizer, batch, shards: defaultShards(model, batch) },
  });
  const memory = allocateMemory(plan.memory.bytes, false);
  const kernels = instantiate(await loadModule(numerics, false), memory);
  const at = (name: string) => baseOf(plan.memory, name);
  const bases: Bases = {
    parameters: at('parameters'),
    state: at('state'),
    gradients: at('gradients'),
    rates: at('rate'),
    batch: at('batch'),
    results: at('results'),
    activations: at('activations'),
    workspace: at('workspace'),
  };
  kernels.randomUniform(bases.parameters, plan.parameters.bytes / 4, -0.1, 0.1, 1, 2, 3, 4);
  kernels.randomUniform(bases.batch, plan.io.labels / 4, -1, 1, 1, 2, 3, 5);

  const { schedule, programs } = plan.steps[batch]!;
  const program = programs[schedule.shards[0]!.count]!;
  const linked = link(program.calls, kernels, bases);
  for (let i = 0; i < WARM_RUNS; i++) run(linked);
  const start = performance.now();
  for (let i = 0; i < WARM_RUNS; i++) run(linked);
  const microseconds = ((performance.now() - start) / WARM_RUNS) * 1000;

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
  const calls = program.calls.map(({ label, kernel, flops }, i) => ({
    label,
    kernel,
    microseconds: (times[i]! / runs) * 1000,
    share: times[i]! / total,
    gflops: flops / ((times[i]! / runs) * 1e6),
  }));
  return { program: program.name, microseconds, calls };
}
