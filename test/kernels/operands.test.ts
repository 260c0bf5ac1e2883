/**
 * With all operands that its row allows, a kernel writes all of its result and nothing else, and reads nothing but its
 * operands: each call is made twice, with other bytes in all places that are not its inputs. Kernels that programs from
 * files may call get operands that no program of ours would pass; those of training get what their ops pass.
 * LANEWISE_FUZZ=50 makes 50 times as many calls.
 */
// slow: every kernel with operands at the ends of memory
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { link, type Bases } from '../../src/engine/link.js';
import type { Numerics } from '../../src/engine/features.js';
import { FIRST_FREE_BYTE, PAGE_BYTES } from '../../src/engine/memory.js';
import { instantiate, loadModule } from '../../src/engine/wasm.js';
import { readOperands } from '../../src/inference/calls.js';
import type { Buffer } from '../../src/inference/operands.js';
import { inferenceKernels } from '../../src/program/inference-rows.js';
import { kernelRows, nameOf, type KernelName } from '../../src/program/kernel-table.js';
import { createDraw } from '../support/numbers.js';
import { availableNumerics } from './instance.js';

const CALLS = 40 * Number(process.env['LANEWISE_FUZZ'] ?? 1);
/** Few random operands fit each other, so this many are tried for a call. */
const TRIES = 4000 * Number(process.env['LANEWISE_FUZZ'] ?? 1);

const WORKSPACE_PAGES = 12;
const BUFFER_BYTES = PAGE_BYTES;
const bytes = {
  parameters: 0,
  batch: 0,
  results: 0,
  activations: BUFFER_BYTES,
  workspace: WORKSPACE_PAGES * PAGE_BYTES,
};
const bases = {
  activations: FIRST_FREE_BYTE,
  workspace: FIRST_FREE_BYTE + BUFFER_BYTES,
} as unknown as Bases;

const refuse = (why: string) => new LanewiseError('file', why);

type Draw = ReturnType<typeof createDraw>;

const EDGES = [0, -1, -2, 7, 8, 16, 17, 33, 100, 1000, 65_535, 2 ** 31 - 1, -(2 ** 31)];
/** Codes of assembly/activation.ts and unary.ts that have a gradient by kernel; the others have theirs as graph. */
const SLOPES: Readonly<Record<string, readonly number[]>> = {
  activationGradient: [1, 2, 3, 4],
  unaryGradient: [0, 6, 7, 8, 9, 13],
};
const REALS = [0, -0, 1, -1, 0.5, 0.75, 3, 1e-5, 1e30, -1e30, Infinity, -Infinity, NaN];

/** Scalars that may be 0, and are small. */
const FROM_ZERO =
  /^(across|antialias|causal|code|corners|countPadding|down|flipped|left|mode|normalize|p[hw]|power|radius|relative|reverse|top|transpose.*|[abstp]\d|smallest|last)$/;

function drawScalar(draw: Draw, word: string, most: number, edge: number): number {
  const isEdge = draw(1, 100) <= edge;
  if (/[~+]$/.test(word)) return isEdge ? pick(draw, REALS) : draw(1, 8) / 4;
  if (word.endsWith('#')) return draw(0, 2 ** 15) * 65_535;
  if (word.endsWith('%4')) return 4 * draw(1, most);
  return isEdge ? pick(draw, EDGES) : draw(FROM_ZERO.test(nameOf(word)) ? 0 : 1, most);
}

const pick = <T>(draw: Draw, values: readonly T[]): T => values[draw(0, values.length - 1)]!;

