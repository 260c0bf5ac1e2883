// What a receipt costs of a step of LeNet-5 in minibatches of 64: what is done for it is timed within the run, over stretches
// of 128 steps, each of which hashes the whole state once; then the same run without one, in turns. The least of some times is
// what they take on a machine with nothing else to do.
//   node bench/receipt.mjs [stretches=10] [turns=2] [numerics]        after npm run build, on one pinned core
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Milliseconds of each call of the kernel, which is called through a function that measures it. */
let calls = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const exports = { ...new Instance(module, imports).exports };
  const { digest } = exports;
  if (digest)
    exports.digest = (x, count, line, keys, sums) => {
      const started = performance.now();
      digest(x, count, line, keys, sums);
      calls.push(performance.now() - started);
    };
  return { exports };
};

const { digits, lenet5, momentum } = await import('../dist/src/index.js');
const { defaultNumerics } = await import('../dist/src/engine/features.js');
const { openWriter } = await import('../dist/src/runs/receipt-file.js');
const { createKeeper } = await import('../dist/src/runs/receipt-keeper.js');
const { trainingLoop } = await import('../dist/src/train/loop.js');
const { resolveSettings } = await import('../dist/src/train/resolve-settings.js');

const STRETCH = 128;
/** The first stretches compile. */
const COLD = 2;
const [stretches = 10, turns = 2] = process.argv.slice(2, 4).map(Number);
const numerics = process.argv[4] ?? defaultNumerics();
const root = mkdtempSync(join(tmpdir(), 'lanewise-bench-receipt-'));
const model = lenet5();
const settings = resolveSettings(model, {
  data: digits({ count: 64 * STRETCH, seed: 1 }),
  optimizer: momentum({ lr: 0.01 }),
  epochs: stretches,
  workers: 0,
  numerics,
});

const sorted = (values) => values.toSorted((a, b) => a - b);
const median = (values) => sorted(values)[Math.floor(values.length / 2)];
const least = (values) => sorted(values)[0];

/** Milliseconds of a step's calls of the kernel: of so many a step, each takes what it usually does. */
function kernelMs(all) {
  const perStep = all.length / STRETCH;
  let sum = 0;
  for (let i = 0; i < perStep; i++) sum += median(all.filter((_, at) => at % perStep === i));
  return sum;
}

/** Milliseconds of a step in each stretch: in all, in the kernel, and for entries, hashes and the file. */
async function trainOnce(isKept, name) {
  const writer = openWriter(join(root, name), { run: '00'.repeat(32), every: STRETCH });
  const keeper = createKeeper(writer, settings, () => {});
  let inKeeper = 0;
  const add = async (...steps) => {
    const started = performance.now();
    await keeper.add(...steps);
    inKeeper += performance.now() - started;
  };
  const found = { all: [], kernel: [], keeper: [] };
  let begun = performance.now();
  for await (const events of trainingLoop(model, settings, {
    stepsPerEvent: STRETCH,
    ...(isKept ? { receipt: { ...keeper, add } } : {}),
  })) {
    const { step } = events.findLast(({ event }) => event === 'progress') ?? { step: 1 };
    if (step % STRETCH) continue;
    found.all.push((performance.now() - begun) / STRETCH);
    found.kernel.push(kernelMs(calls));
    found.keeper.push(inKeeper / STRETCH);
    [calls, inKeeper, begun] = [[], 0, performance.now()];
  }
  writer.close();
  for (const key of Object.keys(found)) found[key] = found[key].slice(COLD);
  return found;
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;
const micro = (ms) => `${(1000 * ms).toFixed(1)} µs`;

function report(kept, plain) {
  const cost = (of) => of(kept.kernel) + of(kept.keeper);
  const share = (of) => percent(cost(of) / (of(kept.all) - cost(of)));
  const lines = [
    `lenet5, minibatches of 64, ${numerics}, one thread, ${kept.all.length} stretches of ${STRETCH} steps:`,
    `  a step without a receipt: least ${least(plain.all).toFixed(3)} ms, median ${median(plain.all).toFixed(3)} ms`,
    `  its digest: least ${micro(least(kept.kernel))}, median ${micro(median(kept.kernel))}`,
    `  its entry and its share of the state's hash: least ${micro(least(kept.keeper))}, median ${micro(median(kept.keeper))}`,
    `  both together: ${share(least)} of a step (least times), ${share(median)} (medians)`,
    `  in turns: ${percent(least(kept.all) / least(plain.all) - 1)} (least times), ${percent(median(kept.all) / median(plain.all) - 1)} (medians)`,
  ];
  console.log(lines.join('\n'));
}

try {
  const runs = { kept: [], plain: [] };
  for (let i = 0; i < turns; i++)
    for (const kind of i % 2 ? ['kept', 'plain'] : ['plain', 'kept'])
      runs[kind].push(await trainOnce(kind === 'kept', `${kind} ${i}`));
  const together = (all) =>
    Object.fromEntries(Object.keys(all[0]).map((key) => [key, all.flatMap((one) => one[key])]));
  report(together(runs.kept), together(runs.plain));
} finally {
  rmSync(root, { recursive: true });
}
