// The peers: how each is run, installed and set up.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const NPM = 'cd bench/peers && npm ci --ignore-scripts';
const DEBIAN =
  'apt-get install python3-torch python3-torchvision python3-numpy libopenblas0-pthread';

/** glibc keeps freed memory instead of giving it back to the kernel at every step. */
const KEEP_MEMORY = {
  MALLOC_MMAP_THRESHOLD_: '4294967296',
  MALLOC_TRIM_THRESHOLD_: '8589934592',
  MALLOC_TOP_PAD_: '268435456',
};

/** A native library chooses its kernels itself: the variable may be preset to those of an older processor. */
const OWN_CHOICE = { OPENBLAS_CORETYPE: undefined };

const python = (script, ...flags) => ({
  env: OWN_CHOICE,
  command: (options) => [options.python, `${folder}${script}`],
  flags,
  install: DEBIAN,
});
const javaScript = (script, wasm) => ({
  command: () => [process.execPath, `${folder}${script}`],
  flags: [],
  install: NPM,
  wasm,
});

/**
 * Name → `command` (options → program and script; workload, threads and seconds follow), `flags` after
 * these, `env`, `install`, and `wasm` where the peer computes in WebAssembly, like Lanewise.
 */
export const peers = {
  pytorch: python('pytorch.py'),
  'pytorch-best': { ...python('pytorch.py', '--best'), env: { ...OWN_CHOICE, ...KEEP_MEMORY } },
  'numpy-openblas': python('numpy-openblas.py'),
  'onnxruntime-node': javaScript('onnxruntime-node.mjs', false),
  'onnxruntime-node-int8': javaScript('onnxruntime-node-int8.mjs', false),
  'onnxruntime-web': javaScript('onnxruntime-web.mjs', true),
  'tfjs-wasm': javaScript('tfjs-wasm.mjs', true),
  'jax-js': javaScript('jax-js.mjs', true),
};

/** Lanewise, in the numerics `lanewise bench` chooses, or `numerics`. */
export function lanewise(numerics) {
  const root = new URL('../../../', import.meta.url);
  const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const main = fileURLToPath(new URL(bin.lanewise, root));
  if (!existsSync(main)) throw new Error(`${bin.lanewise} is missing: npm run build`);
  const flags = numerics ? ['--numerics', numerics] : [];
  return { command: () => [process.execPath, main, 'bench'], flags, isLanewise: true };
}

/** The arguments that measure a workload. */
export const argumentsFor = ({ flags, isLanewise }, { workload, threads, seconds }) =>
  isLanewise
    ? [workload, '--threads', `${threads}`, '--seconds', `${seconds}`, '--json', ...flags]
    : [workload, `${threads}`, `${seconds}`, ...flags];
