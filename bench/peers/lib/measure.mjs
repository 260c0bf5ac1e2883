// What the JavaScript peers share: timing as in src/benchmark/measure.ts, the figures of a workload, and
// the command line `node PEER.mjs WORKLOAD THREADS SECONDS`, which prints one JSON line.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inferenceOf, productOf, trainingOf } from './workloads.mjs';

/** A batch of calls takes at least this long. */
const BATCH_MS = 5;

/** Times `call`, which may be asynchronous, for about `seconds`, after a fifth of that to warm up. */
export async function timeCalls(call, seconds) {
  const once = async () => {
    const start = performance.now();
    const pending = call();
    // An await costs a microtask: only who needs it pays.
    if (pending instanceof Promise) await pending;
    return performance.now() - start;
  };
  const warm = performance.now() + seconds * 200;
  let last = 0;
  for (let calls = 0; calls < 3 || performance.now() < warm; calls++) last = await once();
  const batch = Math.max(1, Math.ceil(BATCH_MS / Math.max(last, 1e-6)));
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) {
      const pending = call();
      if (pending instanceof Promise) await pending;
    }
    times.push((performance.now() - start) / batch);
  }
  times.sort((a, b) => a - b);
  return { medianMs: times[Math.floor(times.length / 2)], minMs: times[0] };
}

/** Normally distributed numbers (Box and Muller 1958), the same ones every time. */
export function normals(count, deviation = 1) {
  let state = 1;
  const uniform = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Float32Array.from(
    { length: count },
    () => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** LeNet-5's parameters as PyTorch starts them: `{ c1: { w, b, shape }, … }`, weights O×C×k×k or out×in. */
export function lenet5Parameters() {
  const layer = (shape) => {
    const inputs = shape.slice(1).reduce((product, extent) => product * extent, 1);
    const w = normals(shape[0] * inputs, 1 / Math.sqrt(3 * inputs));
    return { w, b: new Float32Array(shape[0]), shape };
  };
  return {
    c1: layer([6, 1, 5, 5]),
    c3: layer([16, 6, 5, 5]),
    c5: layer([120, 400]),
    f6: layer([84, 120]),
    out: layer([10, 84]),
  };
}

/** @throws Error where c = a·b, all row-major, is wrong in a sample of elements. */
export function checkProduct({ m, k, n }, a, b, c) {
  for (const [i, j] of [
    [0, 0],
    [m - 1, n - 1],
    [m >> 1, n >> 1],
  ]) {
    let expected = 0;
    for (let p = 0; p < k; p++) expected += a[i * k + p] * b[p * n + j];
    const found = c[i * n + j];
    if (!(Math.abs(found - expected) < 1e-3 * Math.sqrt(k)))
      throw new Error(`element ${i}, ${j} of the product is ${found}, expected ${expected}`);
  }
}

/** @throws Error unless it is a finite number: other figures would be of another computation. */
export function checkFinite(number, what) {
  if (!Number.isFinite(number)) throw new Error(`${what} is ${number}`);
}

/** The most memory this process has had resident. (Linux starts its `maxRSS` at that of its parent.) */
function peakBytes() {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found[1]) * 1024;
}

/** How a median becomes the workload's value, as `lanewise bench` reports it. */
function valueOf(workload, { medianMs }) {
  const product = productOf(workload);
  if (product)
    return { value: (2 * product.m * product.k * product.n) / medianMs / 1e6, unit: 'GFLOP/s' };
  if (workload === 'memory') return { value: peakBytes() / 1e6, unit: 'MB' };
  const batch = inferenceOf(workload) ?? trainingOf(workload).batch;
  if (batch === 1) return { value: medianMs * 1000, unit: 'µs' };
  return { value: (batch / medianMs) * 1000, unit: 'images/s' };
}

/** The version of an installed package; `from` is the peer's file. @throws Error where it is missing. */
export function versionOf(packageName, from) {
  const file = new URL(`node_modules/${packageName}/package.json`, from);
  if (!existsSync(file)) throw new Error(`${fileURLToPath(file)} does not exist`);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/**
 * Runs a peer's command line. `prepare(workload, threads)` loads the peer and returns
 * `{ call, check }`: the function to time and what to verify afterwards; it throws with the reason for what
 * the peer cannot do.
 */
export async function runPeer(packageName, from, prepare) {
  const [workload, threads, seconds] = process.argv.slice(2);
  const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    if (workload === '--version') return print({ version: versionOf(packageName, from) });
    const { call, check } = await prepare(workload, Number(threads));
    const timing = await timeCalls(call, Number(seconds));
    await check();
    print({ workload, threads: Number(threads), ...timing, ...valueOf(workload, timing) });
  } catch (error) {
    print({ workload, unavailable: error.message.split('\n')[0] });
  }
  // Worker threads of a peer would keep the process alive.
  process.exit();
}
