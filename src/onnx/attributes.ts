/** Attributes of a file's nodes as plain data. */
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from './messages.js';

/** Numbers, texts, lists of them, and tensors as records of type, shape and values, by name. */
export type Attributes = Readonly<Record<string, unknown>>;

/** A node's attributes without the graphs among them. */
export function attributesOf({ attributes }: OnnxNode): Attributes {
  return Object.fromEntries(
    [...attributes.values()]
      .filter(({ type }) => type !== 'graph')
      .map((one) => [one.name, plain(one)]),
  );
}

function plain({ type, value }: OnnxAttribute): unknown {
  if (type !== 'tensor' || !value) return value;
  const tensor = value as OnnxTensor;
  return { type: tensor.type, shape: tensor.shape, values: [...tensor.values()] };
}

/** An attribute that is one number. */
export function numberAt(
  { attributes }: { readonly attributes: Attributes },
  name: string,
  absent: number,
): number {
  const value = attributes[name];
  return typeof value === 'number' ? value : absent;
}

/** A graph among a node's attributes. */
export const graphAt = (node: OnnxNode, name: string): OnnxGraph | undefined => {
  const found = node.attributes.get(name);
  return found?.type === 'graph' ? (found.value as OnnxGraph) : undefined;
};
