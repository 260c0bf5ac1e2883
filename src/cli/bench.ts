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
  type ProfiledCall,
  type ProfiledSum,
} from '../benchmark/index.js';
import type { Numerics } from '../engine/features.js';
import { resolveNumerics } from '../training/checks.js';
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
    .option(
      '--threads <n>',
      'for products, training and whole processes; other workloads use one',
      wholeNumber(1),
      1,
    )
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
    const ofCeiling = found.gflops ? found.gflops / (bound.gflops * threads) : null;
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
  { value, unit, medianMs, minMs, note }: Measurement,
  ofCeiling: number | null,
): string {
  const digits = value >= 1000 ? 0 : 1;
  const cells = [
    name.padEnd(20),
    `${threads} ${threads === 1 ? 'thread ' : 'threads'}`,
    `${value.toFixed(digits).padStart(9)} ${unit.padEnd(8)}`,
    ofCeiling === null
      ? ''.padEnd(18)
      : `${(ofCeiling * 100).toFixed(0).padStart(3)} % of the bound`,
    `median ${medianMs.toFixed(3)} ms, least ${minMs.toFixed(3)} ms`,
    ...(note ? [note] : []),
  ];
  return cells.join('  ');
}

async function runProfiles(
  names: readonly string[],
  numerics: Numerics,
  { seconds, json }: Options,
): Promise<void> {
  const chosen = names.map((name) => [name, trainingOf(name)] as const);
  for (const [name, { model, batch }] of chosen) {
    const found = await profile(model, batch, { numerics, seconds });
    console.log(json ? JSON.stringify({ workload: name, numerics, ...found }) : table(name, found));
  }
}

/** A program's calls, the slowest first, then sums over kernels; percentages at the end are of the bound. */
function table(name: string, { program, microseconds, calls, kernels, total }: Profile): string {
  const rows = calls.toSorted((a, b) => b.microseconds - a.microseconds).map(callRow);
  return [
    `${name}, ${program}: ${microseconds.toFixed(0)} µs`,
    `${'time'.padStart(12)} ${'share'.padStart(7)}  ${'layer'.padEnd(16)} ${'kernel'.padEnd(22)} ${'speed'.padStart(14)}  of its bound`,
    ...rows,
    '',
    ...[...kernels, total].map(sumRow),
    '',
  ].join('\n');
}

const timeCells = (microseconds: number, share: number): string =>
  `${microseconds.toFixed(1).padStart(9)} µs ${percent(share, 1).padStart(7)}`;

const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;

function callRow(call: ProfiledCall): string {
  const speed =
    call.bound === 'arithmetic'
      ? `${call.gflops.toFixed(1)} GFLOP/s`
      : `${call.gigabytes.toFixed(1)} GB/s   `;
  const bound = `${percent(call.ofBound).padStart(5)} ${call.bound}`;
  return `${timeCells(call.microseconds, call.share)}  ${call.label.padEnd(16)} ${call.kernel.padEnd(22)} ${speed.padStart(14)} ${bound}`;
}

function sumRow({ kernel, calls, microseconds, share, gflops, ofBound }: ProfiledSum): string {
  const count = calls === 1 ? '1 call' : `${calls} calls`;
  const speed = gflops ? `${gflops.toFixed(1)} GFLOP/s` : '';
  return `${timeCells(microseconds, share)}  ${count.padEnd(16)} ${kernel.padEnd(22)} ${speed.padStart(14)} ${percent(ofBound).padStart(5)}`;
}
