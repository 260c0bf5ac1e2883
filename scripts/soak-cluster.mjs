// Runs that machines share, with random kills of random processes at random moments, each compared by its SHA-256 with one process
// alone. Needs nats-server on the path.
//   npm run soak:cluster [-- --runs 200 --seed 1 --out soak-cluster.jsonl]
// A line for each run is appended to the file, by which the next call goes on where this one was stopped. A run is a function of the
// seed and its number as far as its kills go; the moment a kill hits is the machine's.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'soak-cluster.jsonl' },
    built: { type: 'boolean', default: false },
  },
});
if (!values.built) {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--tests'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}
const { startNatsServer } = await import('../dist/test/support/nats-server.js');
const { startRun, startWorker, changesOf, sleep } =
  await import('../dist/test/cluster/cluster-processes.js');
const { randomStream } = await import('../dist/src/random/philox.js');

const [runs, seed] = [Number(values.runs), Number(values.seed)];
const done = existsSync(values.out)
  ? readFileSync(values.out, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .filter((line) => line.seed === seed)
  : [];
const root = mkdtempSync(join(tmpdir(), 'lanewise-soak-'));
const server = await startNatsServer();
if (!server) {
  console.error('no nats-server here (Debian: nats-server)');
  process.exit(1);
}

const STEPS = 40;
/** The weights of one process alone, by the run's seed and numerics. */
const expected = new Map();
async function aloneOf(given) {
  const key = JSON.stringify(given);
  if (!expected.has(key)) expected.set(key, await startRun(given).sha256());
  return expected.get(key);
}

const workers = [];
async function withWorkers(count) {
  while (workers.length < count) workers.push(await startWorker(server.url));
  while (workers.length > count) await workers.pop().kill();
}

/** One disturbance. The coordinator's is the caller's, who takes the run up again. */
const disturbances = {
  async worker(random) {
    const at = random.integer(workers.length);
    await workers[at].kill();
    if (random.integer(2)) await sleep(random.integer(300));
    workers[at] = await startWorker(server.url);
  },
  async workers() {
    await Promise.all(workers.map((worker) => worker.kill()));
    const again = workers.map(() => startWorker(server.url));
    workers.splice(0, workers.length, ...(await Promise.all(again)));
  },
  async pause(random) {
    const { child } = workers[random.integer(workers.length)];
    child.kill('SIGSTOP');
    await sleep(random.integer(1500));
    child.kill('SIGCONT');
  },
  async server(random) {
    await server.kill();
    await sleep(random.integer(400));
    await server.restart();
  },
};
const VARIANTS = ['plain', 'clipped', 'averaged'];
const KINDS = ['worker', 'worker', 'workers', 'pause', 'server', 'coordinator', 'coordinator'];

/** Starts a run; three of four times it has begun to train before anything happens to it. */
async function begin(given, random) {
  const run = startRun(given);
  const isCalm = random.integer(4) > 0;
  await Promise.race([run.until(isCalm ? /"event":"step"/ : /"event":"start"/), run.ended]).catch(
    () => {},
  );
  return run;
}

/** Runs once; what was done to it, and what became of it. */
async function soak(number) {
  const random = randomStream(seed, 99, number);
  const variant = VARIANTS[random.integer(VARIANTS.length)];
  const numerics = random.integer(2) ? 'fused' : 'strict';
  const own = { variant, numerics, seed: 1 + random.integer(2), steps: STEPS };
  const alone = await aloneOf(own);
  const count = 1 + random.integer(3);
  await withWorkers(count);
  const given = {
    ...own,
    url: server.url,
    folder: join(root, String(number)),
    stepMs: random.integer(40),
    minWorkers: random.integer(4) ? count : 0,
  };
  const kinds = [];
  const changes = [];
  let run = await begin(given, random);
  let isOver = false;
  run.ended.then(() => (isOver = true));
  for (let i = 1 + random.integer(4); i > 0; i--) {
    await Promise.race([sleep(random.integer(700)), run.ended]);
    if (isOver) break;
    const kind = KINDS[random.integer(KINDS.length)];
    kinds.push(kind);
    if (kind !== 'coordinator') {
      await disturbances[kind](random);
      continue;
    }
    await run.kill();
    changes.push(...changesOf(run));
    const isBegun = existsSync(join(given.folder, 'checkpoint.safetensors'));
    isOver = false;
    run = await begin({ ...given, ...(isBegun ? { resume: true } : { fresh: true }) }, random);
    run.ended.then(() => (isOver = true));
  }
  const sha256 = await run.sha256();
  changes.push(...changesOf(run));
  rmSync(given.folder, { recursive: true, force: true });
  const times = (change) => changes.filter((one) => one === change).length;
  const [joined, left, redone] = ['joined', 'left', 'redone'].map(times);
  return { variant, numerics, kinds, joined, left, redone, isSame: sha256 === alone, sha256 };
}

console.log(`seed ${seed}: ${done.length} of ${runs} runs are done`);
let wrong = done.filter(({ isSame }) => !isSame).length;
try {
  for (let number = done.length; number < runs; number++) {
    const found = await soak(number);
    appendFileSync(values.out, `${JSON.stringify({ seed, run: number, ...found })}\n`);
    const { variant, numerics, kinds, joined, left, redone, isSame } = found;
    console.log(
      `run ${number + 1}, ${variant} ${numerics}: ${kinds.join(', ') || 'nothing'}; ${joined} joined, ${left} left, ${redone} redone: ${isSame ? 'the same weights' : 'OTHER WEIGHTS'}`,
    );
    if (!isSame) wrong++;
  }
} finally {
  await Promise.all(workers.map((worker) => worker.kill()));
  await server.close();
  rmSync(root, { recursive: true, force: true });
}
console.log(`${runs} runs, ${wrong} with other weights than one process alone`);
process.exit(wrong > 0 ? 1 : 0);
