/** The names of the model's layers: those of parameters in the file, else those of nodes. */
import { LanewiseError } from '../base/errors.js';
import type { OnnxNode } from './messages.js';
import { onnx } from './onnx-layer.js';
import type { Draft, Weight } from './value.js';
import { isNamed } from './weights.js';
import type { Step } from '../layers/net.js';

/** `/layer1/layer1.0/conv1` as `layer1.0.conv1`: each part that begins with the one before it replaces that. */
export function joined(parts: readonly string[]): string {
  const kept: string[] = [];
  for (const part of parts) {
    const last = kept.at(-1);
    if (last !== undefined && part.startsWith(`${last}.`)) kept.pop();
    kept.push(part);
  }
  return kept.join('.');
}

const clean = (name: string): string => name.replace(/[/\\:\s]+/g, '.').replace(/^\.+|\.+$/g, '');

const lower = (op: string): string => op.charAt(0).toLowerCase() + op.slice(1);

/** Names for nodes: of the module that a node is all of, else of module and op. */
export function nodeNames(nodes: readonly OnnxNode[]): (node: OnnxNode) => string {
  const moduleOf = ({ name }: OnnxNode) =>
    name.startsWith('/') ? name.split('/').slice(1, -1) : [];
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const module = joined(moduleOf(node));
    counts.set(module, (counts.get(module) ?? 0) + 1);
  }
  return (node) => {
    const { name, op } = node;
    if (!name.startsWith('/')) return clean(name) || lower(op);
    const module = joined(moduleOf(node));
    const isAll = module !== '' && counts.get(module) === 1;
    return clean(
      isAll ? module : [module, lower(name.split('/').at(-1)!)].filter((part) => part).join('.'),
    );
  };
}

/** Whether a name is one that people give, and that can be a layer's. */
const isGiven = (name: string): boolean => name === clean(name) && !/_output_\d+$|^\d*$/.test(name);

/** Splits of a parameter's name in layer and parameter, the last dot first. */
function splits(name: string): [layer: string, parameter: string][] {
  const parts = (clean(name) || 'weight').split('.');
  const found = parts.slice(1).map((_, i): [string, string] => {
    const at = parts.length - 1 - i;
    return [parts.slice(0, at).join('.'), parts.slice(at).join('.')];
  });
  return found.filter(([layer, parameter]) => layer !== '' && parameter !== '');
}

/** The layers with their names, and the weights with theirs. */
export function named(
  drafts: readonly Draft[],
  inputs: ReadonlyMap<Draft, string>,
): { steps: Step[]; weights: Map<string, Float32Array>; sources: Map<Draft, string> } {
  const taken = new Set(inputs.values());
  const sources = new Map(inputs);
  const leaves = new Map<Draft, string>();
  const take = (draft: Draft, base: string): void => {
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    sources.set(draft, name);
  };
  const isLeaf = ({ layer, weights }: Draft) =>
    layer?.kind === 'onnx' && Object.keys(weights).length > 0;
  const owns = ({ weights, shares }: Draft) => !shares && Object.keys(weights).length > 0;
  for (const draft of drafts) if (owns(draft) && !isLeaf(draft)) take(draft, draft.wanted);
  // Leaves that have no layer's name in front of their parameter's.
  const roots = new Set<Draft>();
  for (const draft of drafts) {
    if (!isLeaf(draft)) continue;
    const [{ name }] = Object.values(draft.weights) as [Weight];
    const found = isNamed(name) && splits(name).find(([layer]) => !taken.has(layer));
    const isWhole = !found && isGiven(name) && !taken.has(name);
    if (isWhole) roots.add(draft);
    const [layer, parameter] = isWhole
      ? [name, name]
      : found || [clean(name) || 'parameter', 'weight'];
    leaves.set(draft, parameter);
    take(draft, layer);
  }
  for (const draft of drafts) if (!sources.has(draft)) take(draft, draft.wanted || 'layer');
  const weights = new Map<string, Float32Array>();
  const made = new Map<Draft, Step>();
  const steps = drafts.map((draft) => {
    const name = sources.get(draft)!;
    const owner = draft.shares ?? draft;
    const parameter = leaves.get(draft);
    if (owner === draft)
      for (const [key, weight] of Object.entries(draft.weights))
        weights.set(`${roots.has(draft) ? '' : `${name}.`}${parameter ?? key}`, weight.values());
    const layer =
      parameter === undefined
        ? (made.get(owner)?.layer ?? draft.layer!)
        : onnx({
            ...(draft.layer!.settings as unknown as Parameters<typeof onnx>[0]),
            name: parameter,
          });
    const step: Step = {
      name,
      layer,
      inputs: draft.inputs.map((one) => sourceOf(sources, one.draft)),
      owner: roots.has(draft) ? '' : sources.get(owner)!,
    };
    made.set(draft, step);
    return step;
  });
  return { steps, weights, sources };
}

function sourceOf(sources: ReadonlyMap<Draft, string>, draft: Draft): string {
  const name = sources.get(draft);
  if (name === undefined)
    throw new LanewiseError('file', `a layer takes '${draft.wanted}', which is not read`);
  return name;
}

/** The drafts that lead to the wanted ones, in the order in which they were made. */
export function needed(drafts: readonly Draft[], ends: readonly Draft[]): Draft[] {
  const seen = new Set<Draft>();
  const stack = [...ends];
  for (let draft = stack.pop(); draft; draft = stack.pop()) {
    if (seen.has(draft)) continue;
    seen.add(draft);
    stack.push(...draft.inputs.map((one) => one.draft), ...(draft.shares ? [draft.shares] : []));
  }
  return drafts.filter((draft) => seen.has(draft));
}
