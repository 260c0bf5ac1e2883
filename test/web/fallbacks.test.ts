/** A page in Chromium says in a sentence what it lacks, and what it does instead; the bits are Node's all the same. */
// slow: a browser
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as lanewise from '../../src/index.js';
import { findBrowser, startBrowser, type Browser } from '../support/browser.js';
import { ISOLATED } from '../support/site.js';
import { trainLittle, type Trained } from './site.js';
import { script, visitIn, type Found, type Visit } from './visit.js';

const policy = (extra: string) => ({
  'Content-Security-Policy': `default-src 'none'; connect-src 'self'; ${extra}`,
});
const STRICT_POLICY = policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'");

const path = findBrowser();
let browser: Browser;
const expected: Record<string, Trained> = {};

test.before(async () => {
  if (path === undefined) return;
  browser = await startBrowser(path);
  for (const numerics of ['strict', 'fused'] as const)
    if (numerics === 'strict' || lanewise.relaxedMaddIsFused())
      expected[numerics] = await trainLittle(lanewise, { numerics, workers: 1 });
});
test.after(() => browser?.close());

const visit = (options: Visit): Promise<Found> => visitIn(browser, options);

/** The same in a module worker of the page. */
async function visitInWorker(options: Visit): Promise<Found> {
  const files = { ...options.files, '/own.js': `postMessage(await ${script(options)})` };
  return visit({
    ...options,
    files,
    before: '',
    program: `new Promise((resolve) => {
      new Worker('/own.js', { type: 'module' }).onmessage = ({ data }) => resolve(data);
    })`,
  }).then(({ trained }) => trained as unknown as Found);
}

const ownMemory =
  /^memory cannot be shared, as the page is not cross-origin isolated: training runs in one worker thread with a memory of its own; the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp give it all processors$/;
const noWorkers = (reason: string) =>
  new RegExp(
    `^worker threads cannot be started \\(${reason}\\): training runs in the calling thread, and the page is slow in the meantime; serve the package's worker.js from the page's origin with the page's headers, `,
  );
const strictOnly =
  /^this engine has no relaxed SIMD multiply-add that rounds once: numerics are 'strict', up to a fifth slower; /;

/** `validate` and `Instance` as in engines that lack something; probes are the modules without imports. */
const NO_SIMD = 'WebAssembly.validate = () => false;';
const NO_RELAXED_SIMD = `const { validate } = WebAssembly;
  WebAssembly.validate = (bytes) => bytes.length < 40 && validate(bytes);`;
const ROUNDS_TWICE = `const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    return imports ? new Instance(module, imports) : { exports: { f: () => 0 } };
  };`;
const moduleOf = (name: string) =>
  `{ module: await WebAssembly.compile(await (await fetch('/wasm/${name}.wasm')).arrayBuffer()) }`;

interface Fallback extends Visit {
  readonly threads: lanewise.ThreadMode;
  readonly notes?: readonly RegExp[];
  readonly numerics?: lanewise.Numerics;
  readonly where?: typeof visit;
}

