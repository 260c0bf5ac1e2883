/** Axes: from values to places, and the round values that are written beside them. */
import { integerPower, log } from '../base/arithmetic.js';

/** An axis from values to places in pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Where a value lies; NaN for one that has no place, such as 0 on a logarithmic axis. */
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

const log10 = (value: number): number => log(value) / Math.LN10;
const tenTo = (n: number): number => (n < 0 ? 1 / integerPower(10, -n) : integerPower(10, n));

/** A number in few characters: `0.05`, `1,500`, `2.5e-5`. */
export function brief(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, power] = Number(size.toPrecision(Math.min(digits, 3)))
      .toExponential()
      .split('e');
    const times = mantissa === '1' ? '' : `${mantissa}·`;
    return `${sign}${times}10${superscript(Number(power))}`;
  }
  const plain = String(Number(size.toPrecision(size >= 1000 ? Math.max(digits, 6) : digits)));
  return sign + plain.replace(/^\d{4,}/, (whole) => whole.replace(/(?<=\d)(?=(\d{3})+$)/g, ','));
}

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (n: number): string =>
  (n < 0 ? '⁻' : '') + [...String(Math.abs(n))].map((digit) => RAISED[Number(digit)]!).join('');

/** Steps of 1, 2 or 5 times a power of ten, about `count` between the two, none of them below `least`. */
export function roundTicks(low: number, high: number, count: number, least = 0): number[] {
  const rough = (high - low) / Math.max(1, count);
  const unit = tenTo(Math.floor(log10(rough)));
  const round = unit * ([1, 2, 5].find((times) => times * unit >= rough * 0.999) ?? 10);
  const step = Math.max(round, least);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** 1, 10, 100 …: with 2 and 5, or 3, between them where there are few, without some where there are many. */
function powerTicks(low: number, high: number, count: number): number[] {
  const [bottom, top] = [low * 0.999, high * 1.001];
  const isIn = (value: number): boolean => value >= bottom && value <= top;
  const first = Math.floor(log10(low)) - 1;
  const powers = Array.from({ length: Math.ceil(log10(high)) - first + 2 }, (_, i) => first + i);
  const whole = powers.filter((n) => isIn(tenTo(n)));
  const finer = (times: readonly number[]): number[] =>
    powers.flatMap((n) => times.map((k) => k * tenTo(n))).filter(isIn);
  if (whole.length < 2 && finer([1, 2, 3, 5]).length > 1) return finer([1, 2, 3, 5]);
  if (whole.length * 3 <= count) return finer([1, 2, 5]);
  for (const between of [finer([1, 2, 5]), finer([1, 3])])
    if (whole.length > 1 && between.length <= count) return between;
  const every = Math.max(1, Math.ceil(whole.length / Math.max(2, count)));
  const kept = whole.filter((n) => n % every === 0);
  // Between two neighbouring powers there may be none: then the ends have to do.
  return (kept.length > 1 ? kept : whole).map(tenTo);
}

/** What an axis knows of itself. */
export interface Ends {
  readonly log?: boolean | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Whether the first and last value lie on the frame, as for time; else some room is left. */
  readonly isTight?: boolean;
  /** Whether there is nothing between whole numbers, as for epochs: then no tick is there. */
  readonly isWhole?: boolean;
}

/** An axis goes so far that its length is finite; what lies beyond is outside of the picture. */
function within(end: number, isLog: boolean): number {
  const most = isLog ? 300 : 1e300;
  return Math.max(-most, Math.min(most, end));
}

/** The axis of these values between two places, with about `count` ticks. */
export function scaleOf(
  values: Iterable<number>,
  { log: isLog = false, min, max, isTight = false, isWhole = false }: Ends,
  [from, to]: readonly [number, number],
  count: number,
): Scale {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = isLog ? [0.1, 1] : [0, 1];
  const place = (value: number): number => (isLog ? (value > 0 ? log10(value) : NaN) : value);
  let [first, last] = [place(low), place(high)];
  if (first === last) {
    const tenth = first === 0 ? 1 : Math.abs(first) * 0.1;
    const room = isLog ? 0.5 : isWhole ? Math.max(1, tenth) : tenth;
    [first, last] = [first - room, last + room];
  } else if (!isTight) {
    const room = (last - first) * 0.05;
    // What is never negative is not shown as if it could be.
    [first, last] = [!isLog && low >= 0 && first < room * 2 ? 0 : first - room, last + room];
  }
  if (min !== undefined && Number.isFinite(place(min))) first = place(min);
  if (max !== undefined && Number.isFinite(place(max))) last = place(max);
  [first, last] = [within(first, isLog), within(last, isLog)];
  if (!(last - first >= 1e-300)) last = first + Math.max(1, Math.abs(first) * 1e-9);
  const at = (value: number): number =>
    from + ((place(value) - first) / (last - first)) * (to - from);
  // 10ˣ of the ends, by steps of a hundredth of a decade: only which ticks are shown depends on it.
  const valueOf = (x: number): number => (isLog ? antilog(x) : x);
  const [bottom, top] = [valueOf(first), valueOf(last)];
  const plain = roundTicks(bottom, top, count, isWhole && last - first >= 1 ? 1 : 0);
  const powers = isLog ? powerTicks(bottom, top, count) : plain;
  // One value says nothing of an axis, and two of a short one little: there, round steps have more.
  const isShort = top < 20 * bottom && powers.length < 3 && plain.length > powers.length;
  const found = powers.length > 1 && !isShort ? powers : plain;
  const ticks = found.length > 1 ? found : [bottom, top];
  return {
    low: bottom,
    high: top,
    at,
    ticks: ticks.map((value) => ({ value, text: brief(value) })),
  };
}

/** 10ˣ from whole powers and a root: tenths of thousandths are enough for an axis. */
function antilog(x: number): number {
  const whole = Math.floor(x);
  let [result, part, root] = [tenTo(whole), 0.5, Math.sqrt(10)];
  for (let rest = x - whole, i = 0; i < 30; i++, part /= 2, root = Math.sqrt(root)) {
    if (rest < part) continue;
    result *= root;
    rest -= part;
  }
  return result;
}
