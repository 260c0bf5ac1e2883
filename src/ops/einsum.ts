/** Sums of products named by a letter an axis, as in NumPy and PyTorch, composed of products of matrices. */
import { ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { batchMatmul } from './batch-matmul.js';
import { multiply } from './binary.js';
import { expand, sum } from './reduce.js';
import { reshape } from './reshape.js';
import { pad, slice } from './slice.js';
import { permute } from './transpose.js';

/** A tensor with the name of each axis. Axes that an ellipsis stands for are numbered from the last. */
interface Named {
  readonly t: Tensor;
  readonly names: readonly string[];
}

const refuse = (detail: string): never => {
  throw new ShapeError('einsum', detail);
};

const TERM = /^[a-z]*(\.\.\.[a-z]*)?$/i;

/** Names of axes, of which `...` stands for `more`. */
function namesOf(term: string, more: number): string[] {
  const [before, after] = term.split('...');
  const hidden = Array.from({ length: more }, (_, i) => `…${more - 1 - i}`);
  return after === undefined ? [...before!] : [...before!, ...hidden, ...after];
}

const lettersIn = (term: string): number => term.replace('...', '').length;

/** The named operands, and the names of the result's axes. */
function parse(equation: string, operands: readonly Tensor[]): [terms: Named[], result: string[]] {
  const [left, right, ...rest] = equation.replaceAll(' ', '').split('->');
  const inputs = left!.split(',');
  if (rest.length > 0) refuse(`'${equation}' has more than one arrow`);
  const strange = [...inputs, right ?? ''].find((term) => !TERM.test(term));
  if (strange) refuse(`'${strange}' is not made of letters and at most one ellipsis`);
  if (inputs.length !== operands.length)
    refuse(`'${equation}' is of ${inputs.length} tensors, found ${operands.length}`);
  let most = 0;
  const terms = inputs.map((term, i) => {
    const { shape } = operands[i]!;
    const more = shape.length - lettersIn(term);
    if (more < 0 || (more > 0 && !term.includes('...')))
      refuse(`'${term}' names ${lettersIn(term)} axes of ${showShape(shape)}`);
    if (term.includes('...')) most = Math.max(most, more);
    return { t: operands[i]!, names: namesOf(term, more) };
  });
  const all = terms.flatMap(({ names }) => names);
  const once = [...left!.replaceAll(/[,.]/g, '')].toSorted().filter((name, _, letters) => {
    return letters.indexOf(name) === letters.lastIndexOf(name);
  });
  const result = right === undefined ? [...namesOf('...', most), ...once] : namesOf(right, most);
  const wrong = result.find((name, i) => !all.includes(name) || result.indexOf(name) < i);
  if (wrong) refuse(`'${wrong}' of the result is in no term, or twice in the result`);
  return [terms, result];
}

/** Extents by name; axes of 1 are repeated. */
function extentsOf(terms: readonly Named[]): Map<string, number> {
  const extents = new Map<string, number>();
  for (const { t, names } of terms)
    names.forEach((name, axis) => {
      const [known = 1, extent] = [extents.get(name), t.shape[axis]!];
      if (known !== 1 && extent !== 1 && known !== extent)
        refuse(`axis '${name}' of ${showShape(t.shape)} has ${extent} elements, others ${known}`);
      extents.set(name, Math.max(known, extent));
    });
  return extents;
}

/** Permuted to the named axes, of which each is there. */
const order = ({ t, names }: Named, to: readonly string[]): Tensor =>
  permute(
    t,
    to.map((name) => names.indexOf(name)),
  );

/** An axis named twice becomes the diagonal of both: n·n elements and n more are n rows that begin with it. */
function diagonals(term: Named): Named {
  const { names } = term;
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (!twice) return term;
  const [first, second] = [names.indexOf(twice), names.lastIndexOf(twice)];
  const axes = [...names.keys()].filter((axis) => axis !== first && axis !== second);
  const last = permute(term.t, [...axes, first, second]);
  const [shape, n] = [last.shape.slice(0, -2), last.shape.at(-1)!];
  const whole = shape.map(() => [0, 0] as const);
  const flat = pad(reshape(last, [...shape, n * n]), [...whole, [0, n]]);
  const rows = reshape(flat, [...shape, n, n + 1]);
  const t = reshape(slice(rows, [...shape.map(() => [] as const), [], [0, 1]]), [...shape, n]);
  return diagonals({ t, names: [...axes.map((axis) => names[axis]!), twice] });
}

/** Summed over the axes that nothing else needs. */
function summed({ t, names }: Named, needed: ReadonlySet<string>): Named {
  const axes = [...names.keys()].filter((axis) => !needed.has(names[axis]!));
  if (axes.length === 0) return { t, names };
  return { t: sum(t, axes), names: names.filter((name) => needed.has(name)) };
}

/** Σ a·b over the axes that both have and nothing else needs. */
function product(a: Named, b: Named, needed: ReadonlySet<string>): Named {
  const both = a.names.filter((name) => b.names.includes(name));
  const [kept, over] = [both.filter((n) => needed.has(n)), both.filter((n) => !needed.has(n))];
  const rows = a.names.filter((name) => !both.includes(name));
  const columns = b.names.filter((name) => !both.includes(name));
  const names = [...kept, ...rows, ...columns];
  const shapeOf = ({ t, names: own }: Named, of: readonly string[]): Shape =>
    of.map((name) => t.shape[own.indexOf(name)]!);
  const size = (x: Named, of: readonly string[]): number => sizeOf(shapeOf(x, of));
  const [left, right] = [
    order(a, [...kept, ...rows, ...over]),
    order(b, [...kept, ...over, ...columns]),
  ];
  if (over.length === 0) {
    const ones = columns.map(() => 1);
    const wide = reshape(left, [...left.shape, ...ones]);
    const shape = [...shapeOf(b, kept), ...rows.map(() => 1), ...shapeOf(b, columns)];
    return { t: multiply(wide, reshape(right, shape)), names };
  }
  const t = batchMatmul(
    reshape(left, [size(a, kept), size(a, rows), size(a, over)]),
    reshape(right, [size(b, kept), size(b, over), size(b, columns)]),
  );
  return {
    t: reshape(t, [...shapeOf(a, kept), ...shapeOf(a, rows), ...shapeOf(b, columns)]),
    names,
  };
}

/**
 * Σ of products of the operands' elements (Einstein's convention): `'bij,bjk->bik'` is a product of matrices for each b.
 * Axes that the result does not name are summed over; an axis named twice in a term is its diagonal; `...` stands for any
 * further axes, which are broadcast; without `->` the result has the axes named once, in alphabetical order. Operands are
 * multiplied from the first to the last.
 * @throws ShapeError for a term that does not fit its tensor, and for axes of one name whose extents differ.
 */
export function einsum(equation: string, operands: readonly Tensor[]): Tensor {
  const [terms, result] = parse(equation, operands);
  const extents = extentsOf(terms);
  const [first, ...others] = terms.map(({ t, names }) =>
    diagonals({
      t: expand(
        t,
        names.map((name) => extents.get(name)!),
      ),
      names,
    }),
  );
  const neededAfter = (i: number) =>
    new Set([...result, ...others.slice(i).flatMap(({ names }) => names)]);
  let all = summed(first!, neededAfter(0));
  others.forEach((term, i) => {
    const needed = neededAfter(i + 1);
    const own = summed(term, new Set([...needed, ...all.names]));
    const before = summed(all, new Set([...needed, ...own.names]));
    all = product(before, own, needed);
  });
  return order(summed(all, new Set(result)), result);
}