const fallbacks: Readonly<Record<string, Fallback>> = {
  'an isolated page': { headers: ISOLATED, threads: 'shared' },
  'an isolated page under a strict policy': {
    headers: { ...ISOLATED, ...STRICT_POLICY },
    threads: 'shared',
  },
  'a page without shared memory': {
    before: "if (typeof SharedArrayBuffer !== 'undefined') throw new Error('it is there');",
    threads: 'own',
    notes: [ownMemory],
  },
  'the same under a strict policy': { headers: STRICT_POLICY, threads: 'own', notes: [ownMemory] },
  'a worker of an isolated page': { headers: ISOLATED, threads: 'shared', where: visitInWorker },
  'a worker of a page that is not isolated': {
    threads: 'none',
    notes: [
      /training runs in the calling thread, which is not a page's; the headers Cross-Origin-/,
    ],
    where: visitInWorker,
  },
  'no Worker': {
    before: 'delete globalThis.Worker;',
    threads: 'none',
    notes: [/^there are no worker threads here: training runs in the calling thread$/],
  },
  'a Worker constructor that throws': {
    headers: ISOLATED,
    before: "Worker = class { constructor() { throw new Error('not today'); } };",
    threads: 'none',
    notes: [noWorkers('not today')],
  },
  'a worker script that is not there': {
    files: { '/browser/worker.js': undefined },
    threads: 'none',
    notes: [noWorkers('its script cannot be loaded')],
  },
  'workers that the policy blocks': {
    headers: policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"),
    threads: 'none',
    notes: [noWorkers('.*')],
  },
  'a worker script without the isolated page’s headers': {
    headers: ISOLATED,
    headersOf: { '/browser/worker.js': { 'Cross-Origin-Embedder-Policy': 'unsafe-none' } },
    threads: 'none',
    notes: [noWorkers('its script cannot be loaded')],
  },
  'a worker of another origin': {
    init: "{ worker: 'http://127.0.0.1:9/worker.js' }",
    threads: 'none',
    notes: [noWorkers('.*cannot be accessed from origin.*')],
  },
  'a worker script that is another’s': {
    files: { '/other.js': 'void 0;' },
    before: 'const later = setTimeout; setTimeout = (run, ms) => later(run, ms / 100);',
    init: "{ worker: '/other.js' }",
    threads: 'none',
    notes: [noWorkers('its script does not answer')],
  },
  'no relaxed SIMD': {
    headers: ISOLATED,
    before: NO_RELAXED_SIMD,
    threads: 'shared',
    numerics: 'strict',
    notes: [strictOnly],
  },
  'relaxed SIMD that rounds twice': {
    headers: ISOLATED,
    before: ROUNDS_TWICE,
    threads: 'shared',
    numerics: 'strict',
    notes: [strictOnly],
  },
  'a module, fused': { headers: ISOLATED, init: moduleOf('fused-shared'), threads: 'shared' },
  'a module, strict': {
    headers: ISOLATED,
    init: moduleOf('strict-shared'),
    threads: 'shared',
    numerics: 'strict',
  },
  'a module for a memory of its own': {
    init: moduleOf('fused'),
    threads: 'own',
    notes: [ownMemory],
  },
  'files that lie elsewhere': {
    headers: ISOLATED,
    init: "{ wasm: '/browser/../wasm', worker: new URL('/browser/worker.js', location) }",
    threads: 'shared',
  },
  'no number of processors': {
    headers: ISOLATED,
    before: "Object.defineProperty(navigator, 'hardwareConcurrency', { value: undefined });",
    threads: 'shared',
  },
};

