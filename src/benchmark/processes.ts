/**
 * The workloads that are whole processes of this engine, Node, Deno or Bun (a page has none): the time to the first step,
 * and the memory.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Numerics } from '../engine/features.js';
import { LanewiseError } from '../base/errors.js';
import { summarize, summarizeTimes, timed } from './measure.js';
import type { benchmarkModels } from './models.js';
import type { Conditions, Workload } from './workload.js';

/** The task of a training process; `workers` as in `train`. */
export interface TrainingTask {
  readonly workload: keyof typeof benchmarkModels;
  readonly batch: number;
  /** Samples per epoch. */
  readonly steps: number;
  readonly epochs: number;
  readonly workers: number;
  readonly numerics: Numerics;
}

/** The least number of processes to measure. */
const LEAST_RUNS = 5;

/** The memory workload trains 256 steps; more do not raise the peak. */
const MEMORY_RUN = { workload: 'lenet5', steps: 64, epochs: 4 } as const;

/** The time of a process that does one step of mlp-b64; the note says how much more that is than an empty process. */
export const coldstart: Workload = async (conditions) => {
  const task = taskFor({ workload: 'mlp', steps: 1, epochs: 1 }, conditions);
  const times: number[] = [];
  const empty: number[] = [];
  const end = performance.now() + conditions.seconds * 1000;
  runProcess('training-process', task); // once, to have the files in the system's cache
  while (performance.now() < end || times.length < LEAST_RUNS) {
    empty.push(runProcess('empty-process', task).ms);
    times.push(runProcess('training-process', task).ms);
  }
  const timing = summarizeTimes(times);
  const more = timing.medianMs - summarizeTimes(empty).medianMs;
  const note = `${more.toFixed(1)} ms more than an empty process`;
  return { ...timed(timing, 'ms', (ms) => ms), gflops: 0, note };
};

/** The peak of resident memory of a process training lenet5-b64; times are those of the whole process. */
export const memory: Workload = async (conditions) => {
  const task = taskFor(MEMORY_RUN, conditions);
  const runs = Array.from({ length: LEAST_RUNS }, () => runProcess('training-process', task));
  const { median, spread } = summarize(runs.map(({ output }) => Number(output) / 1e6));
  const timing = summarizeTimes(runs.map(({ ms }) => ms));
  return {
    ...timing,
    value: median,
    unit: 'MB',
    spread,
    gflops: 0,
    note: 'peak of resident memory',
  };
};

const taskFor = (
  run: Pick<TrainingTask, 'workload' | 'steps' | 'epochs'>,
  { threads, numerics }: Conditions,
): TrainingTask => ({ ...run, batch: 64, workers: threads === 1 ? 0 : threads, numerics });

/** Runs one of the scripts beside this file to its end. @throws LanewiseError kind 'engine' if it fails. */
function runProcess(script: string, task: TrainingTask): { ms: number; output: string } {
  const file = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const start = performance.now();
  const { status, signal, error, stdout, stderr } = spawn(file, task);
  const ms = performance.now() - start;
  if (status === 0) return { ms, output: stdout! };
  const isRun = typeof status === 'number' || signal;
  const ended = isRun ? `exit ${status ?? signal}` : 'it may not be started';
  throw new LanewiseError(
    'engine',
    `a benchmark process failed: ${error?.message ?? (stderr?.trim() || ended)}`,
    isRun || !('Deno' in globalThis)
      ? undefined
      : 'Deno needs --allow-run and --allow-env for it, or -A',
    { cause: error },
  );
}

/** Deno throws, or leaves all fields out, if it may not start a process. */
function spawn(file: string, task: TrainingTask): Partial<SpawnSyncReturns<string>> {
  const args = [...engineFlags(task.numerics), file, JSON.stringify(task)];
  try {
    return spawnSync(process.execPath, args, { encoding: 'utf8' });
  } catch (error) {
    return { error: error as Error };
  }
}

/** The flags of this process, with the one for relaxed SIMD in Node before 22, which the command line sets late. */
function engineFlags(numerics: Numerics): string[] {
  const flag = '--experimental-wasm-relaxed-simd';
  const isMissing = /^v(18|20|21)\./.test(process.version) && numerics === 'fused';
  return isMissing ? [flag, ...process.execArgv.filter((arg) => arg !== flag)] : process.execArgv;
}
