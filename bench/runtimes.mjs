// LeNet-5's training throughput in every runtime that is here, and of other engines in the same Chromium, as a table:
//   node scripts/build.mjs --tests && npm run engines && node bench/runtimes.mjs [--seconds 3] [--rounds 3] [--only 'node 24,chromium']
// Rounds go through all rows, so that a slow minute of the machine hits each of them; figures are medians of rounds.
// Other engines' rows are there if `npm install` was run in bench/peers.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build } from 'esbuild';
import { findBrowser, findFirefox, startBrowser } from '../dist/test/support/browser.js';
import { findEngine } from '../dist/test/support/engines.js';
import { startEdge } from '../dist/test/runtimes/edge-server.js';
import { openFirefox } from '../dist/test/runtimes/firefox.js';
import { startSite } from '../dist/test/runtimes/site.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
});
const [seconds, rounds] = [Number(options.seconds), Number(options.rounds)];
const only = options.only.toLowerCase().split(',');
const PATIENCE_MS = 120_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const peers = join(root, 'bench/peers/node_modules');
const run = promisify(execFile);

const inProcess = (path, flags) => async (workers) => {
  const script = join(root, 'bench/runtimes/process.mjs');
  const { stdout } = await run(path, [...flags, script, String(workers), String(seconds)], {
    cwd: root,
  });
  return JSON.parse(stdout);
};

async function openChromium(path, url) {
  const browser = await startBrowser(path);
  await browser.open(url);
  return () => browser.close();
}

/** What a page of dist/bench posts. */
const inPage =
  (open, script, { isolated, strict = true }) =>
  async (workers, workload) => {
    const site = await startSite({ isolated, strict });
    try {
      const reported = site.report(PATIENCE_MS);
      const search = `&workers=${workers}&seconds=${seconds}&workload=${workload}`;
      const close = await open(site.url(`bench/${script}.js`, search));
      return await reported.finally(close);
    } finally {
      await site.close();
    }
  };

const EDGE = [
  ['edge.js', 'esModule', 'bench/edge.js'],
  ['lanewise', 'esModule', 'browser/index.js'],
  ['strict.wasm', 'wasm', 'wasm/strict.wasm'],
  ['fused.wasm', 'wasm', 'wasm/fused.wasm'],
];

/** Two requests of different length, as a worker's own clock stands still. */
const inEdge = (path) => async () => {
  const { url, close } = await startEdge(path, EDGE);
  const timed = async (epochs) => {
    const start = performance.now();
    const response = await fetch(`${url}?epochs=${epochs}`);
    const found = await response.json();
    return { ...found, ms: performance.now() - start };
  };
  try {
    const warm = await timed(2);
    const epochs = Math.max(4, Math.round((seconds * 2000) / warm.ms));
    const [short, long] = [await timed(2), await timed(2 + epochs)];
    const value = ((long.images - short.images) / (long.ms - short.ms)) * 1000;
    return { ...long, value };
  } finally {
    await close();
  }
};

function rowsOf() {
  const rows = [];
  const add = (name, workers, measure, workload = 'lenet5-b64') => {
    if (only.some((part) => name.toLowerCase().includes(part)))
      rows.push({ name, workers, workload, measure, found: [] });
  };
  const both = (name, measure) => [1, 2].forEach((workers) => add(name, workers, measure));
  const [major] = process.versions.node.split('.');
  const flags = Number(major) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
  both(`Node ${major}`, inProcess(process.execPath, flags));
  for (const version of [22, 24, 26]) {
    const path = findEngine(`node${version}`);
    if (path) both(`Node ${version}`, inProcess(path, []));
  }
  const [deno, bun, workerd] = ['deno', 'bun', 'workerd'].map((name) => findEngine(name));
  if (deno) both('Deno', inProcess(deno, ['run', '--allow-read']));
  if (bun) both('Bun', inProcess(bun, []));
  const [chromium, firefox] = [findBrowser(), findFirefox()];
  const inChromium = (url) => openChromium(chromium, url);
  const inFirefox = (url) => openFirefox(firefox, url);
  if (chromium) {
    both('Chromium, isolated', inPage(inChromium, 'page', { isolated: true }));
    add('Chromium, not isolated', 1, inPage(inChromium, 'page', { isolated: false }));
  }
  if (firefox) {
    both('Firefox, isolated', inPage(inFirefox, 'page', { isolated: true }));
    add('Firefox, not isolated', 1, inPage(inFirefox, 'page', { isolated: false }));
  }
  if (workerd) add('workerd', 0, inEdge(workerd));
  if (chromium && existsSync(peers)) {
    for (const [peer, script] of [
      ['tfjs-wasm', 'tfjs-page'],
      ['jax-js', 'jax-js'],
    ]) {
      const measure = inPage(inChromium, script, { isolated: true, strict: false });
      add(`${peer} in Chromium`, '', measure);
      add(`${peer} in Chromium`, '', measure, 'lenet5-infer-b256');
    }
  }
  return rows;
}

