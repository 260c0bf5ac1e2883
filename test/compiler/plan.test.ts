/** Memory planning: buffers are reused, and never while a call still reads them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/compiler/compile.js';
import { gradients } from '../../src/compiler/differentiate.js';
import { fuse } from '../../src/compiler/fuse.js';
import { planMemory } from '../../src/compiler/plan.js';
import { topologicalOrder } from '../../src/graph/order.js';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { lenet5 } from '../../src/models/lenet5.js';
import { address, type Address } from '../../src/program/program.js';
import { printProgram } from '../../src/program/print.js';

/** A deep chain of dense layers with its gradients: input, weights, outputs. */
function chain(depth: number) {
  const x = input('x', [16, 32]);
  const weights = Array.from({ length: depth }, (_, i) => parameter(`w${i}`, [32, 32]));
  let y: Tensor = x;
  for (const w of weights) y = ops.tanh(ops.linear(y, w, null));
  const loss = ops.weightedSum(y, 1);
  return { x, weights, loss, found: gradients(loss, weights) };
}

test('no two buffers that are alive at once overlap', () => {
  const graph = lenet5().graph(4, 'training');
  const labels = input('labels', [4], 'i32');
  const loss = ops.weightedSum(ops.crossEntropy(graph.outputs.get('output')!, labels), 1);
  const outputs = fuse([loss, ...gradients(loss, [...graph.parameters.values()])]);
  const order = topologicalOrder(outputs);
  const leaves = order.filter((t) => t.source.kind !== 'op');
  const fixed = new Map<Tensor, Address>(
    leaves.map((t, i) => [t, address('batch', i * 1_000_000)]),
  );
  const { places } = planMemory(order, fixed, outputs);
  // Replays the program: who wrote each buffer last must be whom the reader means.
  const isView = (t: Tensor) => t.source.kind === 'op' && !t.source.op.forward;
  const written: { t: Tensor; from: number; to: number }[] = [];
  const rootOf = (t: Tensor): Tensor =>
    isView(t) && t.source.kind === 'op' ? rootOf(Object.values(t.source.inputs)[0]!) : t;
  let checked = 0;
  for (const t of order) {
    if (t.source.kind !== 'op' || isView(t)) continue;
    for (const reader of Object.values(t.source.inputs)) {
      const root = rootOf(reader);
      if (root.source.kind !== 'op') continue;
      const { offset } = places.get(root)!;
      const latest = written.findLast(
        ({ from, to }) => offset < to && offset + sizeOf(root.shape) * 4 > from,
      );
      assert.is(latest?.t, root, 'a buffer was overwritten before its last reader');
      checked++;
    }
    const { offset } = places.get(t)!;
    written.push({ t, from: offset, to: offset + sizeOf(t.shape) * 4 });
  }
  assert.ok(checked > 25);
});

test('memory is reused: a chain of gradients needs little more than its activations', () => {
  const { x, weights, loss, found } = chain(20);
  const leaves = new Map<Tensor, Address>([[x, address('batch', 0)]]);
  weights.forEach((w, i) => leaves.set(w, address('parameters', i * 4096)));
  const outputs = [loss, ...found.toReversed()].map((tensor, i) => ({
    tensor,
    at: address('gradients', i * 4096),
  }));
  const program = compile({ name: 'chain', leaves, outputs });
  const activation = 16 * 32 * 4;
  assert.ok(
    program.activationBytes <= 23 * activation,
    `${program.activationBytes / activation} buffers`,
  );
  assert.ok(program.unsharedBytes >= 55 * activation);
});

test('an activation after a product is computed in its epilogue', () => {
  const { x, weights, loss } = chain(3);
  const leaves = new Map<Tensor, Address>([[x, address('batch', 0)]]);
  weights.forEach((w, i) => leaves.set(w, address('parameters', i * 4096)));
  const program = compile({
    name: 'forward',
    leaves,
    outputs: [{ tensor: loss, at: address('results', 0) }],
  });
  assert.equal(
    program.calls.map(({ kernel }) => kernel),
    ['matmul', 'matmul', 'matmul', 'weightedSum'],
  );
});

test('an activation stays apart when its input is read by somebody else too', () => {
  const x = input('x', [2, 4]);
  const w = parameter('w', [4, 4]);
  const before = ops.linear(x, w, null);
  const [fused] = fuse([ops.add(ops.tanh(before), before)]);
  const names = topologicalOrder([fused!]).map((t) =>
    t.source.kind === 'op' ? t.source.op.name : t.source.kind,
  );
  assert.equal(names, ['input', 'parameter', 'matmul', 'activation', 'add']);
});

test('a program is plain data: it survives JSON and prints one call a line', () => {
  const { x, weights, loss, found } = chain(2);
  const leaves = new Map<Tensor, Address>([[x, address('batch', 0)]]);
  weights.forEach((w, i) => leaves.set(w, address('parameters', i * 4096)));
  const outputs = [loss, ...found].map((tensor, i) => ({
    tensor,
    at: address('gradients', i * 4096),
  }));
  const program = compile({ name: 'chain', leaves, outputs });
  assert.equal(JSON.parse(JSON.stringify(program)), program);
  assert.is(printProgram(program).split('\n').length, program.calls.length + 1);
  assert.match(
    printProgram(program),
    /matmul\(transposeA=0, transposeB=1, m=16, n=32, k=32, a=batch\+0, b=parameters\+0/,
  );
});

test('one tensor asked for twice ends up in both places', () => {
  const x = input('x', [4]);
  const y = ops.relu(x);
  const program = compile({
    name: 'twice',
    leaves: new Map([[x, address('batch', 0)]]),
    outputs: [
      { tensor: y, at: address('results', 0) },
      { tensor: y, at: address('results', 64) },
    ],
  });
  assert.is(program.calls.length, 2);
});

test('a gradient by something the loss does not depend on is refused by name', () => {
  const x = input('x', [2]);
  assert.throws(
    () => gradients(ops.weightedSum(x, 1), [parameter('unused.weight', [2])]),
    /no gradient by 'unused.weight': the result does not depend on it/,
  );
});

test.run();
