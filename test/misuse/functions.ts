/** The public functions by name, those of namespaces with it before them; and what comes of a call of one. */
import * as cluster from '../../src/cluster/index.js';
import * as imports from '../../src/import/index.js';
import * as labs from '../../src/lab/index.js';
import * as lanewise from '../../src/index.js';
import * as onnx from '../../src/onnx/index.js';
import * as quantization from '../../src/quantize/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import * as inference from '../../src/inference/index.js';
import { methods } from './calls.js';

export type Anything = (...args: readonly unknown[]) => unknown;

/** Ops take tensors of a graph: ops.test.ts. */
const APART = new Set(['ops']);

/** The functions of another entry point; the class of errors is the core's. */
const ofEntry = (module: object, before: string): [string, Anything][] =>
  (Object.entries(module) as [string, unknown][]).flatMap(([name, value]) =>
    typeof value === 'function' && value !== LanewiseError
      ? [[`${before}${name}`, value as Anything]]
      : [],
  );

/** A module's functions, and those of its namespaces. */
function* functionsIn(space: object, before: string): Generator<[string, Anything]> {
  for (const [name, value] of Object.entries(space) as [string, unknown][]) {
    if (typeof value === 'function') yield [`${before}${name}`, value as Anything];
    else if (before === '' && typeof value === 'object' && !APART.has(name))
      yield* functionsIn(value!, `${name}.`);
  }
}

export const functions = new Map<string, Anything>([
  ...functionsIn(lanewise, ''),
  ...ofEntry(onnx, 'onnx.'),
  ...ofEntry(imports, 'import.'),
  ...ofEntry(quantization, 'quantize.'),
  ...ofEntry(cluster, 'cluster.'),
  ...ofEntry(labs, 'lab.'),
  ['inference.loadProgram', inference.loadProgram as Anything],
  ['inference.loadQuantized', inference.loadQuantized as Anything],
  ['inference.forecastOf', inference.forecastOf as Anything],
  ...(Object.entries(methods) as [string, Anything][]),
]);

export const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** What came of a call: a refusal, something raw, or nothing at all. */
export async function outcome(call: () => unknown): Promise<string> {
  try {
    const found = await call();
    // A generator looks at what it was given when it is asked for its first value.
    if (typeof (found as AsyncGenerator | undefined)?.next === 'function') {
      const generator = found as AsyncGenerator;
      await generator.next();
      await generator.return(undefined);
    }
    return 'silent';
  } catch (error) {
    return error instanceof LanewiseError ? 'refused' : `raw ${String(error)}`;
  }
}
