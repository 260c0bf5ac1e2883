/**
 * The sizes that a page loads, minified and gzipped: the app's bundle with the used part of the package, the script of the
 * worker threads, and one build of the kernels. Each has a limit; the report lists the contents.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../', import.meta.url));
const KB = 1000;

const gzipped = (bytes: Uint8Array): number => gzipSync(bytes, { level: 9 }).length;

/** An app in a browser, bundled as esbuild bundles apps, and how many bytes of which source are in it. */
async function bundle(
  code: string,
  external: string[] = [],
): Promise<{ bytes: number; report: string }> {
  const { outputFiles } = await build({
    // The package by its name, as an app has it.
    stdin: { contents: code, resolveDir: join(root, 'dist') },
    bundle: true,
    external,
    minify: true,
    format: 'esm',
    platform: 'browser',
    sourcemap: 'external',
    outdir: 'dist',
    absWorkingDir: root,
    write: false,
    legalComments: 'none',
  });
  const [script, map] = ['.js', '.map'].map((end) =>
    outputFiles.find(({ path }) => path.endsWith(end))!,
  );
  return { bytes: gzipped(script!.contents), report: sourcesIn(script!.text, map!.text) };
}

/** `src/ops 31.0 KB, src/parallel 28.4 KB, …`: how much of a minified script comes from each folder, by its source map. */
function sourcesIn(script: string, map: string): string {
  const { mappings, sources } = JSON.parse(map) as { mappings: string; sources: string[] };
  const sizes = new Map<string, number>();
  const lines = script.split('\n');
  let source = 0;
  mappings.split(';').forEach((line, row) => {
    let column = 0;
    const segments = line.split(',').filter(Boolean).map(decodeNumbers);
    const starts = segments.map(([columns, sourcesOn = 0]) => [
      (column += columns!),
      (source += sourcesOn),
    ]);
    starts.forEach(([from, which], i) => {
      const folder = /(src\/\w+|node_modules\/[^/]+)/.exec(sources[which!]!)?.[1] ?? 'the app';
      const end = starts[i + 1]?.[0] ?? lines[row]!.length;
      sizes.set(folder, (sizes.get(folder) ?? 0) + end - from!);
    });
  });
  return [...sizes]
    .toSorted(([, a], [, b]) => b - a)
    .map(([folder, size]) => `${folder} ${(size / KB).toFixed(1)} KB`)
    .join(', ');
}

/** Numbers of a source map: base 64, five bits a digit, the lowest the sign. */
function decodeNumbers(text: string): number[] {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const character of text) {
    const digit = digits.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

async function workerBytes(): Promise<number> {
  const { bytes } = await bundle(`import './browser/worker.js'`);
  return bytes;
}

const wasmBytes = (name: string): number =>
  gzipped(readFileSync(join(root, 'dist', 'wasm', `${name}.wasm`)));

function hold(what: string, parts: Readonly<Record<string, number>>, limit: number, report = '') {
  const total = Object.values(parts).reduce((a, b) => a + b, 0);
  const list = Object.entries(parts).map(([name, bytes]) => `${name} ${(bytes / KB).toFixed(1)}`);
  const text = `${what}: ${(total / KB).toFixed(1)} KB gzipped of ${limit / KB} (${list.join(', ')})`;
  console.log(text);
  assert.ok(total <= limit, `${text}; minified: ${report}`);
  return total;
}

/** Documents say a size to the next KB or the one above, as nobody reads them again for some bytes. */
function holdDocument(file: string, sentence: RegExp, total: number) {
  const [, said] = sentence.exec(readFileSync(join(root, file), 'utf8')) ?? [];
  assert.ok(Math.abs(Number(said) - total / KB) <= 1, `${file} says ${said} KB of ${total / KB}`);
}

const uses = (names: string, from: string): string =>
  `import { ${names} } from '${from}'; console.log(${names});`;

test('forecasts', async () => {
  const app = await bundle(uses('loadProgram, forecastOf', 'lanewise/inference'));
  const wasm = Math.max(...['strict', 'fused'].map((build) => wasmBytes(`inference-${build}`)));
  const total = hold('forecasts', { app: app.bytes, wasm }, 48.5 * KB, app.report);
  holdDocument('docs/series.md', /without the code for training: (\d+) KB gzipped/, total);
});

// 40.3 KB before Winograd's algorithm had groups, 5×5 filters and planes of 2×2, which a program file may call. What is faster
// with the same bits is not in these builds (assembly/loads.ts, INFERENCE).
test('inference', async () => {
  const app = await bundle(uses('loadProgram', 'lanewise/inference'));
  const wasm = Math.max(...['strict', 'fused'].map((build) => wasmBytes(`inference-${build}`)));
  const total = hold('inference', { app: app.bytes, wasm }, 42 * KB, app.report);
  holdDocument('README.md', /alone\]\(docs\/inference\.md\) is (\d+) KB/, total);
  holdDocument('docs/inference.md', /(\d+) KB gzipped in all/, total);
});

