// 5,000 generated PNGs in a folder and in a Parquet file of Hugging Face's layout, which another writer makes (parquet-wasm,
// fetched into a temporary folder unless it is installed). Both are trained on streamed, in turns, each in a process of its
// own: images a second, processor time, peak memory epoch by epoch, and verdicts: Parquet at 90 % of the folder's speed at
// least (the fastest epoch of each counts, as other work on the machine slows the others), in flat memory, with the same
// weights.
//   node bench/parquet-images.mjs [--quick] [--images 5000] [--side 64] [--size 32] [--models resnet20,lenet5] [--epochs 3] [--rounds 2] [--codec UNCOMPRESSED,SNAPPY] [--workers n] [--decoders n]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { PNG } from 'pngjs';
import * as lanewise from '../dist/src/index.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    images: { type: 'string' },
    side: { type: 'string', default: '64' },
    size: { type: 'string', default: '32' },
    models: { type: 'string', default: 'resnet20,lenet5' },
    epochs: { type: 'string', default: '3' },
    rounds: { type: 'string' },
    codec: { type: 'string', default: 'UNCOMPRESSED,SNAPPY' },
    workers: { type: 'string', default: String(availableParallelism()) },
    decoders: { type: 'string', default: String(availableParallelism()) },
    model: { type: 'string' },
    path: { type: 'string' },
    write: { type: 'string' },
  },
});
const usual = options.quick ? [1000, 1] : [5000, 2];
const CLASSES = 10;
const [side, size, epochs, workers, decoders] = [
  'side',
  'size',
  'epochs',
  'workers',
  'decoders',
].map((name) => Number(options[name]));
const [images, rounds] = ['images', 'rounds'].map((name, i) => Number(options[name] ?? usual[i]));
/** Of the speed from the folder. */
const LEAST = 0.9;
/** MiB that peak memory may grow by after the first epoch, and that it may be above the folder's. */
const FLAT = 32;
/** Of JavaScript objects: images are none. */
const HEAP_MIB = 64;

const MiB = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** A picture of slopes whose directions follow from its class, with some noise. */
function picture(i) {
  const png = new PNG({ width: side, height: side });
  const label = i % CLASSES;
  let state = (i + 1) >>> 0;
  for (let p = 0; p < side * side; p++) {
    const [x, y] = [p % side, Math.floor(p / side)];
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    for (let k = 0; k < 3; k++)
      png.data[4 * p + k] =
        ((label + 1) * x * (k + 1) + (10 - label) * y + (state >>> 27) + i) % 256;
    png.data[4 * p + 3] = 255;
  }
  return new Uint8Array(PNG.sync.write(png));
}

/** Packages that only this file needs, from here or fetched. */
async function writers(folder) {
  const load = async (require) => {
    const find = (name) => import(pathToFileURL(require.resolve(name)).href);
    return [await find('parquet-wasm'), await find('apache-arrow')];
  };
  try {
    return await load(createRequire(import.meta.url));
  } catch {
    execFileSync(
      'npm',
      [
        'install',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--prefix',
        folder,
        'parquet-wasm@0.8.0',
        'apache-arrow@21.2.0',
      ],
      { stdio: 'inherit' },
    );
    return load(createRequire(join(folder, 'index.js')));
  }
}

/** The images as a file of one row group for each thousand, as `datasets` writes them. */
async function writeParquet(file, codec, files, [wasm, arrow]) {
  const features = {
    image: { _type: 'Image' },
    label: { names: Array.from({ length: CLASSES }, (_, i) => `class-${i}`), _type: 'ClassLabel' },
  };
  const type = new arrow.Struct([
    new arrow.Field('bytes', new arrow.Binary(), true),
    new arrow.Field('path', new arrow.Utf8(), true),
  ]);
  const table = new arrow.Table({
    image: arrow.vectorFromArray(
      files.map(({ bytes, path }) => ({ bytes, path })),
      type,
    ),
    label: arrow.vectorFromArray(
      files.map(({ label }) => BigInt(label)),
      new arrow.Int64(),
    ),
  });
  const properties = new wasm.WriterPropertiesBuilder()
    .setCompression(wasm.Compression[codec])
    .setMaxRowGroupSize(1000)
    .setKeyValueMetadata(new Map([['huggingface', JSON.stringify({ info: { features } })]]))
    .build();
  const stream = wasm.Table.fromIPCStream(arrow.tableToIPC(table, 'stream'));
  writeFileSync(file, wasm.writeParquet(stream, properties));
}

