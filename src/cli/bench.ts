/** `lanewise bench`: how fast this machine and engine are, one line a workload. */
import { cpus } from 'node:os';
import { Command } from 'commander';
import {
  isThreaded,
  profile,
  trainingOf,
  workloadFor,
  workloads,
  type Measurement,
  type Profile,
} from '../benchmark/index.js';
import type { Numerics } from '../engine/features.js';
import { resolveNumerics } from '../training/settings.js';
import { engineName } from './engine-name.js';
import { numericsOption, wholeNumber } from './options.js';

interface Options {
  readonly threads: number;
  readonly numerics?: Numerics;
  readonly seconds: number;
  readonly json?: boolean;
  readonly profile?: boolean;
}

export const benchCommand = (): Command =>
  new Command('bench')
    .description('measure workloads: products, training, inference')
    .argument('[workload...]', `of ${Object.keys(workloads).join(', ')} (all)`)
    .option('--threads <n>', 'for training; other workloads use one', wholeNumber(1), 1)
    .addOption(numericsOption())
    .option('--seconds <n>', 'to spend on a workload', wholeNumber(1), 2)
    .option('--profile', 'time each kernel call of a training workload’s shard')
    .option('--json', 'one JSON object a workload')
    .action(runBench);

async function runBench(names: readonly string[], options: Options): Promise<void> {
  const numerics = resolveNumerics(options.numerics);
  const { seconds, json } = options;
  const chosen = names.length ? names : Object.keys(workloads);
  if (options.profile) return runProfiles(names.length ? names : ['lenet5-b64'], numerics, options);
  const tasks = chosen.map((name) => [name, workloadFor(name)] as const);
  const bound = await workloads['ceiling']!({
    threads: 1,
    numerics,
    seconds: Math.min(seconds, 1),
  });
  const engine = engineName();
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  if (!json)
    console.log(
      `${cpu}, ${engine}, ${numerics} numerics, ${bound.gflops.toFixed(1)} GFLOP/s on registers\n`,
    );
  for (const [name, measure] of tasks) {
    const threads = isThreaded(name) ? options.threads : 1;
    const found = await measure({ threads, numerics, seconds });
    const ofCeiling = found.gflops / (bound.gflops * threads);
    if (json) {
      const { value, unit, medianMs, minMs } = found;
      console.log(
        JSON.stringify({
          workload: name,
          threads,
          value,
          unit,
          medianMs,
          minMs,
          ofCeiling,
          numerics,
          engine,
          cpu,
        }),
      );
    } else {
      console.log(line(name, threads, found, ofCeiling));
    }
  }
}

function line(
  name: string,
  threads: number,
  { value, unit, medianMs, minMs }: Measurement,
  ofCeiling: number,
): string {
  const digits = value >= 1000 ? 0 : 1;
  const cells = [
    name.padEnd(20),
    `${threads} ${threads === 1 ? 'thread ' : 'threads'}`,
    `${value.toFixed(digits).padStart(9)} ${unit.padEnd(8)}`,
    `${(ofCeiling * 100).toFixed(0).padStart(3)} % of the bound`,
    `median ${medianMs.toFixed(3)} ms, least ${minMs.toFixed(3)} ms`,
  ];
  return cells.join('  ');
}

async function runProfiles(
  names: readonly string[],
  numerics: Numerics,
  { seconds, json }: Options,
): Promise<void> {
  const chosen = names.map((name) => [name, trainingOf(name)] as const);
  const bound = await workloads['ceiling']!({ threads: 1, numerics, seconds: 1 });
  for (const [name, { model, batch }] of chosen) {
    const found = await profile(model, batch, { numerics, seconds });
    console.log(
      json
        ? JSON.stringify({ workload: name, numerics, ...found })
        : table(name, found, bound.gflops),
    );
  }
}

/** A program's calls, the slowest first. */
function table(name: string, { program, microseconds, calls }: Profile, bound: number): string {
  const rows = calls
    .toSorted((a, b) => b.microseconds - a.microseconds)
    .map((call) => {
      const speed = call.gflops
        ? `${call.gflops.toFixed(1).padStart(6)} GFLOP/s ${((call.gflops / bound) * 100).toFixed(0).padStart(3)} %`
        : '';
      const time = `${call.microseconds.toFixed(1).padStart(9)} µs ${(call.share * 100).toFixed(1).padStart(5)} %`;
      return `${time}  ${call.label.padEnd(16)} ${call.kernel.padEnd(22)} ${speed}`.trimEnd();
    });
  return [`${name}, ${program}: ${microseconds.toFixed(0)} µs`, ...rows, ''].join('\n');
}
