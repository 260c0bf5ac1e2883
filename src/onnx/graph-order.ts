/** A file's nodes in an order in which each finds its inputs, as far as the wanted outputs need them; functions are inlined. */
import { LanewiseError, nearest } from '../base/errors.js';
import { quote } from '../base/check.js';
import type { OnnxAttribute, OnnxFile, OnnxFunction, OnnxGraph, OnnxNode } from './messages.js';

/** More nodes, as functions that call functions can make, are not read. */
const MOST = 200_000;

/** A file's own functions, expanded where nodes call them. */
export function inlined({ graph, functions }: OnnxFile, name: string): readonly OnnxNode[] {
  if (functions.length === 0) return graph.nodes;
  const byName = new Map(functions.map((one) => [`${one.domain}:${one.name}`, one]));
  const result: OnnxNode[] = [];
  let visits = 0;
  const visit = (node: OnnxNode, depth: number): void => {
    const called = byName.get(`${node.domain}:${node.op}`);
    if (depth > 20 || visits++ > MOST)
      throw new LanewiseError('file', `'${name}': its functions call each other without an end`);
    if (!called) result.push(node);
    else for (const inner of body(called, node, result.length)) visit(inner, depth + 1);
  };
  for (const node of graph.nodes) visit(node, 0);
  return result;
}

/** The nodes of a call, with values and attributes of the caller. */
function body(called: OnnxFunction, call: OnnxNode, place: number): OnnxNode[] {
  const names = new Map<string, string>();
  called.inputs.forEach((name, i) => names.set(name, call.inputs[i] ?? ''));
  called.outputs.forEach((name, i) =>
    names.set(name, call.outputs[i] || `${call.name}/${name}/${place}`),
  );
  const renamed = (name: string) =>
    name === '' ? '' : (names.get(name) ?? `${call.name}/${name}/${place}`);
  return called.nodes.map((node) => {
    const attributes = [...node.attributes].flatMap(([key, one]): [string, OnnxAttribute][] => {
      if (one.reference === undefined) return [[key, one]];
      const given = call.attributes.get(one.reference) ?? called.defaults.get(one.reference);
      return given ? [[key, { ...given, name: key }]] : [];
    });
    return {
      ...node,
      name: `${call.name}/${node.name || node.op}`,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
      attributes: new Map(attributes),
    };
  });
}

/**
 * The last of several states, as PyTorch's `h[-1]` has it: of the last one's own, so that the layers before are one module
 * with it.
 */
export function withLastStates(
  nodes: readonly OnnxNode[],
  scalars: (name: string) => number | undefined,
): OnnxNode[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const axisOf = ({ attributes }: OnnxNode) => attributes.get('axis')?.value ?? 0;
  return nodes.map((node) => {
    const [from = '', index = ''] = node.inputs;
    const joined = makers.get(from);
    if (
      node.op !== 'Gather' ||
      joined?.op !== 'Concat' ||
      axisOf(node) !== 0 ||
      axisOf(joined) !== 0
    )
      return node;
    const last = joined.inputs.at(-1) ?? '';
    const maker = makers.get(last);
    const has = maker?.attributes.get('direction')?.value === 'bidirectional' ? 2 : 1;
    const at = /^(LSTM|GRU|RNN)$/.test(maker?.op ?? '') ? (scalars(index) ?? 0) : 0;
    return at < 0 && at >= -has ? { ...node, inputs: [last, index] } : node;
  });
}

/** Names of values that a node takes, with those that graphs inside it take from outside. */
export function inputsOf(node: OnnxNode): string[] {
  const inner = [...node.attributes.values()].flatMap(({ type, value }) =>
    type === 'graph' && value ? freeNames(value as OnnxGraph) : [],
  );
  return [...node.inputs.filter((name) => name !== ''), ...inner];
}

function freeNames(graph: OnnxGraph): string[] {
  const own = new Set([
    ...graph.initializers.keys(),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const taken = [...graph.nodes.flatMap(inputsOf), ...graph.outputs.map(({ name }) => name)];
  return taken.filter((name) => !own.has(name));
}

/**
 * The nodes that lead to the outputs, in order.
 * @throws LanewiseError kind 'file' for a cycle, a value that two nodes make or nobody does; kind 'argument' for an unknown
 * output.
 */
export function ordered(
  name: string,
  nodes: readonly OnnxNode[],
  given: ReadonlySet<string>,
  outputs: readonly string[],
): OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  const refuse = (what: string, hint?: string) =>
    new LanewiseError('file', `'${name}': ${what}`, hint);
  for (const node of nodes)
    for (const output of node.outputs) {
      if (output === '') continue;
      if (makers.has(output) || given.has(output))
        throw refuse(`the value ${quote(output)} is made twice`);
      makers.set(output, node);
    }
  for (const output of outputs)
    if (!makers.has(output) && !given.has(output))
      throw new LanewiseError(
        'argument',
        `readOnnx: '${name}' has no value ${quote(output)}`,
        nearest(output, [...makers.keys()]),
      );
  const state = new Map<OnnxNode, 'open' | 'done'>();
  const result: OnnxNode[] = [];
  // A stack of one's own, as files may be deeper than a runtime's.
  const stack = outputs.flatMap((output) => makers.get(output) ?? []).toReversed();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    if (state.get(node) === 'done') {
      stack.pop();
      continue;
    }
    state.set(node, 'open');
    const open = inputsOf(node).flatMap((input) => {
      const maker = makers.get(input);
      if (!maker && !given.has(input))
        throw refuse(`${node.op} '${node.name}' takes ${quote(input)}, which nothing makes`);
      return maker && state.get(maker) !== 'done' ? [maker] : [];
    });
    if (open.length === 0) {
      state.set(node, 'done');
      result.push(node);
      stack.pop();
    } else {
      if (open.some((maker) => state.get(maker) === 'open'))
        throw refuse(`the nodes around ${node.op} '${node.name}' form a cycle`);
      stack.push(...open.toReversed());
    }
  }
  return result;
}