/** Pages of one file each, in dist/bench. */
async function bundlePages() {
  const outdir = join(root, 'dist/bench');
  const bundle = { outdir, bundle: true, format: 'esm', target: 'es2022', logLevel: 'error' };
  const here = (name) => join(root, 'bench/runtimes', `${name}.mjs`);
  await build({ ...bundle, entryPoints: [here('page')], external: ['/browser/*'] });
  await build({ ...bundle, entryPoints: [here('edge')], external: ['lanewise', '*.wasm'] });
  if (!existsSync(peers)) return;
  await build({
    ...bundle,
    entryPoints: [here('tfjs-page'), join(root, 'bench/peers/jax-js.mjs')],
    entryNames: '[name]',
    splitting: true,
    platform: 'browser',
    nodePaths: [peers],
    plugins: [inPages],
  });
  const kernels = join(peers, '@tensorflow/tfjs-backend-wasm/dist');
  for (const name of readdirSync(kernels).filter((each) => each.endsWith('.wasm')))
    copyFileSync(join(kernels, name), join(outdir, name));
}

/** Peers as they are for Node, with a page's way to measure. */
const inPages = {
  name: 'in pages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/lib\/measure\.mjs$/ }, () => ({
      path: join(root, 'bench/runtimes/peer-measure.mjs'),
    }));
    // What they load when it is wanted has to be a literal.
    onLoad({ filter: /bench\/peers\/[^/]+\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const [, name] = /^const NAME = ('[^']+')/m.exec(text);
      return { contents: text.replaceAll('import(NAME)', `import(${name})`), loader: 'js' };
    });
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'export const existsSync = 0, readFileSync = 0, fileURLToPath = 0;',
    }));
  },
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

mkdirSync(join(root, 'dist/bench'), { recursive: true });
await bundlePages();
const rows = rowsOf();
for (let round = 0; round < rounds; round++) {
  for (const row of rows) {
    if (row.failed) continue;
    try {
      row.found.push(await row.measure(row.workers, row.workload));
    } catch (error) {
      row.failed = error.message.split('\n')[0];
    }
    const last = row.failed ?? Math.round(row.found.at(-1).value);
    console.error(
      `round ${round + 1}  ${row.name}, ${row.workers} workers, ${row.workload}: ${last}`,
    );
  }
}

const valueOf = ({ found }) => median(found.map(({ value }) => value));
console.log(
  `${cpus()[0]?.model.trim()}, ${cpus().length} processors, median of ${rounds} rounds of ${seconds} s\n`,
);
console.log('| runtime | workload | workers | numerics | images/s | of Node 24, as many workers |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const row of rows) {
  const { name, workers, workload, found, failed } = row;
  // No workers is the calling thread.
  const threads = Math.max(1, workers ?? 1);
  const like = rows.find((other) => other.name === 'Node 24' && other.workers === threads);
  const isLike = workload === 'lenet5-b64' && like?.found.length && !failed;
  const cells = failed
    ? ['', `cannot: ${failed}`, '']
    : [
        found[0].numerics ?? '',
        Math.round(valueOf(row)).toLocaleString('en-US'),
        isLike ? (valueOf(row) / valueOf(like)).toFixed(2) : '',
      ];
  console.log(`| ${[name, workload, workers, ...cells].join(' | ')} |`);
}
process.exit();