/** Trains in this process; prints its figures as JSON. */
async function run({ model: name, path }) {
  const model = lanewise[name]({ channels: 3, classes: CLASSES });
  const started = performance.now();
  const data = path.endsWith('.parquet')
    ? await lanewise.parquetDataset(path, { size })
    : await lanewise.imageFolder(path, { size });
  const opened = performance.now() - started;
  const peaks = [];
  const cpu = process.cpuUsage();
  const {
    history,
    waiting,
    model: trained,
  } = await lanewise.train(
    model,
    { data, optimizer: lanewise.momentum({ lr: 0.01 }), epochs, batch: 64, workers, decoders },
    { onEpoch: () => peaks.push(process.resourceUsage().maxRSS * 1024) },
  );
  const speeds = history.map(({ imagesPerSecond }) => imagesPerSecond);
  const { user, system } = process.cpuUsage(cpu);
  const perImage = (user + system) / 1000 / images / epochs;
  const sha256 = await trained.sha256();
  console.log(JSON.stringify({ opened, speeds, peaks, waiting, perImage, sha256 }));
}

/** Runs a case in a process of its own and prints its line. */
function measure(model, path) {
  const script = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MIB}`,
      script,
      ...process.argv.slice(2),
      '--model',
      model,
      '--path',
      path,
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (status !== 0) process.exit(status ?? 1);
  const found = JSON.parse(stdout);
  const [first, last] = [found.peaks[0], found.peaks.at(-1)];
  console.log(
    `  ${path.split('/').at(-1).padEnd(20)} opened in ${(found.opened / 1000).toFixed(2)} s, ${found.speeds.map((speed) => speed.toFixed(0)).join(', ')} images/s, peak ${MiB(first)}, at the end ${MiB(last)}, ${found.perImage.toFixed(2)} ms of processor an image, data cost ${(found.waiting * 100).toFixed(0)} %`,
  );
  return found;
}

/** Of the fastest epoch. */
const speedOf = (runs) => Math.max(...runs.flatMap(({ speeds }) => speeds));

const least = (runs) => Math.min(...runs.map(({ perImage }) => perImage));

function judge(what, isMet) {
  console.log(`${isMet ? 'met   ' : 'MISSED'} ${what}`);
  if (!isMet) process.exitCode = 1;
}

/** Runs all cases of a model in turns, and judges them. */
function compare(model, folder, parquets) {
  console.log(`\n${model}`);
  const paths = [folder, ...parquets];
  const runs = paths.map(() => []);
  for (let round = 0; round < rounds; round++)
    paths.forEach((path, i) => runs[i].push(measure(model, path)));
  const [base] = runs;
  parquets.forEach((path, i) => {
    const own = runs[i + 1];
    const name = `${model}, ${path.split('/').at(-1)}`;
    const ratio = speedOf(own) / speedOf(base);
    judge(
      `${name}: ${ratio.toFixed(2)} of the speed from the folder, ${(least(own) / least(base)).toFixed(2)} of its processor time`,
      ratio >= LEAST,
    );
    const growth = Math.max(...own.map(({ peaks }) => peaks.at(-1) - peaks[0])) / 2 ** 20;
    judge(`${name}: memory flat, +${growth.toFixed(0)} MiB after the first epoch`, growth <= FLAT);
    judge(
      `${name}: the folder's weights`,
      own.every(({ sha256 }) => sha256 === base[0].sha256),
    );
  });
}

/** Writes the folder and the files; in a process of its own, whose memory the others do not inherit. */
async function write(root) {
  const packages = await writers(root);
  const folder = join(root, 'folder');
  const files = [];
  // The folder's order is by class: the file's rows have the same.
  for (let label = 0; label < CLASSES; label++) {
    mkdirSync(join(folder, `class-${label}`), { recursive: true });
    for (let i = label; i < images; i += CLASSES) {
      const [path, bytes] = [`${String(i).padStart(5, '0')}.png`, picture(i)];
      writeFileSync(join(folder, `class-${label}`, path), bytes);
      files.push({ path, bytes, label });
    }
  }
  for (const codec of codecs) await writeParquet(fileOf(root, codec), codec, files, packages);
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  console.log(`${images} PNGs of ${side} × ${side}, ${MiB(total)}`);
}

const codecs = options.codec.split(',');
const fileOf = (root, codec) => join(root, `${codec.toLowerCase()}.parquet`);

if (options.path) {
  await run(options);
} else if (options.write) {
  await write(options.write);
} else {
  const root = mkdtempSync(join(tmpdir(), 'lanewise-parquet-'));
  try {
    const script = fileURLToPath(import.meta.url);
    execFileSync(process.execPath, [script, ...process.argv.slice(2), '--write', root], {
      stdio: 'inherit',
    });
    const parquets = codecs.map((codec) => fileOf(root, codec));
    console.log(
      `files of ${parquets.map((file) => MiB(statSync(file).size)).join(' and ')}; ${workers} workers, ${decoders} decoders, a heap of ${HEAP_MIB} MiB`,
    );
    for (const model of options.models.split(',')) compare(model, join(root, 'folder'), parquets);
  } finally {
    rmSync(root, { recursive: true });
  }
}
