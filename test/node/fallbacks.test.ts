/** A process says in a sentence what it lacks, and what it does instead; the bits stay the same. */
// slow: a process for each thing that may be missing
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as lanewise from '../../src/index.js';
import { trainLittle } from '../web/site.js';

const entry = new URL('../../src/bundle/index.js', import.meta.url).href;
const cli = fileURLToPath(new URL('../../src/bundle/main.js', import.meta.url));
const [major] = process.versions.node.split('.').map(Number);
const isNode = !process.versions['bun'] && !process.versions['deno'];

interface Options {
  /** JavaScript that is run before the package is loaded. */
  readonly before?: string;
  readonly flags?: readonly string[];
  readonly settings?: Parameters<typeof trainLittle>[1];
  /** Of the shell, before the process starts. */
  readonly shell?: string;
}

/** What another process finds, of this runtime with other flags. */
async function run({ before = '', flags = [], settings = {}, shell = 'true' }: Options) {
  const program = `${before}
    const lanewise = await import(${JSON.stringify(entry)});
    const found = {};
    try {
      found.runtime = await lanewise.init();
      found.trained = await (${trainLittle})(lanewise, ${JSON.stringify(settings)});
    } catch (error) {
      found.error = { kind: error.kind, text: error.message + '\\n' + error.hint };
    }
    console.log(JSON.stringify(found));
    process.exit();`;
  const args = [process.execPath, ...flags, '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)('sh', ['-c', `${shell}; exec "$@"`, 'sh', ...args]);
  return JSON.parse(stdout) as {
    readonly runtime?: lanewise.Runtime;
    readonly trained?: unknown;
    readonly error?: { readonly kind: string; readonly text: string };
  };
}

const strictOnly =
  /^this engine has no relaxed SIMD multiply-add that rounds once: numerics are 'strict', up to a fifth slower; /;
/** Not Node 20's flag, which this process has. */
const NO_RELAXED_SIMD = `const { validate } = WebAssembly;
  WebAssembly.validate = (bytes) => bytes.length < 40 && validate(bytes);`;

test('no relaxed SIMD: strict, and the same bits', async () => {
  const strict = await trainLittle(lanewise, { numerics: 'strict', workers: 0 });
  const without = major! < 22 ? {} : { before: NO_RELAXED_SIMD };
  const { runtime, trained } = await run(without);
  assert.is(runtime!.numerics, 'strict');
  assert.is(runtime!.notes.length, 1);
  assert.match(runtime!.notes[0]!, strictOnly);
  assert.equal(trained, strict);
});

test('no SIMD: refused, with what has it', async () => {
  const { error } = await run({ before: 'WebAssembly.validate = () => false;' });
  assert.is(error?.kind, 'engine');
  assert.match(error!.text, /^this JavaScript engine has no WebAssembly SIMD, .*\nuse a browser/);
});

test('no SharedArrayBuffer: the calling thread does without', async () => {
  const before = 'delete globalThis.SharedArrayBuffer;';
  const { trained, error } = await run({ before, settings: { workers: 0, numerics: 'strict' } });
  assert.is(error, undefined);
  assert.equal(trained, await trainLittle(lanewise, { numerics: 'strict', workers: 1 }));
});

test('a Worker constructor that throws: refused, with a way to go on', async () => {
  const before = `import threads, { Worker } from 'node:worker_threads';
    import { syncBuiltinESMExports } from 'node:module';
    threads.Worker = class extends Worker { constructor() { throw new Error('not today'); } };
    syncBuiltinESMExports();`;
  const { error } = await run({ before });
  assert.is(error?.kind, 'platform', error?.text);
  assert.match(
    error!.text,
    /^worker threads cannot be started: not today\nworkers: 0 trains in the calling thread/,
  );
});

test('worker threads that are not permitted: the calling thread', async () => {
  if (!isNode) return console.log('skipped: needs Node’s permission model');
  const permission = major! < 22 ? '--experimental-permission' : '--permission';
  const flags = [permission, '--allow-fs-read=*'];
  const { runtime, trained, error } = await run({ flags, settings: { numerics: 'strict' } });
  assert.is(error, undefined, error?.text);
  assert.is(runtime!.threads, 'none');
  assert.match(
    runtime!.notes.at(-1)!,
    /^worker threads are not permitted to this process: training runs in the calling thread; --allow-worker permits them$/,
  );
  assert.equal(trained, await trainLittle(lanewise, { numerics: 'strict', workers: 1 }));
});

test('a memory that the system refuses is named by its size', async () => {
  if (process.platform !== 'linux' || !isNode) return console.log('skipped: needs Linux’s ulimit');
  // What V8 reserves for a process and a memory differs from version to version: some limit is just too small.
  const kinds: (string | undefined)[] = [];
  for (const gigabytes of [1, 4, 12]) {
    const shell = `ulimit -v ${gigabytes * 2 ** 20}`;
    const { error } = await run({ shell, settings: { workers: 0 } }).catch(() => ({
      error: undefined,
    }));
    kinds.push(error?.kind);
    if (error) {
      assert.is(error.kind, 'memory', error.text);
      assert.match(
        error.text,
        /^the engine refused a memory of \d+ pages \(0\.0\d GiB\)\n.*lift the address-space limit/,
      );
    }
  }
  // Later ones do without the reservation.
  if (major! < 22) assert.ok(kinds.includes('memory'), kinds.join());
});

test('the command line says what is missing once, before it trains', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-fallback-'));
  const args = ['train', 'mlp', '--data', 'digits', '--limit', '64', '--epochs', '1'];
  const patch = `data:text/javascript,${encodeURIComponent(NO_RELAXED_SIMD)}`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--import',
    patch,
    cli,
    ...args,
    '--out',
    join(folder, 'run'),
  ]);
  await rm(folder, { recursive: true });
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => strictOnly.test(line));
  assert.is(lines.length, 1, `${stdout}\n${stderr}`);
});

test.run();
