/** The kernel calls of each kind of step on bytes; operands are those of src/program/int8-rows.ts. */
import type { Tensor } from '../graph/tensor.js';
import { advance, type Address, type Operand } from '../program/program.js';
import { convInt8Workspace } from '../program/int8-scratch.js';
import {
  formOf,
  type ConcatStep,
  type IntegerStep,
  type Layout,
  type PoolStep,
  type ProductStep,
  type SumStep,
} from './byte-steps.js';
import { averageMultiplier, byteMultipliers, byteOf } from './integer-weights.js';
import type { Call } from './integer-program.js';
import { MOST, type PlaceRange } from './quantized-graph.js';

/** A step's integers in the parameters segment, and the numbers that its calls are given. */
export interface Integers {
  readonly weights?: Address;
  readonly biases?: Address;
  readonly multipliers?: Address;
  readonly scales?: Address;
  readonly table?: Address;
  readonly shift?: number;
  readonly low?: number;
  readonly high?: number;
}

interface Emitted {
  readonly workspace: number;
  calls(inputs: readonly Address[], y: Address, workspace: Address): readonly Call[];
}

export function emitStep(
  step: Exclude<IntegerStep, { is: 'view' }>,
  layoutAt: (tensor: Tensor) => Layout,
  scaleAt: (tensor: Tensor) => PlaceRange,
  integers: Integers = {},
): Emitted {
  switch (step.is) {
    case 'product':
      return emitProduct(step, scaleAt, integers);
    case 'sum':
      return emitSum(step, layoutAt, scaleAt);
    case 'concat':
      return emitConcat(step, layoutAt, scaleAt);
    case 'lookup': {
      const { rows, channels, area } = layoutAt(step.output);
      const operands = [rows * channels * area];
      return {
        workspace: 0,
        calls: ([x], y) => [
          { kernel: 'tableInt8', operands: [...operands, x!, integers.table!, y] },
        ],
      };
    }
    default:
      return emitPool(step, scaleAt);
  }
}

function emitProduct(
  { geometry: g, x: from, output }: ProductStep,
  scaleAt: (tensor: Tensor) => PlaceRange,
  { weights, biases, multipliers, scales, table, shift, low, high }: Integers,
): Emitted {
  const form = formOf(g);
  const leading = [
    g.N,
    g.C,
    g.H,
    g.W,
    g.O,
    g.kh,
    g.kw,
    g.sh,
    g.sw,
    g.ph,
    g.pw,
    g.dilationH,
    g.dilationW,
    g.P,
    g.Q,
    scaleAt(from).zero,
  ];
  const workspace = convInt8Workspace(g.C, g.H, g.W, g.kh, g.kw, g.ph, g.pw);
  if (scales)
    return {
      workspace,
      calls: ([x], y, scratch) => [
        {
          kernel: 'convInt8Floats',
          operands: [...leading, x!, weights!, biases!, scales, y, scratch],
        },
      ],
    };
  const { zero } = scaleAt(output);
  const finish = [multipliers!, shift!, zero, low!, high!, table ?? 0];
  const kernel = { dense: 'convInt8', grouped: 'convInt8Grouped', depthwise: 'convInt8Depthwise' }[
    form
  ];
  const before = form === 'grouped' ? [g.groups] : [];
  return {
    workspace,
    calls: ([x], y, scratch) => [
      {
        kernel,
        operands: [...before, ...leading, x!, weights!, biases!, ...finish, y, scratch],
      },
    ],
  };
}

function emitSum(
  { a, b, output, clamp }: SumStep,
  layoutAt: (tensor: Tensor) => Layout,
  scaleAt: (tensor: Tensor) => PlaceRange,
): Emitted {
  const [first, second, y] = [scaleAt(a), scaleAt(b), scaleAt(output)];
  const { m, shift } = byteMultipliers([first.scale / y.scale, second.scale / y.scale]);
  const { rows, channels, area } = layoutAt(output);
  const [low, high] = clamp ? [byteOf(clamp.low, y), byteOf(clamp.high, y)] : [0, MOST];
  const numbers = [first.zero, m[0]!, second.zero, m[1]!, shift, y.zero, low, high];
  return {
    workspace: 0,
    calls: ([atA, atB], at) => [
      { kernel: 'addInt8', operands: [rows * channels * area, ...numbers, atA!, atB!, at] },
    ],
  };
}

function emitConcat(
  { parts, output }: ConcatStep,
  layoutAt: (tensor: Tensor) => Layout,
  scaleAt: (tensor: Tensor) => PlaceRange,
): Emitted {
  const y = scaleAt(output);
  const { rows, channels, area } = layoutAt(output);
  let first = 0;
  const placed = parts.map((part) => {
    const before = first;
    const own = part.shape[1]!;
    first += own;
    const { scale, zero } = scaleAt(part);
    const { m, shift } = byteMultipliers([scale / y.scale]);
    const numbers = [rows * area, own, own, channels, zero, m[0]!, shift, y.zero, 0, MOST];
    return { before, numbers };
  });
  return {
    workspace: 0,
    calls: (inputs, at) =>
      placed.map(({ before, numbers }, i) => ({
        kernel: 'rescaleInt8',
        operands: [...numbers, inputs[i]!, advance(at, before)] satisfies Operand[],
      })),
  };
}

function emitPool(
  { is, x: from, output, windows, counted }: PoolStep,
  scaleAt: (tensor: Tensor) => PlaceRange,
): Emitted {
  if (is === 'maxPool')
    return {
      workspace: 0,
      calls: ([x], y) => [{ kernel: 'maxPoolInt8', operands: [...windows, x!, y] }],
    };
  const [x, y] = [scaleAt(from), scaleAt(output)];
  const taps = windows[4]! * windows[5]!;
  const { m, shift } = averageMultiplier(x.scale / y.scale, taps);
  const numbers = [Number(counted), x.zero, m[0]!, shift, y.zero];
  return {
    workspace: 0,
    calls: ([at], to) => [{ kernel: 'avgPoolInt8', operands: [...windows, ...numbers, at!, to] }],
  };
}
