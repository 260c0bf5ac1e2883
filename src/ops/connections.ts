/**
 * Convolution by a connection table (LeCun et al. 1998, §II.B and table 1): output map o sees only some of the input
 * maps. The filters of existing connections are placed in a dense weight, between zeros.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';

/** The input maps of each output map. */
export type ConnectionTable = readonly (readonly number[])[];

interface Attributes {
  readonly inputs: number;
  readonly table: ConnectionTable;
}

/** Filters that are neighbours in both weights: their place in each, and their number. */
interface Run {
  readonly dense: number;
  readonly sparse: number;
  count: number;
}

function runsOf({ inputs, table }: Attributes): Run[] {
  const runs: Run[] = [];
  let sparse = 0;
  table.forEach((maps, o) => {
    for (const c of maps) {
      const dense = o * inputs + c;
      const last = runs.at(-1);
      if (last && last.dense + last.count === dense) last.count++;
      else runs.push({ dense, sparse, count: 1 });
      sparse++;
    }
  });
  return runs;
}

/** @throws ShapeError unless every output has input maps, all of them existing and different. */
function checkTable({ inputs, table }: Attributes): void {
  table.forEach((maps, o) => {
    const fits = maps.every((c) => Number.isInteger(c) && c >= 0 && c < inputs);
    if (fits && maps.length > 0 && new Set(maps).size === maps.length) return;
    throw new ShapeError(
      'expandConnections',
      `output ${o} is connected to [${maps.join(', ')}], expected different input channels from 0 to ${inputs - 1}`,
    );
  });
}

const expandOp = defineOp<{ w: Tensor }, Attributes>({
  name: 'expandConnections',
  shape({ w }, attributes) {
    checkTable(attributes);
    const connections = attributes.table.reduce((count, maps) => count + maps.length, 0);
    const [found, ...kernel] = w.shape;
    if (w.shape.length !== 3 || found !== connections) {
      throw new ShapeError(
        'expandConnections',
        `weight has shape ${showShape(w.shape)}, expected ${connections}×kh×kw for ${connections} connections`,
      );
    }
    return { shape: [attributes.table.length, attributes.inputs, ...kernel] };
  },
  forward(k, { output, attributes }, at) {
    const area = sizeOf(output.shape.slice(2));
    k.fill(at.output, sizeOf(output.shape), 0);
    for (const { dense, sparse, count } of runsOf(attributes)) {
      const from = advance(at.inputs.w, sparse * area * 4);
      k.scale(from, advance(at.output, dense * area * 4), count * area, 1);
    }
  },
  backward: ({ attributes }, dy) => ({ w: apply(collectOp, { dy }, attributes) }),
});

const collectOp = defineOp<{ dy: Tensor }, Attributes>({
  name: 'collectConnections',
  shape({ dy }, { table }) {
    const connections = table.reduce((count, maps) => count + maps.length, 0);
    return { shape: [connections, ...dy.shape.slice(2)] };
  },
  forward(k, { output, attributes }, at) {
    const area = sizeOf(output.shape.slice(1));
    for (const { dense, sparse, count } of runsOf(attributes)) {
      const from = advance(at.inputs.dy, dense * area * 4);
      k.scale(from, advance(at.output, sparse * area * 4), count * area, 1);
    }
  },
  backward: ({ attributes }, g) => ({ dy: expandConnections(g, attributes) }),
});

/**
 * The dense weight O×inputs×kh×kw of a convolution whose output o is connected to the input maps table[o]; w:
 * connections×kh×kw in the order of the table.
 * @throws ShapeError if the table names an unknown map, or w has another number of filters.
 */
export const expandConnections = (w: Tensor, attributes: Attributes): Tensor =>
  apply(expandOp, { w }, attributes);
