/**
 * The command `lanewise bench`: measures how fast this machine and engine are, one line a workload, or compares two
 * results.
 */
import { dirname } from 'node:path';
import { machineParallelism } from '#platform/threads';
import { Command } from 'commander';
import { processes, profile, workloadFor, workloads } from '../benchmark/index.js';
import { printResults, resultsOf, type Circumstances, type Row } from '../benchmark/results.js';
import { createSuite } from '../benchmark/suite.js';
import type { Numerics } from '../engine/features.js';
import { LanewiseError } from '../base/errors.js';
import { ensureReplaceable, ensureWritableFolder, writeFileAtomic } from '../node/atomic.js';
import { pickNumerics } from '../engine/numerics.js';
import { version } from '../base/version.js';
import { compareFiles } from './bench-compare.js';
import { profiledNamed, profileTable } from './bench-profile.js';
import { cpuModel, engineOfProcess } from '../node/engine-name.js';
import { numericsOption, positive, wholeNumber } from './options.js';

interface Options {
  readonly threads: number;
  readonly numerics?: Numerics;
  readonly seconds: number;
  /** True for lines on standard output, else a file. */
  readonly json?: true | string;
  readonly profile?: boolean;
  readonly batch?: number;
  readonly compare?: boolean;
}

export const benchCommand = (): Command =>
  new Command('bench')
    .description('measure workloads: products, training, inference; or compare two results')
    .argument(
      '[workload...]',
      `of ${Object.keys(workloads).join(', ')} (all); files for --compare; for --profile also models, or model files`,
    )
    .option(
      '--threads <n>',
      'for products, training and whole processes; other workloads use one',
      wholeNumber(1),
      1,
    )
    .addOption(numericsOption())
    .option('--seconds <n>', 'to spend on a workload', positive, 2)
    .option(
      '--profile',
      'time each kernel call of a shard of a training workload, a model, or the model in a file',
    )
    .option('--batch <n>', 'samples in a minibatch that is profiled', wholeNumber(1))
    .option('--json [file]', 'one JSON object a workload; or all results into a file')
    .option(
      '--compare',
      'compare two files of results: which rows are better or worse beyond noise',
    )
    .action(runBench);

async function runBench(names: readonly string[], options: Options): Promise<void> {
  const { json, seconds } = options;
  if (options.compare) return compareFiles(names, json);
  if (typeof json === 'string') await checkFile(json, options);
  if (options.batch !== undefined && !options.profile)
    throw new LanewiseError(
      'argument',
      `--batch ${options.batch} is for --profile; a workload's name has its own`,
      `lanewise bench ${names[0] ?? 'lenet5-b64'} --profile --batch ${options.batch}`,
    );
  const numerics = options.numerics ?? pickNumerics();
  if (options.profile) return runProfiles(names.length ? names : ['lenet5-b64'], numerics, options);
  const chosen = names.length ? names : Object.keys(workloads);
  const tasks = [...new Set(chosen)].map((name) => [name, workloadFor(name)] as const);
  const suite = await createSuite({ threads: options.threads, numerics, seconds });
  const at = circumstances(numerics, seconds);
  const engine = `${at.engine.name} ${at.engine.version}`;
  const cpu = at.cpu ?? 'unknown';
  if (json !== true)
    console.log(
      `${cpu}, ${engine}, ${numerics} numerics, ${suite.bound.toFixed(1)} GFLOP/s on registers\n`,
    );
  const rows: Row[] = [];
  for (const [name, workload] of tasks) {
    const row = await suite.measure(name, workload).catch((error: unknown) => {
      // If no process may be started (Deno without --allow-run), a run of all workloads goes on with the rest.
      if (names.length || !Object.hasOwn(processes, name)) throw error;
      console.error(`${name} left out: ${(error as Error).message}`);
    });
    if (!row) continue;
    rows.push(row);
    console.log(json === true ? JSON.stringify({ ...row, numerics, engine, cpu }) : line(row));
  }
  if (typeof json === 'string') {
    await writeFileAtomic(json, new TextEncoder().encode(printResults(resultsOf(at, rows))));
    console.log(`\nresults in ${json}`);
  }
}

/** Checks before minutes of measuring that the file's name is meant as one, and that the file can be written. */
async function checkFile(path: string, options: Options): Promise<void> {
  if (Object.hasOwn(workloads, path))
    throw new LanewiseError(
      'argument',
      `--json ${path} would write a file with the name of a workload`,
      `put --json last for lines on standard output, or write --json ./${path}`,
    );
  if (options.profile)
    throw new LanewiseError(
      'argument',
      `--json ${path} is for results, and --profile has none`,
      'leave the file out for a line on standard output',
    );
  await ensureWritableFolder(dirname(path));
  await ensureReplaceable(path);
}

const circumstances = (numerics: Numerics, seconds: number): Circumstances => ({
  lanewise: version,
  date: new Date().toISOString(),
  engine: engineOfProcess(),
  cpu: cpuModel(),
  cores: machineParallelism(),
  numerics,
  threads: 'shared',
  seconds,
});

function line(row: Row): string {
  const { workload, threads, value, unit, medianMs, minMs, ofCeiling, note } = row;
  const digits = value >= 1000 ? 0 : 1;
  const cells = [
    workload.padEnd(20),
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
  { seconds, json, batch }: Options,
): Promise<void> {
  const chosen: [string, Awaited<ReturnType<typeof profiledNamed>>][] = [];
  for (const name of names) chosen.push([name, await profiledNamed(name)]);
  for (const [name, profiled] of chosen) {
    const found = await profile(profiled, batch ?? profiled.batch, { numerics, seconds });
    const text = json
      ? JSON.stringify({ workload: name, numerics, ...found })
      : profileTable(name, found);
    console.log(text);
  }
}
