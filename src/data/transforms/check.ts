/** Checks of transforms' settings: each names the transform, the setting, the value and the range. */
import { isFloat, orLargest } from '../../check.js';
import { LanewiseError, show } from '../../errors.js';

export { checkKeys as checkSettings } from '../../check.js';

function refuse(transform: string, name: string, value: unknown, expected: string): never {
  const found = Array.isArray(value) ? `[${value.map(show).join(', ')}]` : show(value);
  throw new LanewiseError('argument', `${transform}: ${name} is ${found}, expected ${expected}`);
}

/** A number in [low, high]. */
export function checkNumber(
  transform: string,
  name: string,
  value: unknown,
  low = -Infinity,
  high = Infinity,
): number {
  if (isFloat(value) && value >= low && value <= high) return value;
  return refuse(transform, name, value, orLargest(value, rangeOf('a number', low, high)));
}

/** A whole number in [low, high]. */
export function checkWhole(
  transform: string,
  name: string,
  value: unknown,
  low: number,
  high = Infinity,
): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high)
    return value as number;
  return refuse(transform, name, value, rangeOf('a whole number', low, high));
}

/** Two numbers in [low, high], the first at most the second. */
export function checkRange(
  transform: string,
  name: string,
  value: unknown,
  low = -Infinity,
  high = Infinity,
): readonly [number, number] {
  const [from, to] = checkNumbers(transform, name, value, 2, low, high) as [number, number];
  return from <= to
    ? [from, to]
    : refuse(transform, name, value, 'the smaller number before the larger');
}

/** `count` numbers in [low, high]. */
export function checkNumbers(
  transform: string,
  name: string,
  value: unknown,
  count: number,
  low = -Infinity,
  high = Infinity,
): readonly number[] {
  if (!Array.isArray(value) || value.length !== count)
    return refuse(transform, name, value, `${count} numbers`);
  return value.map((number) => checkNumber(transform, name, number, low, high));
}

/** Height and width. */
export type Size = readonly [height: number, width: number];

/** Height and width, of which one number gives both. */
export function checkSize(transform: string, size: unknown): Size {
  if (!Array.isArray(size)) {
    const edge = checkWhole(transform, 'size', size, 1, 65_536);
    return [edge, edge];
  }
  if (size.length !== 2) refuse(transform, 'size', size, 'height and width');
  const [height, width] = size.map((edge) => checkWhole(transform, 'size', edge, 1, 65_536));
  return [height!, width!];
}

export function checkFlag(transform: string, name: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(transform, name, value, 'true or false');
}

/** A range, or one number a: [centre − a, centre + a]. */
export function checkSpread(
  transform: string,
  name: string,
  value: unknown,
  centre: number,
  low: number,
  high: number,
): readonly [number, number] {
  if (Array.isArray(value)) return checkRange(transform, name, value, low, high);
  const spread = checkNumber(transform, name, value, 0, high - centre);
  return [Math.max(low, centre - spread), centre + spread];
}

function rangeOf(what: string, low: number, high: number): string {
  if (low === -Infinity && high === Infinity) return `${what} that is finite`;
  if (high === Infinity) return `${what} of at least ${low}`;
  return `${what} from ${low} to ${high}`;
}
