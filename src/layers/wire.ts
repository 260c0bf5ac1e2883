/**
 * Functional wiring: layers are applied to wires and give wires. A wire holds no numbers and no shape, but the layer it
 * comes from, and thereby the whole net that leads to it.
 */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { PerChannel } from '../graph/input-scale.js';
import type { Shape } from '../graph/tensor.js';
import type { Layer } from './layer.js';

/** Settings of a model's input. */
export interface InputSettings {
  /** Shape of one sample: channels × height × width for images. */
  readonly shape: Shape;
  /** Inputs are (v − mean)/deviation, with v in [0, 1] for images in bytes; lists have a number for each index of axis 0. */
  readonly mean: PerChannel;
  readonly deviation: PerChannel;
  /** For whole numbers, such as tokens: all are below this. Absent for real numbers. */
  readonly vocabulary?: number;
  /** For lengths of sequences: each is from 1 to this, and `vocabulary` is one more. */
  readonly lengths?: number;
}

/** A value in a graph of layers: the output of a layer, or an input. */
export interface Wire {
  readonly kind: 'wire';
  /** Its origin: a layer, an input of a model, or an input of a block. */
  readonly from: Layer | InputSettings | 'block';
  /** The layer's inputs. */
  readonly inputs: readonly Wire[];
}

export const isWire = (value: unknown): value is Wire =>
  typeof value === 'object' && value !== null && (value as Wire).kind === 'wire';

export const isLayer = (value: unknown): value is Layer =>
  typeof value === 'function' && 'build' in value;

/** A description of a value in place of a wire or a layer, for messages. */
export const showPart = (value: unknown): string =>
  isLayer(value) ? `a layer (${value.kind})` : isWire(value) ? 'a wire' : quote(value);

/** @throws LanewiseError kind 'argument' unless `value` is a layer; `what` names its place. */
export function checkLayer(what: string, value: unknown): Layer {
  if (isLayer(value)) return value;
  throw new LanewiseError(
    'argument',
    `${what} is ${showPart(value)}, expected a layer`,
    typeof value === 'function' ? 'layers are made by calls: relu(), not relu' : undefined,
  );
}

/** Whether it is a layer's output, not an input of a model or block. */
export const isApplied = (wire: Wire): wire is Wire & { readonly from: Layer } =>
  typeof wire.from === 'function';

/** The wire from `layer` on `inputs`. @throws LanewiseError kind 'argument' for too many inputs, and any that are not wires. */
export function connect(layer: Layer, inputs: readonly unknown[]): Wire {
  const [least, most] = layer.inputs;
  const wrong = inputs.findIndex((value) => !isWire(value));
  if (wrong >= 0) {
    throw new LanewiseError(
      'argument',
      `${layer.kind} is applied to ${showPart(inputs[wrong])}, expected a wire from input() or a layer`,
      ArrayBuffer.isView(inputs[wrong]) || Array.isArray(inputs[wrong])
        ? 'numbers go through predict of a trained model'
        : undefined,
    );
  }
  checkCount(layer, inputs.length, least, most);
  return { kind: 'wire', from: layer, inputs: inputs as readonly Wire[] };
}

/** @throws LanewiseError kind 'argument' unless the layer takes `found` inputs. */
export function checkCount(
  { kind }: Layer,
  found: number,
  least: number,
  most: number,
  where = kind,
): void {
  if (found >= least && found <= most) return;
  const several = most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  throw new LanewiseError(
    'argument',
    `${where} is applied to ${found} inputs, expected ${least === most ? least : several}`,
  );
}
