/** Names of nodes and values, and nodes as a file's records. */
import type { Attributes, Draft, Value } from './export-writer.js';
import type { OnnxAttribute, OnnxNode } from './messages.js';

/** The attributes of ONNX's ops that are floats, other numbers are whole. */
const FLOAT_ATTRIBUTES = new Set([
  'activation_alpha',
  'activation_beta',
  'alpha',
  'beta',
  'bias',
  'clip',
  'cubic_coeff_a',
  'epsilon',
  'extrapolation_value',
  'gamma',
  'lambd',
  'momentum',
  'ratio',
  'spatial_scale',
  'value_float',
  'value_floats',
]);

/** The first of `name`, `name2`, … that is not taken. */
function fresh(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${n}`;
  taken.add(free);
  return free;
}

/** The drafts that `ends` need. */
function needed(drafts: readonly Draft[], ends: readonly Value[]): Draft[] {
  const read = new Set(ends);
  return drafts
    .toReversed()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some((one) => read.has(one))) return false;
      for (const one of inputs) read.add(one);
      return true;
    })
    .toReversed();
}

/**
 * The nodes that compute `outputs`, values by their names in the file. A layer's only node has the layer's name, several
 * have it with the op's behind a slash; a value has its node's name. `reserved` are the names of inputs and parameters.
 */
export function namedNodes(
  {
    constants,
    drafts,
  }: { readonly constants: readonly Draft[]; readonly drafts: readonly Draft[] },
  outputs: readonly (readonly [name: string, value: Value])[],
  reserved: readonly string[],
): OnnxNode[] {
  const all = [...constants, ...drafts];
  const names = new Map<Value, string>();
  const identities: Draft[] = [];
  for (const [name, value] of outputs) {
    if (reserved.includes(value) || names.has(value))
      identities.push({
        op: 'Identity',
        inputs: [value],
        outputs: [name],
        attributes: {},
        layer: '',
      });
    else names.set(value, name);
  }
  const kept = needed(
    all,
    outputs.map(([, value]) => value),
  );
  const taken = {
    nodes: new Set<string>(),
    values: new Set([...reserved, ...outputs.map(([name]) => name)]),
  };
  const nodesOf = new Map<string, number>();
  for (const { layer } of kept) nodesOf.set(layer, (nodesOf.get(layer) ?? 0) + 1);
  const named = kept.map(({ layer, op, ...draft }): Draft & { name: string } => {
    const own = layer === '' ? op : nodesOf.get(layer) === 1 ? layer : `${layer}/${op}`;
    const name = fresh(own, taken.nodes);
    for (const value of draft.outputs)
      if (!names.has(value)) names.set(value, fresh(name, taken.values));
    return { ...draft, op, layer, name };
  });
  const nameOf = (value: Value): string => names.get(value) ?? value;
  return [
    ...named,
    ...identities.map((one) => ({ ...one, name: fresh('Identity', taken.nodes) })),
  ].map(({ name, op, inputs, outputs: values, attributes }) => ({
    name,
    op,
    domain: '',
    inputs: inputs.map(nameOf),
    outputs: values.map(nameOf),
    attributes: recordsOf(attributes),
  }));
}

/** Attributes as records; numbers of floats have single precision, as in a file. */
export const recordsOf = (attributes: Attributes): ReadonlyMap<string, OnnxAttribute> =>
  new Map(
    Object.entries(attributes).map(([name, value]) => [name, { name, ...typed(name, value) }]),
  );

function typed(name: string, value: Attributes[string]): Pick<OnnxAttribute, 'type' | 'value'> {
  const isFloat = FLOAT_ATTRIBUTES.has(name);
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'number')
    return isFloat ? { type: 'float', value: Math.fround(value) } : { type: 'int', value };
  if (!Array.isArray(value)) return { type: 'tensor', value: value as OnnxAttribute['value'] };
  if (typeof value[0] === 'string') return { type: 'strings', value: value as string[] };
  const numbers = value as readonly number[];
  return isFloat
    ? { type: 'floats', value: numbers.map(Math.fround) }
    : { type: 'ints', value: numbers };
}