/** Extents that go together, which random ones rarely do: as many windows as there are, panels of channels. */
function fitWindows(kernel: string, names: readonly string[], stored: (number | string)[]): void {
  const get = (name: string, other: number) => Number(stored[names.indexOf(name)] ?? other);
  const set = (name: string, value: number) => (stored[names.indexOf(name)] = value);
  if (kernel.startsWith('conv2dWinograd')) {
    ['C', 'O'].forEach((name) => set(name, 4 * get(name, 1) * get('groups', 1)));
    const k = get('k', 3) % 2 ? 3 : 5;
    const isPlaneOf2 = k === 3 && get('tile', 4) % 2 === 0;
    set('k', k);
    set('tile', k === 5 || isPlaneOf2 ? 2 : 4);
    if (isPlaneOf2) {
      ['H', 'W'].forEach((name) => set(name, 2));
      ['ph', 'pw'].forEach((name) => set(name, 1));
    }
  }
  if (!names.includes('P') || !names.includes('W') || names.includes('numH')) return;
  for (const [P, H, kh, sh, ph, dilation] of [
    'P H kh sh ph dilationH',
    'Q W kw sw pw dilationW',
  ].map((one) => one.split(' ') as [string, string, string, string, string, string])) {
    const reach = (get(kh, get('k', 1)) - 1) * get(dilation, 1) + 1;
    set(P, Math.floor((get(H, 1) + 2 * get(ph, 0) - reach) / get(sh, 1)) + 1);
  }
}

/** Whether an op would ask for it: parts of an image lie within it, and some codes have no gradient. */
function isAsked(kernel: string, names: readonly string[], stored: readonly (number | string)[]) {
  const get = (name: string) => Number(stored[names.indexOf(name)]);
  if (kernel in SLOPES) return SLOPES[kernel]!.includes(get('code'));
  if (!['h', 'top', 'height'].every((name) => names.includes(name))) return true;
  return get('top') + get('height') <= get('h') && get('left') + get('width') <= get('w');
}

interface Drawn extends ReturnType<typeof readOperands> {
  readonly stored: readonly (number | string)[];
}

/** A call of `kernel` that its row takes, with its buffers anywhere in theirs, apart; or none. */
function drawCall(draw: Draw, kernel: KernelName, row: string): Drawn | undefined {
  const words = row.split(' ');
  const names = words.map(nameOf);
  const isStored = kernel in inferenceKernels;
  const [most, edge] = [pick(draw, [1, 2, 3, 5, 9]), isStored ? pick(draw, [0, 0, 5, 15]) : 0];
  const none = draw(0, 3) === 0;
  const stored = words.map((word): number | string => {
    if (word === 'workspace') return 'w0';
    if (!/[=>&]/.test(word)) return drawScalar(draw, word, most, edge);
    return word.includes('?') && none ? 0 : 'a0';
  });
  if (draw(0, 3) || !isStored) fitWindows(kernel, names, stored);
  if (!isAsked(kernel, names, stored)) return undefined;
  const at = () => readOperands(kernel, row, stored, bytes, refuse);
  let sizes: readonly Buffer[];
  try {
    sizes = at().buffers;
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    return undefined;
  }
  let end = 4 * draw(16, 80);
  for (const { name, end: size } of sizes) {
    stored[names.indexOf(name)] = `a${end}`;
    end += Math.ceil(size / 4) * 4 + 4 * draw(16, 80);
  }
  if (end > BUFFER_BYTES) return undefined;
  return { stored, ...at() };
}

/** Random bytes, which stand for numbers of no particular type. */
function scribble(count: number, seed: number): Uint8Array {
  const words = Uint32Array.from({ length: count / 4 }, (_, i) =>
    Math.imul(i + seed, 2_654_435_761),
  );
  return new Uint8Array(words.buffer);
}

/** What an input holds: numbers from −1 to 1, or whole ones, most of them small. */
function drawValues(draw: Draw, { name, begin, end }: Buffer): Uint8Array {
  const length = (end - begin) / 4;
  const whole = () => (draw(0, 9) ? draw(0, 5) : pick(draw, EDGES));
  const values = /^(indices|labels|lengths)$/.test(name)
    ? Int32Array.from({ length }, whole)
    : name === 'places'
      ? Float32Array.from({ length }, () => (draw(0, 9) ? draw(-5, 5) : pick(draw, REALS)))
      : Float32Array.from({ length }, () => draw(0, 2000) / 1000 - 1);
  return new Uint8Array(values.buffer);
}

