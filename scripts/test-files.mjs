// The files of tests, what each says of itself, and how one runs in a process of its own, so that a hang or a crash names its
// file.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const limitMs = 600_000;
// A file whose tests are over should end: what they left open, such as a worker of a test that failed, would hold it.
const leftOpenMs = 20_000;
// Node 20 has relaxed SIMD behind a flag; with it, fused numerics are tested there too.
const [major] = process.versions.node.split('.');
const engineFlags = Number(major) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];

/**
 * Every test/**\/*.test.ts whose path below test/ holds one of `filters`; all without any. A file says of itself, in comments
 * before its first import: `// slow: why` (not part of the quick tier), `// alone: why` (nothing runs beside it).
 */
export function testFiles(filters = []) {
  return readdirSync('test', { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)))
    .toSorted()
    .map((name) => {
      const [head] = readFileSync(join('test', name), 'utf8').split(/^import /m);
      return { name, isSlow: /^\/\/ slow: \w/m.test(head), isAlone: /^\/\/ alone: \w/m.test(head) };
    });
}

/**
 * Seconds of processor time of all children that have ended, and of their children; undefined if the system does not
 * tell.
 */
function childSeconds() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // cutime and cstime, in hundredths of a second.
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return undefined;
  }
}

let counted = childSeconds();

/** The processor time of the children that ended since the last call. */
function secondsSince() {
  const before = counted;
  counted = childSeconds();
  return counted === undefined ? undefined : counted - before;
}

/** A file without tests must say why; a file without uvu's summary counts as one failure. */
function countsOf(output, code) {
  const total = Number(/Total:\s+(\d+)/.exec(output)?.[1] ?? 0);
  const passed = Number(/Passed:\s+(\d+)/.exec(output)?.[1] ?? 0);
  // A file that skips tests says so in a line, which is always shown.
  const skips = output.split('\n').filter((line) => /^\s*skipped\b(?!: +\d+$)/i.test(line));
  const isEmpty = total === 0 && (code !== 0 || skips.length === 0);
  const isBroken = isEmpty || (code !== 0 && passed === total);
  return { total, passed, failed: total - passed + (isBroken ? 1 : 0), skips };
}

/**
 * Runs one of `testFiles` as built, and prints its line; resolves to how many tests passed and failed, and its processor
 * time. An aborted signal ends it without a word.
 */
export function runFile({ name }, signal) {
  const built = join('dist', 'test', name.replace(/\.ts$/, '.js'));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', ...engineFlags, built], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    let cpu;
    const quit = () => child.kill('SIGKILL');
    let timer = setTimeout(quit, limitMs);
    child.stdout.on('data', (data) => {
      output += data;
      if (!/^ {2}Duration: /m.test(String(data))) return;
      clearTimeout(timer);
      timer = setTimeout(quit, leftOpenMs);
    });
    child.stderr.on('data', (data) => (output += data));
    const start = performance.now();
    signal?.addEventListener('abort', quit);
    child.on('exit', () => (cpu = secondsSince()));
    child.on('close', (code, ending) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', quit);
      if (signal?.aborted) return resolve({ passed: 0, failed: 0, cpu: 0 });
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const { total, passed, failed, skips } = countsOf(output, code);
      const used = cpu === undefined ? '' : `  cpu ${cpu.toFixed(1)} s`;
      console.log(`${failed ? 'FAIL' : 'ok  '} ${name}  ${passed}/${total}  ${seconds} s${used}`);
      if (!failed) for (const line of skips) console.log(`     ${line.trim()}`);
      if (failed) console.log(ending ? `${output}\nended by ${ending}` : output);
      return resolve({ passed, failed, cpu: cpu ?? 0 });
    });
  });
}

/** Runs files, `lanes` at a time: slow ones first, so that quick ones fill the end, and those that are alone last. */
export async function runFiles(files, lanes, signal) {
  const sum = { passed: 0, failed: 0, cpu: 0 };
  const work = async (queue) => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      if (signal?.aborted) return;
      const result = await runFile(file, signal);
      for (const key of Object.keys(sum)) sum[key] += result[key];
    }
  };
  const together = files.filter(({ isAlone }) => !isAlone);
  const queue = [
    ...together.filter((file) => file.isSlow),
    ...together.filter((file) => !file.isSlow),
  ];
  await Promise.all(Array.from({ length: lanes }, () => work(queue)));
  await work(files.filter(({ isAlone }) => isAlone));
  return sum;
}
