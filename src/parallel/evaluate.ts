/** Computes tensors once, in this thread: for tests, for small inference, for looking at a graph's values. */
import { LanewiseError } from '../errors.js';
import { compile } from '../compiler/compile.js';
import { defaultNumerics, type Numerics } from '../engine/features.js';
import { link, run, type Bases } from '../engine/link.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { address, align, segments, type Address } from '../program/program.js';

/**
 * The values of `outputs`, given the values of the leaves they depend on.
 * @throws LanewiseError kind 'argument' if a leaf's values have the wrong length or type.
 */
export async function evaluate(
  outputs: readonly Tensor[],
  feeds: ReadonlyMap<Tensor, Float32Array | Int32Array>,
  { numerics = defaultNumerics() }: { numerics?: Numerics } = {},
): Promise<Float32Array[]> {
  let batchBytes = 0;
  const leaves = new Map<Tensor, Address>();
  for (const [leaf, values] of feeds) {
    checkFeed(leaf, values);
    leaves.set(leaf, address('batch', batchBytes));
    batchBytes += align(values.byteLength);
  }
  let resultBytes = 0;
  const placed = outputs.map((tensor) => {
    const at = address('results', resultBytes);
    resultBytes += align(sizeOf(tensor.shape) * 4);
    return { tensor, at };
  });
  const program = compile({ name: 'evaluate', leaves, outputs: placed });

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
  for (const [leaf, values] of feeds) {
    const at = bases.batch + leaves.get(leaf)!.offset;
    new Uint8Array(memory.buffer, at).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  }
  run(link(program.calls, kernels, bases));
  return placed.map(({ tensor, at }) =>
    new Float32Array(memory.buffer, bases.results + at.offset, sizeOf(tensor.shape)).slice(),
  );
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
