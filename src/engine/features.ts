/**
 * What this engine can do, found by looking: does it know SIMD and relaxed SIMD, and does its relaxed
 * multiply-add round once? (JavaScriptCore knows relaxed SIMD and rounds twice.)
 */
import { given } from '../platform/given.js';

/** (x, c) → relaxed_madd(x, x, c), lane 0. Made by asc from three lines of AssemblyScript. */
const MADD_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 125, 125, 1, 125, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0,
  10, 24, 1, 22, 1, 1, 123, 32, 0, 253, 19, 34, 2, 32, 2, 32, 1, 253, 19, 253, 133, 2, 253, 31, 0,
  11,
]);

/** () → v128 constant, dropped: valid exactly where SIMD is. */
const SIMD_PROBE = /* @__PURE__ */ new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26,
  11,
]);

/** The rounding of multiply-add: once (`fused`) or after each operation (`strict`). */
export type Numerics = 'strict' | 'fused';

/** A module with nothing in it. */
const EMPTY = /* @__PURE__ */ new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

/** False where bytes may not become code: without 'wasm-unsafe-eval' in a page's policy, and in edge workers. */
export function mayCompile(): boolean {
  try {
    return Boolean(new WebAssembly.Module(EMPTY));
  } catch {
    return false;
  }
}

export const hasSimd = (): boolean => WebAssembly.validate(SIMD_PROBE);

/** By the modules that have been given when it was found out. */
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

/** True where it exists and rounds twice, which tells JavaScriptCore. */
export function relaxedMaddRoundsTwice(): boolean {
  const madd = compiledMadd();
  return madd !== undefined && !roundsOnce(madd, false);
}

// (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴ lies halfway between two floats: rounded before the sum, the last
// term is lost and the result is 0.
// An engine may compile anew what is called often, and not to the same: all of so many calls have to agree.
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
  // Where nothing is compiled, `loadModule` says so.
  if (!mayCompile()) return undefined;
  return maddOf(new WebAssembly.Instance(new WebAssembly.Module(MADD_PROBE)), 'f');
}

/** Of the builds that were given to `init`: where there are some, no other will be loaded. */
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
