/** `lanewise bench`: how fast this machine and engine are, one line a workload. */
import { cpus } from 'node:os';
import { Command } from 'commander';
import { isThreaded, workloadFor, workloads, type Measurement } from '../benchmark/index.js';
import type { Numerics } from '../engine/features.js';
import { resolveNumerics } from '../training/settings.js';
import { numericsOption, wholeNumber } from './options.js';

interface Options {
  readonly threads: number;
  readonly numerics?: Numerics;
  readonly seconds: number;
  readonly json?: boolean;
}

export const benchCommand = (): Command =>
  new Command('bench')
    .description('measure workloads: products, training, inference')
    .argument('[workload...]', `of ${Object.keys(workloads).join(', ')} (all)`)
    .option('--threads <n>', 'for training; other workloads use one', wholeNumber(1), 1)
    .addOption(numericsOption())
    .option('--seconds <n>', 'to spend on a workload', wholeNumber(1), 2)
    .option('--json', 'one JSON object a workload')
    .action(runBench);

async function runBench(names: readonly string[], options: Options): Promise<void> {
  const numerics = resolveNumerics(options.numerics);
  const { seconds, json } = options;
  const chosen = names.length ? names : Object.keys(workloads);
  const tasks = chosen.map((name) => [name, workloadFor(name)] as const);
  const bound = await workloads['ceiling']!({
    threads: 1,
    numerics,
    seconds: Math.min(seconds, 1),
  });
  const engine = `node ${process.versions.node}`;
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