test('inference on integers, without float layers', async () => {
  const app = await bundle(uses('loadQuantized', 'lanewise/inference'));
  const wasm = Math.max(...['relaxed', 'plain'].map((build) => wasmBytes(`int8-${build}`)));
  hold('inference on integers', { app: app.bytes, wasm }, 40 * KB, app.report);
});

// The reader by layers, the rules of some 170 ops, and the writer take about a third each of lanewise/onnx; 22 KB was hoped
// for, and a page that reads and writes files loads more than that.
for (const [entry, limit] of [
  ['onnx', 59],
  ['import', 36],
  ['quantize', 30],
] as const) {
  test(`${entry}, without the core that it stands on`, async () => {
    const app = await bundle(`import * as own from 'lanewise/${entry}'; console.log(own);`, [
      './index.js',
    ]);
    hold(`lanewise/${entry}`, { app: app.bytes }, limit * KB, app.report);
  });
}

/** Either kernels on shared memory or on a thread's own. */
const kernels = () =>
  Math.max(
    ...['strict', 'fused', 'strict-shared', 'fused-shared'].map((build) => wasmBytes(build)),
  );

const trained = 'train, digits, lenet5, momentum, encodeModel';

// These were 95, 104, 123 and 161 KB before all that is given was checked: what refuses wrong targets, options and data, and
// optimizers and schedules by name, are loaded by every page that trains. Kernels for other programs' files have added 3 KB of Wasm
// to all sums, and no JavaScript but to everything, which has the ops. Faster ways to the same bits, for few rows, small images, few
// filters and tiles of Winograd's, have added 7 KB of Wasm and 3 KB of JavaScript: plans of their workspaces, updates at once.
test('training in the page’s own thread', async () => {
  const app = await bundle(uses(trained, 'lanewise'));
  hold('training in one thread', { app: app.bytes, wasm: kernels() }, 136 * KB, app.report);
});

// Digests of a run's state, for receipts, and what lets machines share its steps have added 1 KB, rules for gradients of gradients
// 0.1 KB.
// Everything: 9 KB of it are createStepper and 5 KB hessianVectorProduct, with recurrent layers unrolled, which nobody loads who does not use them.
// Files may hold any layer and any table (2 KB of it are recurrent layers that begin with given states), so that reading them takes all layers and what rows need (3 KB); the worker's
// script has in it what the app has too.
for (const [what, code, limit] of [
  ['training', uses(trained, 'lanewise'), 147.5],
  ['training and reading model files', uses(`${trained}, decodeModel`, 'lanewise'), 176],
  ['everything', `import * as lanewise from 'lanewise'; console.log(lanewise);`, 270],
] as const) {
  test(`${what}, on worker threads`, async () => {
    const app = await bundle(code);
    const parts = { app: app.bytes, worker: await workerBytes(), wasm: kernels() };
    hold(what, parts, limit * KB, app.report);
  });
}

test.run();
