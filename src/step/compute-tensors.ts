/** Evaluation of tensors in this thread, for tests, small inference and looking at a graph's values. */
import { LanewiseError } from '../base/errors.js';
import { compile } from '../compiler/compile.js';
import { defaultNumerics, type Numerics } from '../engine/features.js';
import { link, run, type Bases } from '../engine/link.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { address, align, segments, type Address } from '../program/program.js';

/** A compiled program that can run repeatedly on new leaf values. */
export interface Evaluator {
  /** @throws LanewiseError kind 'argument' if the leaf's values have the wrong length or type. */
  feed(leaf: Tensor, values: Float32Array | Int32Array): void;
  /** The outputs' values for the current leaf values. */
  run(): Float32Array[];
}

export interface EvaluateOptions {
  readonly numerics?: Numerics;
}

/** Compiles the computation of `outputs` from `leaves`, which are fed before a run, into a memory of its own. */
export async function createEvaluator(
  outputs: readonly Tensor[],
  leaves: Iterable<Tensor>,
  { numerics = defaultNumerics() }: EvaluateOptions = {},
): Promise<Evaluator> {
  let batchBytes = 0;
  const places = new Map<Tensor, Address>();
  for (const leaf of leaves) {
    places.set(leaf, address('batch', batchBytes));
    batchBytes += align(sizeOf(leaf.shape) * 4);
  }
  let resultBytes = 0;
  const placed = outputs.map((tensor) => {
    const at = address('results', resultBytes);
    resultBytes += align(sizeOf(tensor.shape) * 4);
    return { tensor, at };
  });
  const program = compile({ name: 'evaluate', leaves: places, outputs: placed });

  const sizes: Partial<Record<string, number>> = {
    batch: batchBytes,
    results: resultBytes,
    activations: program.activationBytes,
    workspace: program.workspaceBytes,
  };
  let end = FIRST_FREE_BYTE;
  const bases = Object.fromEntries(
    segments.map((segment) => {
      const base = end;
      end += align(sizes[segment] ?? 0);
      return [segment, base];
    }),
  ) as Bases;
  const memory = allocateMemory(end, false);
  const kernels = instantiate(await loadModule(numerics, false), memory);
  const linked = link(program.calls, kernels, bases);
  return {
    feed(leaf, values) {
      checkFeed(leaf, values);
      const at = bases.batch + places.get(leaf)!.offset;
      new Uint8Array(memory.buffer, at).set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    },
    run() {
      run(linked);
      return placed.map(({ tensor, at }) =>
        new Float32Array(memory.buffer, bases.results + at.offset, sizeOf(tensor.shape)).slice(),
      );
    },
  };
}

/**
 * The values of `outputs`, given the values of the leaves they depend on.
 * @throws LanewiseError kind 'argument' if a leaf's values have the wrong length or type.
 */
export async function evaluate(
  outputs: readonly Tensor[],
  feeds: ReadonlyMap<Tensor, Float32Array | Int32Array>,
  options: EvaluateOptions = {},
): Promise<Float32Array[]> {
  const evaluator = await createEvaluator(outputs, feeds.keys(), options);
  for (const [leaf, values] of feeds) evaluator.feed(leaf, values);
  return evaluator.run();
}

function checkFeed(leaf: Tensor, values: Float32Array | Int32Array): void {
  const name = leaf.source.kind === 'op' ? leaf.source.op.name : leaf.source.name;
  if (values.length !== sizeOf(leaf.shape)) {
    throw new LanewiseError(
      'argument',
      `'${name}' takes ${sizeOf(leaf.shape)} values (${showShape(leaf.shape)}), found ${values.length}`,
    );
  }
  if ((leaf.dtype === 'i32') !== values instanceof Int32Array) {
    throw new LanewiseError(
      'argument',
      `'${name}' takes ${leaf.dtype} values, found ${values.constructor.name}`,
    );
  }
}
