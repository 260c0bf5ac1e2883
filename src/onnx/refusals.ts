/** The refusal of a file: everything in it that is not read, and up to where it can be. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { inputsOf } from './graph-order.js';
import type { OnnxNode } from './messages.js';
import type { Reader } from './reader.js';
import { isPlain } from './sample-place.js';
import type { Refusal } from './walk.js';

const label = ({ name, outputs }: OnnxNode): string =>
  quote(name || outputs.find((output) => output) || '');

/** Nodes of one kind of refusal that are named. */
const SHOWN = 8;

/** One error of all refusals, with the last values that are read. */
export function refusalOf(
  reader: Reader,
  file: string,
  nodes: readonly OnnxNode[],
  refusals: readonly Refusal[],
): LanewiseError {
  const unknown = refusals.filter((one) => one.unknown);
  const others = refusals.filter((one) => !one.unknown);
  const byOp = grouped(unknown);
  const ops = [...byOp].map(([op, list]) =>
    list.length > 1
      ? `${op} (${list.length}, the first ${label(list[0]!.node)})`
      : `${op} (${label(list[0]!.node)})`,
  );
  const sentences = [
    ...(ops.length > 0 ? [`Lanewise has no op for ${ops.join(', ')}`] : []),
    ...others
      .slice(0, SHOWN)
      .map(({ node, why }) => `${node.op} ${label(node)} ${shorten(why, 300)}`),
    ...(others.length > SHOWN ? [`${others.length - SHOWN} nodes more are refused`] : []),
  ];
  return new LanewiseError(
    'file',
    `'${file}' is not read: ${sentences.join('; ')}`,
    hintOf(reader, nodes, refusals),
  );
}

const opOf = ({ op, domain }: OnnxNode): string => (domain === '' ? op : `${domain}.${op}`);

function grouped(list: readonly Refusal[]): Map<string, Refusal[]> {
  const result = new Map<string, Refusal[]>();
  for (const one of list) result.set(opOf(one.node), [...(result.get(opOf(one.node)) ?? []), one]);
  return result;
}

/** The last values with samples on axis 0 that refused nodes take. */
function hintOf(
  reader: Reader,
  nodes: readonly OnnxNode[],
  refusals: readonly Refusal[],
): string | undefined {
  const refused = new Set(refusals.map(({ node }) => node));
  const isRead = (name: string): boolean => {
    const value = reader.values.get(name);
    return value?.kind === 'wires' && isPlain(value.place) && value.node !== undefined;
  };
  const before = [
    ...new Set(
      nodes
        .filter((node) => refused.has(node))
        .flatMap(inputsOf)
        .filter(isRead),
    ),
  ];
  const isQuantised = refusals.some(({ node }) =>
    /^(QLinear|Dequantize|DynamicQuantize|Quantize)|Integer$/.test(node.op),
  );
  const quantised = isQuantised
    ? 'its weights are of 8 bits: take the float model that it was made from'
    : undefined;
  const mixes = refusals.some(({ why }) => why.includes('mixes samples'));
  const whole =
    mixes && reader.batch === 'first'
      ? "batch: 'none' reads each input as one sample, without an axis of samples"
      : undefined;
  const part =
    before.length > 0
      ? `what comes before can be read: outputs: [${before
          .slice(0, 4)
          .map((name) => quote(name))
          .join(', ')}]`
      : undefined;
  return [quantised, part, whole].filter((one) => one).join('; ') || undefined;
}
