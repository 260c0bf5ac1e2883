// A generated folder of 20,000 JPEGs, trained on from memory and streamed within a limit far below its samples: images a
// second of both, peak memory epoch by epoch, and verdicts: resnet20, whose steps take longer than decoding, is to stream
// at 90 % of the speed from memory at least; lenet5, whose steps are shorter, is to say that data was the limit.
//   node bench/image-folder.mjs [--quick] [--images 20000] [--side 32] [--size 32] [--models resnet20,lenet5] [--epochs 3] [--max-memory-mib 16] [--workers n] [--decoders n]
// Each case runs in a process of its own, so that its memory is its own.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as lanewise from '../dist/src/index.js';
import { limitOf } from '../dist/src/runs/report/run-charts.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    images: { type: 'string' },
    side: { type: 'string', default: '32' },
    size: { type: 'string', default: '32' },
    models: { type: 'string', default: 'resnet20,lenet5' },
    epochs: { type: 'string' },
    batch: { type: 'string', default: '64' },
    'max-memory-mib': { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    decoders: { type: 'string', default: String(availableParallelism()) },
    model: { type: 'string' },
    way: { type: 'string' },
    folder: { type: 'string' },
  },
});
const usual = options.quick ? [2000, 3, 2] : [20_000, 3, 16];
const CLASSES = 10;
const numbers = ['side', 'size', 'batch', 'workers', 'decoders'].map((name) =>
  Number(options[name]),
);
const [side, size, batch, workers, decoders] = numbers;
const [images, epochs, limit] = ['images', 'epochs', 'max-memory-mib'].map((name, i) =>
  Number(options[name] ?? usual[i]),
);
/** Of the speed from memory. */
const LEAST = 0.9;
/** MiB that peak memory may grow by after the first epoch: the threads' heaps settle over some ten epochs, then it stays. */
const FLAT = 32;
/** Of JavaScript objects: samples are none. */
const HEAP_MIB = 64;

const MiB = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const peak = () => process.resourceUsage().maxRSS * 1024;

/** Pictures of slopes whose directions follow from the class, with some noise. */
async function generate(folder) {
  const require = createRequire(import.meta.url);
  const create = (await import('@jsquash/jpeg/codec/enc/mozjpeg_enc.js')).default;
  const { defaultOptions } = await import('@jsquash/jpeg/meta.js');
  const module = new WebAssembly.Module(
    readFileSync(require.resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm')),
  );
  const encoder = await create({
    noInitialRun: true,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  });
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  let bytes = 0;
  let state = 1;
  for (let c = 0; c < CLASSES; c++) mkdirSync(join(folder, `class-${c}`));
  for (let i = 0; i < images; i++) {
    const label = i % CLASSES;
    for (let p = 0; p < side * side; p++) {
      const [x, y] = [p % side, Math.floor(p / side)];
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const noise = (state >>> 24) / 4;
      for (let k = 0; k < 3; k++)
        rgba[4 * p + k] = ((label + 1) * x * (k + 1) + (10 - label) * y + noise + i) % 256;
    }
    // Baseline, as cameras write them: mozjpeg's own search for small files takes ten times longer.
    const jpeg = encoder.encode(rgba, side, side, {
      ...defaultOptions,
      quality: 85,
      progressive: false,
      trellis_multipass: false,
      baseline: true,
    });
    bytes += jpeg.length;
    writeFileSync(join(folder, `class-${label}`, `${i}.jpg`), jpeg);
  }
  return bytes;
}

/** Trains in this process; prints its figures as JSON. */
async function run({ model: name, way, folder }) {
  const model = lanewise[name]({ size, channels: 3, classes: CLASSES });
  const scanned = await lanewise.imageFolder(folder, { size });
  const isStreamed = way === 'streamed';
  const data = isStreamed ? scanned : await lanewise.loadIntoMemory(scanned, { decoders });
  const peaks = [];
  const { history, waiting } = await lanewise.train(
    model,
    {
      data,
      optimizer: lanewise.momentum({ lr: 0.01 }),
      epochs,
      batch,
      workers,
      decoders,
      ...(isStreamed ? { prefetchBytes: (limit * 2 ** 20) / 2 } : {}),
    },
    { onEpoch: () => peaks.push(peak()) },
  );
  const speeds = history.map(({ imagesPerSecond }) => imagesPerSecond);
  console.log(JSON.stringify({ speeds, peaks, waiting }));
}

/** Runs a case in a process of its own and prints its lines. */
function measure(model, way, folder) {
  const script = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MIB}`,
      ...process.execArgv,
      script,
      ...process.argv.slice(2),
      '--model',
      model,
      '--way',
      way,
      '--folder',
      folder,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) process.exit(status ?? 1);
  const found = JSON.parse(stdout);
  console.log(`${model}, ${way}`);
  found.speeds.forEach((speed, i) =>
    console.log(
      `  epoch ${i + 1}: ${speed.toFixed(0).padStart(6)} images/s, peak memory ${MiB(found.peaks[i])}`,
    ),
  );
  console.log(`  ${limitOf(found.waiting)}`);
  return found;
}

/** Of the epochs after the first, in which everything is warm. */
const speedOf = ({ speeds }) => {
  const warm = speeds.length > 1 ? speeds.slice(1) : speeds;
  return warm.length / warm.reduce((sum, speed) => sum + 1 / speed, 0);
};

function judge(what, isMet) {
  console.log(`${isMet ? 'met   ' : 'MISSED'} ${what}`);
  if (!isMet) process.exitCode = 1;
}

if (options.way) {
  await run(options);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-folder-'));
  try {
    const bytes = await generate(folder);
    const sampleBytes = images * 3 * size * size;
    console.log(
      `${images} JPEGs of ${side} × ${side} (${MiB(bytes)}), as samples ${MiB(sampleBytes)}; streamed within ${limit} MiB and a heap of ${HEAP_MIB} MiB; ${workers} workers, ${decoders} decoders\n`,
    );
    const verdicts = [];
    for (const model of options.models.split(',')) {
      const memory = measure(model, 'memory', folder);
      const streamed = measure(model, 'streamed', folder);
      const ratio = speedOf(streamed) / speedOf(memory);
      const growth = (streamed.peaks.at(-1) - streamed.peaks[0]) / 2 ** 20;
      const percent = `${(ratio * 100).toFixed(1)} %`;
      verdicts.push(
        [
          `${model}: streamed at ${percent} of the speed from memory, or data is said to be the limit`,
          ratio >= LEAST || streamed.waiting >= 0.1,
        ],
        [
          `${model}: peak memory flat over ${epochs} epochs (+${growth.toFixed(0)} MiB after the first)`,
          growth <= FLAT,
        ],
      );
      if (model === 'resnet20')
        verdicts.push([`resnet20: decoding is not the limit, ${percent} ≥ 90 %`, ratio >= LEAST]);
    }
    verdicts.push([
      `samples of ${MiB(sampleBytes)} exceed the limit of ${limit} MiB`,
      sampleBytes > limit * 2 ** 20,
    ]);
    console.log();
    for (const [what, isMet] of verdicts) judge(what, isMet);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
