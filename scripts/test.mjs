// Runs every dist/test/**/*.test.js with uvu, each file in its own process (so that one hang or crash
// names its file), two at a time, and ends with one line `N passed, N failed`. Arguments filter by part of the path.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'dist/test';
const limitMs = 600_000;
const filters = process.argv.slice(2);
// Node 20 has relaxed SIMD behind a flag; with it, fused numerics are tested there too.
const [major] = process.versions.node.split('.');
const engineFlags = Number(major) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];
const files = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)))
  .toSorted();
if (files.length === 0) {
  console.error(`no test file in ${folder} matches ${filters.join(', ') || '*.test.js'}`);
  process.exit(1);
}

/** Runs one file; resolves to its counts. A file without tests that does not say why, or without uvu's summary, is one failure. */
function run(file) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', ...engineFlags, join(folder, file)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NO_COLOR: '1' },
      },
    );
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const start = Date.now();
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const seconds = ((Date.now() - start) / 1000).toFixed(1);
      const total = Number(/Total:\s+(\d+)/.exec(output)?.[1] ?? 0);
      const passed = Number(/Passed:\s+(\d+)/.exec(output)?.[1] ?? 0);
      // What needs something that is not here says so in a line, and that line is for all to see.
      const skips = output.split('\n').filter((line) => /^\s*skipped\b(?!: +\d+$)/i.test(line));
      const isEmpty = total === 0 && (code !== 0 || skips.length === 0);
      const broken = isEmpty || (code !== 0 && passed === total);
      const failed = total - passed + (broken ? 1 : 0);
      console.log(`${failed ? 'FAIL' : 'ok  '} ${file}  ${passed}/${total}  ${seconds} s`);
      if (!failed) for (const line of skips) console.log(`     ${line.trim()}`);
      if (failed) console.log(signal ? `${output}\nended by ${signal}` : output);
      resolve({ passed, failed });
    });
  });
}

let passed = 0;
let failed = 0;

async function runAll(files) {
  for (const file of files) {
    const result = await run(file);
    passed += result.passed;
    failed += result.failed;
  }
}

/** What measures the machine, or how long a page waits, has it for itself. */
const ALONE = /^(benchmark|edge|playground|soak|web)\/|^training\/same-bits/;
/** Long ones, some of which pack the package: one after another, beside all others. */
const LONG = /^(bundlers|cli|publish)\/|^docs\.test/;
const together = files.filter((file) => !ALONE.test(file));
await Promise.all([
  runAll(together.filter((file) => LONG.test(file))),
  runAll(together.filter((file) => !LONG.test(file))),
]);
await runAll(files.filter((file) => ALONE.test(file)));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
