/** Readers of a layer's settings: what is not supported is noted, all of it, rather than thrown. */
import { isObject, quote, shorten } from '../../base/check.js';
import type { KerasLayer } from './keras-topology.js';

/** The program that wrote a file: the same words mean different things in them. */
export type Dialect = 'tfjs' | 'keras2' | 'keras3';

/** The settings of one layer, with notes of what stands against reading it. */
export interface Settings {
  readonly layer: KerasLayer;
  readonly dialect: Dialect;
  readonly config: Readonly<Record<string, unknown>>;
  /** What is not supported, in sentences about the layer: `go_backwards is true`. */
  readonly refusals: string[];
  /** What is otherwise than in Keras. */
  readonly warnings: string[];
}

export const settingsOf = (layer: KerasLayer, dialect: Dialect): Settings => ({
  layer,
  dialect,
  config: layer.config,
  refusals: [],
  warnings: [],
});

/** The settings of a layer in this one, such as a wrapper's; its notes are those of this layer. */
export function innerOf(s: Settings, key: string): Settings | undefined {
  const value = s.config[key];
  const config = isObject(value) ? value['config'] : undefined;
  if (!isObject(value) || !isObject(config) || typeof value['class_name'] !== 'string') {
    refuseIn(s, `${key} is ${quote(value)}, expected a layer`);
    return undefined;
  }
  return { ...s, layer: { ...s.layer, className: value['class_name'], config }, config };
}

/** Notes something that is not supported. */
export function refuseIn({ refusals }: Settings, what: string): void {
  if (!refusals.includes(what)) refusals.push(what);
}

/** Notes something that is otherwise than in Keras. */
export function warnIn({ warnings }: Settings, what: string): void {
  if (!warnings.includes(what)) warnings.push(what);
}

export const isGiven = ({ config }: Settings, key: string): boolean =>
  config[key] !== undefined && config[key] !== null;

export function numberOf(s: Settings, key: string, usual: number): number {
  const value = s.config[key] ?? usual;
  if (typeof value === 'number' && Math.abs(value) < 3e38) return value;
  refuseIn(s, `${key} is ${quote(value)}, expected a number`);
  return usual;
}

const isCount = (value: unknown, least: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) < 2 ** 31;

/** A whole number of at least 1. */
export function countOf(s: Settings, key: string, usual?: number): number {
  const value = s.config[key] ?? usual;
  if (isCount(value, 1)) return value;
  refuseIn(s, `${key} is ${quote(value)}, expected a whole number of at least 1`);
  return 1;
}

export function flagOf(s: Settings, key: string, usual: boolean): boolean {
  const value = s.config[key] ?? usual;
  if (typeof value === 'boolean') return value;
  refuseIn(s, `${key} is ${quote(value)}, expected true or false`);
  return usual;
}

/** One of the `known` texts. */
export function choiceOf<Known extends string>(
  s: Settings,
  key: string,
  known: readonly Known[],
  usual: Known,
): Known {
  const value = s.config[key] ?? usual;
  if (known.includes(value as Known)) return value as Known;
  refuseIn(s, `${key} is ${shown(value)}, expected ${known.join(' or ')}`);
  return usual;
}

/** `count` whole numbers of at least `least`; a single number stands for all. */
export function sizesOf(
  s: Settings,
  key: string,
  count: number,
  usual: number,
  least = 1,
): readonly number[] {
  const value = s.config[key] ?? usual;
  const all: unknown[] = Array.isArray(value) ? value : Array.from({ length: count }, () => value);
  if (all.length === count && all.every((one) => isCount(one, least))) return all as number[];
  refuseIn(s, `${key} is ${quote(value)}, expected ${count} whole numbers of at least ${least}`);
  return Array.from({ length: count }, () => usual);
}

/** Notes that a setting has another value than those with which the layer can be built; the first is Keras' default. */
export function only(s: Settings, key: string, ...allowed: readonly unknown[]): void {
  const value = s.config[key] ?? allowed[0];
  if (!allowed.includes(value)) refuseIn(s, `${key} is ${shown(value)}`);
}

/** A value of a description in a message. */
export const shown = (value: unknown): string =>
  isObject(value) ? shorten(JSON.stringify(value)) : quote(value);
