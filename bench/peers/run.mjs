// Measures Lanewise and its peers in turns, workload by workload, so that drift of the machine hits both, and
// prints medians and ratios. Options: node bench/peers/run.mjs --help
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, type } from 'node:os';
import { parseOptions, usage } from './lib/options.mjs';
import { lanewise, peers } from './lib/peers.mjs';
import { measure, versionOf } from './lib/process.mjs';
import { summarize } from './lib/statistics.mjs';
import { table } from './lib/table.mjs';
import { isThreaded, productOf } from './lib/workloads.mjs';

/** Processes that want a core before anything is measured. */
const BUSY = 0.5;

/** Prints the machine and every peer's version, or how to install it. */
async function introduce(options) {
  const machine = `${cpus()[0].model.trim()}, ${cpus().length} cores, ${type()} ${release()}`;
  const node = `Node ${process.versions.node}`;
  console.log(`${machine}, ${node}`);
  const [load] = loadavg();
  if (load > BUSY)
    console.log(
      `the machine is busy (load ${load.toFixed(1)}): threads that wait for each other suffer most`,
    );
  const versions = {};
  for (const name of options.peers) {
    const found = await versionOf(peers[name], options);
    versions[name] = found;
    if (found.unavailable) {
      console.log(`${name}: not installed: ${found.unavailable}\n  ${peers[name].install}`);
    } else {
      console.log(`${name}: ${[found.version, found.detail].filter(Boolean).join(', ')}`);
    }
  }
  return { machine, node, load, versions };
}

/**
 * The rounds of one workload. In every other round Lanewise runs before the peer it is compared with, in
 * the rest after it; what cannot be done is not tried again.
 */
async function compare(task, names, options) {
  const ours = lanewise();
  // Bit-for-bit arithmetic is compared with those who compute under the same restrictions.
  const strict = productOf(task.workload) && lanewise('strict');
  const cannot = new Map();
  const attempt = async (name, program) => {
    const found = cannot.get(name) ?? (await measure(program, task, options));
    if (found.unavailable) cannot.set(name, found);
    return found;
  };
  if (names.length === 0)
    return [{ ...task, peer: 'none', runs: [{ ours: await attempt('lanewise', ours) }] }];
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const name of names) {
      if (cannot.has(name)) continue;
      const run = {};
      const lanewiseFirst = round % 2 === 1;
      if (lanewiseFirst) run.ours = await attempt('lanewise', ours);
      run.theirs = await attempt(name, peers[name]);
      if (!lanewiseFirst && !cannot.has(name)) run.ours = await attempt('lanewise', ours);
      if (strict && peers[name].wasm && !cannot.has(name))
        run.strict = await attempt('strict', strict);
      runs[name].push(run);
    }
  }
  return names.map((peer) => ({ ...task, peer, runs: runs[peer] }));
}

/** Cores to pin to; none where `taskset` is missing. */
function usableCores({ cores, threads }) {
  if (cores.length === 0) return cores;
  if (spawnSync('taskset', ['--version']).error) {
    console.log('taskset is missing: nothing is pinned, threads move between cores');
    return [];
  }
  const most = Math.max(...threads);
  if (cores.length < most)
    throw new Error(`--cores has ${cores.length}, ${most} threads need more`);
  return cores;
}

async function main(options) {
  const settings = { ...options, cores: usableCores(options) };
  const about = await introduce(settings);
  const names = options.peers.filter((name) => !about.versions[name].unavailable);
  const measured = [];
  const rows = [];
  for (const threads of options.threads) {
    const chosen = options.workloads.filter((name) => threads === 1 || isThreaded(name));
    for (const [index, workload] of chosen.entries()) {
      process.stderr.write(
        `\r\x1b[K${threads} threads, ${index + 1}/${chosen.length}: ${workload}`,
      );
      measured.push(...(await compare({ workload, threads }, names, settings)));
    }
    process.stderr.write('\r\x1b[K');
    const found = measured.filter((comparison) => comparison.threads === threads).map(summarize);
    rows.push(...found);
    console.log(`\n${threads === 1 ? 'One thread' : `${threads} threads`}`);
    console.log(`median of ${options.rounds} rounds; a ratio of 2 is twice as good as the peer\n`);
    console.log(table(found));
  }
  if (options.json)
    writeFileSync(
      options.json,
      `${JSON.stringify({ ...about, options, rows, measured }, null, 2)}\n`,
    );
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await main(options);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
