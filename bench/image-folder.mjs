// A generated folder of JPEGs, trained on from memory and streamed: images a second of both, the share of time that
// steps wait for samples, and the resident memory after each epoch.
//   node bench/image-folder.mjs [--images 20000] [--side 96] [--size 32] [--model resnet20] [--epochs 2] [--workers n] [--decoders n]
// Each way runs in a process of its own, so that its memory is its own.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as lanewise from '../dist/src/index.js';
import { lossTerms } from '../dist/src/losses/terms.js';
import { shuffledOrder } from '../dist/src/data/shuffle.js';
import { createSession } from '../dist/src/parallel/session.js';

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '20000' },
    side: { type: 'string', default: '96' },
    size: { type: 'string', default: '32' },
    model: { type: 'string', default: 'resnet20' },
    epochs: { type: 'string', default: '2' },
    batch: { type: 'string', default: '64' },
    workers: { type: 'string', default: String(availableParallelism()) },
    decoders: { type: 'string', default: String(availableParallelism()) },
    way: { type: 'string' },
    folder: { type: 'string' },
  },
});
const CLASSES = 10;
const [images, side, size, epochs, batch, workers, decoders] = [
  'images',
  'side',
  'size',
  'epochs',
  'batch',
  'workers',
  'decoders',
].map((name) => Number(options[name]));

const MiB = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

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

/** Trains and prints a line an epoch; returns images a second of the last. */
async function run(way, folder) {
  const make = lanewise[options.model];
  const model = make({ size, channels: 3, classes: CLASSES });
  const scanned = await lanewise.imageFolder(folder, { size });
  const started = performance.now();
  const data = way === 'memory' ? await lanewise.loadIntoMemory(scanned, { decoders }) : scanned;
  const loading = (performance.now() - started) / 1000;
  if (way === 'memory')
    console.log(`  loaded in ${loading.toFixed(1)} s, ${(images / loading).toFixed(0)} images/s`);
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', [...model.outputs.keys()]),
    numerics: lanewise.defaultNumerics(),
    workers,
    decoders,
    datasets: [data],
    training: { optimizer: lanewise.sgd({ lr: 0.01 }), batch, shards: Math.ceil(batch / 16) },
  });
  session.initialize(1);
  const steps = Math.ceil(images / batch);
  let speed = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    session.writeOrder(shuffledOrder(images, 1, epoch), epoch);
    const waitedBefore = session.waitingMs();
    const start = performance.now();
    for (let first = 0; first < steps; first += 8) {
      const rates = Array.from({ length: Math.min(8, steps - first) }, () => [0.01]);
      await session.train(first, rates, (epoch - 1) * steps + first);
    }
    const ms = performance.now() - start;
    speed = (images / ms) * 1000;
    const waiting = ((session.waitingMs() - waitedBefore) / ms) * 100;
    const { rss } = process.memoryUsage();
    console.log(
      `  epoch ${epoch}: ${speed.toFixed(0)} images/s, waiting ${waiting.toFixed(1)} %, resident ${MiB(rss)}, at most ${MiB(process.resourceUsage().maxRSS * 1024)}`,
    );
  }
  await session.close();
  console.log(`speed ${speed}`);
}

if (options.way) {
  await run(options.way, options.folder);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-folder-'));
  try {
    const bytes = await generate(folder);
    console.log(
      `${images} JPEGs of ${side} × ${side} (${MiB(bytes)}), as samples ${MiB(images * 3 * size * size)}; ${options.model}, ${workers} workers, ${decoders} decoders`,
    );
    const speeds = ['memory', 'streamed'].map((way) => {
      console.log(way);
      const script = fileURLToPath(import.meta.url);
      const { stdout, status } = spawnSync(
        process.execPath,
        [...process.execArgv, script, ...process.argv.slice(2), '--way', way, '--folder', folder],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      );
      console.log(stdout.replace(/\nspeed .*\n$/, ''));
      if (status !== 0) process.exit(status ?? 1);
      return Number(stdout.match(/speed (.*)/)[1]);
    });
    console.log(
      `streamed runs at ${((speeds[1] / speeds[0]) * 100).toFixed(1)} % of the speed from memory`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