/** A memory for calls, two states of what no call is given, and what to do with one call. */
async function createRunner(numerics: Numerics) {
  const pages = 2 + WORKSPACE_PAGES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = instantiate(await loadModule(numerics, false), memory);
  const all = new Uint8Array(memory.buffer);
  const front = all.subarray(0, FIRST_FREE_BYTE);
  const constants = front.slice();
  const rest = all.subarray(FIRST_FREE_BYTE);
  const buffers = rest.subarray(0, BUFFER_BYTES);
  const states = [1, 77_777].map((seed) => scribble(rest.length, seed));

  /** The bytes after a call, or what it did wrong. A call that needs more workspace than there is is stopped. */
  function once(
    state: Uint8Array,
    linked: () => void,
    given: Given,
  ): Uint8Array | string | undefined {
    rest.set(given.needsWorkspace ? state : state.subarray(0, BUFFER_BYTES));
    given.inputs.forEach(({ begin }, i) => buffers.set(given.values[i]!, begin));
    // Strides may leave out elements.
    for (const { begin, end, isWhole } of given.results) if (!isWhole) buffers.fill(0, begin, end);
    const before = buffers.slice();
    let stopped: string | undefined;
    try {
      linked();
    } catch (error) {
      stopped = (error as Error).message;
    }
    const after = buffers.slice();
    for (const { begin, end } of given.results) before.set(after.subarray(begin, end), begin);
    if (Buffer.compare(before, after))
      return `writes at a${before.findIndex((byte, i) => byte !== after[i])}`;
    if (Buffer.compare(front, constants)) return 'writes constants';
    if (stopped) return given.needsWorkspace && /bounds/.test(stopped) ? undefined : stopped;
    return after;
  }

  /** What is wrong with a call, if anything. */
  return ({ call, buffers: places }: Drawn, draw: Draw): string | undefined => {
    const results = places.filter(({ isWritten }) => isWritten);
    const inputs = places.filter(({ isRead }) => isRead);
    const given = {
      results,
      inputs,
      values: inputs.map((place) => drawValues(draw, place)),
      needsWorkspace: kernelRows()[call.kernel].includes('workspace'),
    };
    const [linked] = link([call], kernels, bases);
    const [one, other] = states.map((state) => once(state, linked!, given));
    if (typeof one === 'string') return one;
    if (!(one && other instanceof Uint8Array)) return undefined;
    const differs = ({ begin, end }: Buffer) =>
      Buffer.compare(one.subarray(begin, end), other.subarray(begin, end)) !== 0;
    return results.some(differs)
      ? 'depends on what it is not given, or leaves out some of its result'
      : undefined;
  };
}

interface Given {
  readonly results: readonly Buffer[];
  readonly inputs: readonly Buffer[];
  readonly values: readonly Uint8Array[];
  readonly needsWorkspace: boolean;
}

for (const numerics of availableNumerics) {
  test(`kernels keep to their operands (${numerics})`, async () => {
    const faultOf = await createRunner(numerics);
    const few: string[] = [];
    const wrong: string[] = [];
    for (const [name, row] of Object.entries(kernelRows())) {
      const kernel = name as KernelName;
      // Whose samples stand where an order says, in a data set as long as it may be.
      if (row.includes('=*')) continue;
      const draw = createDraw(kernel.length * 1000 + kernel.charCodeAt(0));
      // Those of training come from no file.
      const wanted = kernel in inferenceKernels ? CALLS : CALLS / 2;
      let calls = 0;
      for (let i = 0; i < TRIES && calls < wanted; i++) {
        const drawn = drawCall(draw, kernel, row);
        if (!drawn) continue;
        calls++;
        const fault = faultOf(drawn, draw);
        if (!fault) continue;
        const shown = row
          .split(' ')
          .map((word, n) => `${word} ${drawn.stored[n]}`)
          .join(', ');
        wrong.push(`${kernel}: ${fault}: ${shown}`);
        break;
      }
      if (calls < wanted / 2) few.push(`${kernel} ${calls}`);
    }
    assert.is(wrong.join('\n'), '');
    assert.equal(few, [], 'kernels with too few calls');
  });
}

test.run();
