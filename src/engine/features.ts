/**
 * Feature detection of the engine: SIMD, relaxed SIMD, and whether its relaxed multiply-add rounds once.
 * (JavaScriptCore has relaxed SIMD and rounds twice.)
 */
import { given } from '../platform/given.js';

/** (x, c) → relaxed_madd(x, x, c), lane 0. Compiled by asc from three lines of AssemblyScript. */
const MADD_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 125, 125, 1, 125, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0,
  10, 24, 1, 22, 1, 1, 123, 32, 0, 253, 19, 34, 2, 32, 2, 32, 1, 253, 19, 253, 133, 2, 253, 31, 0,
  11,
]);

/** () → v128 constant, dropped: valid exactly where SIMD exists. */
const SIMD_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26,
  11,
]);

/** The rounding of multiply-add: once (`fused`) or after each operation (`strict`). */
export type Numerics = 'strict' | 'fused';

/** An empty module. */
const EMPTY = /* @__PURE__ */ new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

/** Whether bytes may be compiled: not without 'wasm-unsafe-eval' in a page's policy, nor in edge workers. */
export function mayCompile(): boolean {
  try {
    return Boolean(new WebAssembly.Module(EMPTY));
  } catch {
    return false;
  }
}

export const hasSimd = (): boolean => WebAssembly.validate(SIMD_PROBE);

/** Verdicts by the number of modules given at the time. */
const verdicts = new Map<number, boolean>();

/** True where `f32x4.relaxed_madd` exists and rounds once. */
export function relaxedMaddIsFused(): boolean {
  const { size } = given.modules;
  const known = verdicts.get(size);
  if (known !== undefined) return known;
  const madd = size > 0 ? givenMadd() : compiledMadd();
  const verdict = madd !== undefined && roundsOnce(madd);
  verdicts.set(size, verdict);
  return verdict;
}

/** True where it exists and rounds twice, as in JavaScriptCore. */
export function relaxedMaddRoundsTwice(): boolean {
  const madd = compiledMadd();
  return madd !== undefined && !roundsOnce(madd, false);
}

// (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴ lies halfway between two floats: rounded before the sum, the last
// term is lost and the result is 0.
// An engine may recompile a hot function with another result: this many calls have to agree.
const CALLS = 50;

const roundsOnce = (madd: Madd, every = true): boolean => {
  let once = 0;
  for (let i = 0; i < CALLS; i++) {
    if (madd(1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24) once++;
  }
  return every ? once === CALLS : once > 0;
};

type Madd = (x: number, c: number) => number;

function compiledMadd(): Madd | undefined {
  if (!WebAssembly.validate(MADD_PROBE)) return undefined;
  // Where compilation is not allowed, `loadModule` reports it.
  if (!mayCompile()) return undefined;
  return maddOf(new WebAssembly.Instance(new WebAssembly.Module(MADD_PROBE)), 'f');
}

/** The numerics of the builds given to `init`: if there are any, no other is loaded. */
function givenMadd(): Madd | undefined {
  const shared = !given.modules.has('fused');
  const module = given.modules.get(shared ? 'fused-shared' : 'fused');
  if (!module) return undefined;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
  return maddOf(new WebAssembly.Instance(module, { env: { memory } }), 'multiplyAdd');
}

const maddOf = ({ exports }: WebAssembly.Instance, name: string): Madd => exports[name] as Madd;

/** `fused` where the probe shows single rounding, else `strict`. */
export const defaultNumerics = (): Numerics => (relaxedMaddIsFused() ? 'fused' : 'strict');
