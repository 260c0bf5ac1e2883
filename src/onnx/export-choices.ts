/** ONNX nodes of comparisons, choices and places that come from data. */
import { input, type Tensor } from '../graph/tensor.js';
import { drop, where } from '../ops/comparisons.js';
import { BOOL, FLOAT, INT64 } from './export-elementwise.js';
import type { Rule, Value, Writer } from './export-writer.js';

const floats = (w: Writer, x: Value): Value => w.node('Cast', [x], { to: FLOAT });

/** Places, which are whole numbers in float32. */
const places = (w: Writer, x: Value): Value => w.node('Cast', [x], { to: INT64 });

/** 1 where the comparison holds, else 0. */
const compared =
  (op: string, isNegated = false): Rule =>
  (w, { a, b }) => {
    const holds = w.node(op, [a, b]);
    return floats(w, isNegated ? w.node('Not', [holds]) : holds);
  };

const opOf = ({ source }: Tensor) => (source.kind === 'op' ? source.op : undefined);

/** Whether it is one of the two ops, for equal and for other shapes, that `choose` makes of a condition and two tensors. */
function isOf(op: unknown, choose: (condition: Tensor, a: Tensor, b: Tensor) => Tensor): boolean {
  const [one, two] = [input('', [1]), input('', [2])];
  return [choose(two, two, two), choose(one, two, one)].some((made) => opOf(made) === op);
}

const puts: readonly (string | undefined)[] = ['none', 'add', 'mul'];

/** Updates put into x, or into zeros. Undefined for the larger and smaller of two, which opset 17 does not have. */
const put: Rule = (w, values, { code, shape }: { code: number; shape: number[] }, { inputs }) => {
  const reduction = puts[code];
  if (reduction === undefined) return undefined;
  const updates = inputs['updates']!.shape;
  const into = values['x'] ?? w.node('Expand', [w.floats(0), w.shape(shape)]);
  const at = places(w, values['places']!);
  const isShared = inputs['places']!.shape.length === 1;
  const line = () => w.node('Unsqueeze', [at, w.ints([0, 2])]);
  const each = isShared ? w.node('Expand', [line(), w.shape(updates)]) : at;
  return w.node('ScatterElements', [into, each, values['updates']], { axis: 1, reduction });
};

/** Slices of single axes, with a step. */
function stepped(
  w: Writer,
  x: Value | undefined,
  steps: readonly number[],
  ends: readonly number[],
) {
  const axes = [...steps.keys()].filter((axis) => steps[axis] !== 1);
  const of = (f: (axis: number) => number) => w.ints(axes.map(f));
  const starts = of((axis) => (steps[axis]! < 0 ? -1 : 0));
  return w.node('Slice', [x, starts, of((i) => ends[i]!), of((i) => i), of((i) => steps[i]!)]);
}

export const choiceRules: Readonly<Record<string, Rule>> = {
  equal: compared('Equal'),
  notEqual: compared('Equal', true),
  greater: compared('Greater'),
  greaterOrEqual: compared('GreaterOrEqual'),
  less: compared('Less'),
  lessOrEqual: compared('LessOrEqual'),
  /** a where b is not 0, or is; or what two of these have chosen from. */
  where(w, values, _, { op, inputs }) {
    const condition = (of: Tensor) => w.node('Cast', [w.of(of)], { to: BOOL });
    const { a, b } = inputs;
    if (isOf(op, where)) {
      const [kept, dropped] = [a!.source, b!.source];
      if (kept.kind !== 'op' || dropped.kind !== 'op') return undefined;
      const [yes, no] = [kept.inputs['a']!, dropped.inputs['a']!];
      return w.node('Where', [condition(kept.inputs['b']!), w.of(yes), w.of(no)]);
    }
    const isDropped = isOf(op, (c, one) => drop(one, c));
    const chosen = isDropped ? [w.floats(0), values['a']] : [values['a'], w.floats(0)];
    return w.node('Where', [condition(b!), ...chosen]);
  },
  take: (w, values, _, { inputs }) =>
    w.node(
      inputs['places']!.shape.length === 1 ? 'Gather' : 'GatherElements',
      [values['x'], places(w, values['places']!)],
      { axis: 1 },
    ),
  put,
  fold: put,
  flatPlaces(w, { x, before }, { extent }: { extent: number }) {
    const isFromEnd = w.node('Less', [x, w.floats(0)]);
    const place = w.node('Where', [isFromEnd, w.node('Add', [x, w.floats(extent)]), x]);
    if (before === undefined) return place;
    return w.node('Add', [w.node('Mul', [before, w.floats(extent)]), place]);
  },
  top(w, { x }, { axis, count, smallest, last }) {
    if (count === 1) {
      const settings = { axis, ...(last ? { select_last_index: 1 } : {}) };
      return floats(w, w.node(smallest ? 'ArgMin' : 'ArgMax', [x], settings));
    }
    const settings = { axis, largest: Number(!smallest) };
    return floats(w, w.node('TopK', [x, w.ints([count])], settings, 1));
  },
  flip: (w, { x }, { axis }: { axis: number }, { output: { shape } }) =>
    stepped(
      w,
      x,
      shape.map((_, i) => (i === axis ? -1 : 1)),
      shape.map((extent) => -extent - 1),
    ),
  every: (w, { x }, { steps }: { steps: number[] }, { inputs }) =>
    stepped(w, x, steps, inputs['x']!.shape),
  pow: (w, { a, b }) => w.node('Pow', [a, b]),
  fmod: (w, { a, b }) => w.node('Mod', [a, b], { fmod: 1 }),
  remainder(w, { a, b }) {
    const rest = w.node('Mod', [a, b], { fmod: 1 });
    const isOther = w.node('Less', [w.node('Mul', [rest, b]), w.floats(0)]);
    return w.node('Where', [isOther, w.node('Add', [rest, b]), rest]);
  },
  oneHot(w, { labels }, { classes }: { classes: number }) {
    const own = w.node('Unsqueeze', [labels, w.ints([1])]);
    return floats(w, w.node('Equal', [own, w.ints(Array.from({ length: classes }, (_, i) => i))]));
  },
};
