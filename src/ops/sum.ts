/** Sums over a matrix's rows, over everything but the channels, and over all elements with a weight. */
import { apply, defineOp } from '../graph/op.js';
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';

const sumRowsOp = defineOp<{ x: Tensor }, object>({
  name: 'sumRows',
  shape: ({ x }) => ({ shape: [x.shape[1]!] }),
  forward: (k, { inputs: { x } }, at) =>
    k.sumRows(x.shape[0]!, x.shape[1]!, at.inputs.x, at.output),
});

/** Σᵢ x[i, j]; x: n×m, result: m. */
export const sumRows = (x: Tensor): Tensor => apply(sumRowsOp, { x }, {});

const sumChannelsOp = defineOp<{ x: Tensor }, object>({
  name: 'sumChannels',
  shape: ({ x }) => ({ shape: [x.shape[1]!] }),
  forward(k, { inputs: { x } }, at) {
    const [N, C, ...area] = x.shape;
    k.sumChannels(N!, C!, sizeOf(area), at.inputs.x, at.output);
  },
});

/** Σ_{n,p,q} x[n, c, p, q]; x: N×C×P×Q, result: C. */
export const sumChannels = (x: Tensor): Tensor => apply(sumChannelsOp, { x }, {});

const weightedSumOp = defineOp<{ x: Tensor }, { weight: number }>({
  name: 'weightedSum',
  shape: () => ({ shape: [] }),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.weightedSum(at.inputs.x, at.output, sizeOf(x.shape), attributes.weight),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(spreadOp, { dy }, { shape: x.shape, weight: attributes.weight }),
  }),
});

const spreadOp = defineOp<{ dy: Tensor }, { shape: Shape; weight: number }>({
  name: 'spread',
  shape: (_, { shape }) => ({ shape }),
  forward: (k, { output, attributes }, at) =>
    k.spread(at.inputs.dy, at.output, sizeOf(output.shape), attributes.weight),
  backward: ({ attributes }, g) => ({ dy: weightedSum(g, attributes.weight) }),
});

/** weight · Σ x over all elements: a scalar. A mean has weight 1/count. */
export const weightedSum = (x: Tensor, weight: number): Tensor =>
  apply(weightedSumOp, { x }, { weight });
