/**
 * Files and scores of quantised models: the same bits in every Node, Deno and Bun, in Chromium, Firefox and workerd, whichever
 * kernels they are given.
 */
// slow: quantises in every engine
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as lanewise from '../../src/index.js';
import * as quantizing from '../../src/quantize/index.js';
import { startEdge, type EdgeModule } from '../runtimes/edge-server.js';
import { openFirefox } from '../runtimes/firefox.js';
import { startSite } from '../runtimes/site.js';
import { findBrowser, findFirefox, openPage, startBrowser } from '../support/browser.js';
import { findEngine, type EngineName } from '../support/engines.js';
import { quantizedFiles } from './quantizing.js';

const run = promisify(execFile);
const dist = fileURLToPath(new URL('../../', import.meta.url));
const script = fileURLToPath(new URL('./quantizing-process.js', import.meta.url));
const PATIENCE_MS = 120_000;

const engines: readonly (readonly [EngineName, readonly string[]])[] = [
  ['node22', []],
  ['node24', []],
  ['node26', []],
  ['deno', ['run', '--no-prompt', '--allow-read=.', '--allow-env=PISCINA_DISABLE_ATOMICS']],
  ['bun', []],
];

/** A runtime's hashes, of each net. */
interface Report {
  readonly files?: Readonly<Record<string, string>>;
  readonly scores: Readonly<Record<string, string>>;
  readonly plain: Readonly<Record<string, string>>;
}

async function reportOf(path: string, flags: readonly string[]): Promise<Report> {
  const { stdout } = await run(path, [...flags, script], { cwd: `${dist}..` });
  return JSON.parse(stdout) as Report;
}

const expected = await reportOf(process.execPath, []);

test(`this Node, ${process.version}, gives hashes of both builds, which are equal`, () => {
  const { files, scores, plain } = expected;
  assert.equal(Object.keys(scores), ['lenet5', 'partlyFloat']);
  for (const hash of Object.values({ ...files, ...scores })) assert.match(hash, /^[0-9a-f]{64}$/);
  assert.is.not(scores['lenet5'], scores['partlyFloat']);
  assert.equal(plain, scores);
});

for (const [name, flags] of engines) {
  const path = findEngine(name);
  if (path) test(name, async () => assert.equal(await reportOf(path, flags), expected));
  else console.log(`skipped: no ${name} here (npm run engines)`);
}

/** Opens a page, and resolves to what closes the browser. */
const browsers = [
  [
    'chromium',
    findBrowser(),
    async (path: string, url: string) => {
      const browser = await startBrowser(path);
      await openPage(browser, url);
      return () => browser.close();
    },
  ],
  ['firefox', findFirefox(), openFirefox],
] as const;

for (const [name, path, open] of browsers) {
  if (!path) {
    console.log(`skipped: no ${name} here (Debian: chromium, firefox-esr)`);
    continue;
  }
  test(`${name}, from its files on`, async () => {
    const site = await startSite({ isolated: false });
    try {
      const reported = site.report<Report>(PATIENCE_MS);
      const close = await open(path, site.url('test/quantize/quantizing-page.js'));
      assert.equal(await reported.finally(() => close()), expected);
    } finally {
      await site.close();
    }
  });
}

/** Starts workerd with the files of this process, which quantizing-edge.js imports. */
async function edgeReport(path: string): Promise<Report> {
  const files = Object.entries(await quantizedFiles(lanewise, quantizing)).map(
    ([net, bytes]) => [net, `quantized-${net}-${process.pid}.bin`, bytes] as const,
  );
  for (const [, name, bytes] of files) await writeFile(`${dist}${name}`, bytes);
  const modules: readonly EdgeModule[] = [
    ['edge.js', 'esModule', 'test/quantize/quantizing-edge.js'],
    ['quantizing.js', 'esModule', 'test/quantize/quantizing.js'],
    ['inference', 'esModule', 'browser/inference.js'],
    ...['int8-plain.wasm', 'int8-relaxed.wasm', 'inference-strict.wasm'].map((name): EdgeModule => [
      name,
      'wasm',
      `wasm/${name}`,
    ]),
    ...files.map(([net, name]): EdgeModule => [`${net}.file`, 'data', name]),
  ];
  try {
    const { url, close } = await startEdge(path, modules);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const text = await response.text();
      assert.is(response.status, 200, text);
      return JSON.parse(text) as Report;
    } finally {
      await close();
    }
  } finally {
    for (const [, name] of files) await rm(`${dist}${name}`);
  }
}

const workerd = findEngine('workerd');
if (workerd)
  test('workerd, whose kernels are modules', async () => {
    const { files: _, ...scores } = expected;
    assert.equal(await edgeReport(workerd), scores);
  });
else console.log('skipped: no workerd here (npm run engines)');

test.run();