/** Each ends in an error. */
const refusals: Readonly<Record<string, Visit & { kind: string; text: RegExp }>> = {
  'no SIMD': {
    before: NO_SIMD,
    kind: 'engine',
    text: /^this JavaScript engine has no WebAssembly SIMD, .*\nuse a browser of 2023 or later/,
  },
  'a policy that lets nothing be compiled': {
    headers: policy("script-src 'self'; worker-src 'self'"),
    kind: 'engine',
    text: /^WebAssembly may not be compiled here\na page's Content-Security-Policy needs script-src 'wasm-unsafe-eval'/,
  },
  'kernels that are not there': {
    files: { '/wasm/fused.wasm': undefined },
    kind: 'network',
    text: /^the kernels 'http:.*\/wasm\/fused\.wasm' cannot be fetched: status 404\nput .*init\({ wasm/,
  },
  'a page instead of the kernels': {
    files: { '/wasm/fused.wasm': '<!doctype html>' },
    kind: 'network',
    text: /cannot be fetched: the server sent something else/,
  },
  'a server that is not there': {
    init: "{ wasm: 'http://127.0.0.1:9/' }",
    kind: 'network',
    text: /^the kernels 'http:\/\/127\.0\.0\.1:9\/fused\.wasm' cannot be fetched: Failed to fetch/,
  },
  'kernels of another way of sharing memory': {
    headers: ISOLATED,
    init: moduleOf('fused'),
    kind: 'engine',
    text: /^init was given the kernels 'fused', and 'fused-shared' is needed\ngive it lanewise\/wasm\/fused-shared\.wasm/,
  },
  'a module of something else': {
    init: '{ module: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) }',
    kind: 'argument',
    text: /^module is a WebAssembly.Module, but not one of the package\nsuch as lanewise\/wasm\/fused\.wasm/,
  },
  'what is no module': {
    init: "{ module: '/fused.wasm' }",
    kind: 'argument',
    text: /^module is \/fused\.wasm, expected a WebAssembly\.Module of the package/,
  },
  'more than WebAssembly addresses': {
    program: `lanewise.train(lanewise.mlp({ hidden: 1500000 }), {
      data: lanewise.digits({ count: 4 }), optimizer: lanewise.sgd({ lr: 1 }), epochs: 1 })`,
    kind: 'memory',
    text: /^this run needs \d+\.\d\d GiB \(.*\), WebAssembly addresses at most 4 GiB\nuse a smaller batch/,
  },
  'a memory that the engine refuses to the page': {
    headers: ISOLATED,
    before: `WebAssembly.Memory = class { constructor() { throw new RangeError('no memory'); } };`,
    kind: 'memory',
    text: /^the engine refused a shared memory of \d+ pages \(0\.0\d GiB\)\nfree some memory, /,
  },
  'a memory that the engine refuses to the worker': {
    files: {
      '/poor.js': `WebAssembly.Memory = class { constructor() { throw new RangeError('no memory'); } };
        await import('/browser/worker.js');`,
    },
    init: "{ worker: '/poor.js' }",
    kind: 'memory',
    text: /^the engine refused a memory of \d+ pages \(0\.0\d GiB\)\nfree some memory, /,
  },
};

/** A worker's script that fails at its task `n`. */
const failingAt = (n: number) => `await import('/browser/worker.js');
  const receive = onmessage;
  let tasks = 0;
  onmessage = (event) => {
    if (event.data.task && ++tasks === ${n}) throw new Error('out of luck');
    receive(event);
  };`;

const counted = `const { Worker: Real } = globalThis;
  const live = new Set();
  globalThis.Worker = class extends Real {
    constructor(...args) { super(...args); live.add(this); }
    terminate() { live.delete(this); super.terminate(); }
  };`;

if (path === undefined) {
  console.log('skipped: no Chromium (set CHROME to its path)');
} else {
  for (const [name, fallback] of Object.entries(fallbacks)) {
    test(name, async () => {
      const { threads, notes = [], numerics = 'fused', where = visit } = fallback;
      const { runtime, trained, error, warnings } = await where(fallback);
      assert.is(error, undefined);
      assert.is(runtime!.threads, threads);
      assert.is(runtime!.numerics, numerics);
      assert.is(runtime!.notes.length, notes.length, runtime!.notes.join('\n'));
      notes.forEach((note, i) => assert.match(runtime!.notes[i]!, note));
      // Each was said once.
      assert.equal(
        warnings,
        runtime!.notes.map((note) => `Lanewise: ${note}`),
      );
      if (expected[numerics]) assert.equal(trained, expected[numerics]);
    });
  }

  for (const [name, { kind, text, ...refused }] of Object.entries(refusals)) {
    test(`${name}: refused`, async () => {
      const { error } = await visit(refused);
      assert.is(error?.kind, kind, error?.text);
      assert.match(error!.text, text);
    });
  }

  for (const headers of [ISOLATED, {}]) {
    const threads = headers === ISOLATED ? 'shared' : 'own';
    test(`a worker that fails amid training is done without, ${threads}`, async () => {
      const program = `(async () => {
        let recoveries = 0;
        const train = (model, settings) =>
          lanewise.train(model, { ...settings, workers: 2 }, { stepsPerEvent: 2, onRecovery: () => recoveries++ });
        const trained = await (${trainLittle})({ ...lanewise, train });
        return { trained, recoveries };
      })()`;
      const files = { '/failing.js': failingAt(3) };
      const options = { headers, files, init: "{ worker: '/failing.js' }", program };
      const { trained, error } = await visit(options);
      assert.is(error, undefined, error?.text);
      const { recoveries, ...found } = trained as unknown as {
        trained: Trained;
        recoveries: number;
      };
      assert.ok(recoveries >= 1);
      if (expected['fused']) assert.equal(found.trained, expected['fused']);
    });
  }

  test('runs at once do not disturb each other, and leave a worker a processor', async () => {
    const program = `(async () => {
      const runs = Array.from({ length: 3 }, () => (${trainLittle})(lanewise, { workers: 2 }));
      const trained = await Promise.all(runs);
      for (let i = 0; i < 3; i++) trained.push(await (${trainLittle})(lanewise, { workers: 2 }));
      return { trained, left: live.size, most: navigator.hardwareConcurrency };
    })()`;
    const { trained, error } = await visit({ headers: ISOLATED, before: counted, program });
    assert.is(error, undefined, error?.text);
    const { left, most, ...found } = trained as unknown as {
      trained: readonly Trained[];
      left: number;
      most: number;
    };
    assert.ok(left <= most, `${left} workers are left, of ${most}`);
    if (expected['fused']) for (const one of found.trained) assert.equal(one, expected['fused']);
  });
}

test.run();
