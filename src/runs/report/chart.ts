/** A chart as plain data: made from a run's records, drawn in the browser by client/charts.ts. */

export type Format = 'number' | 'percent' | 'count';

export interface Series {
  readonly label: string;
  /** A value for each x; null where there is none. */
  readonly values: readonly (number | null)[];
  /**
   * `line`; `faint` for the values that a line smooths; `points` joined by lines; `area`, the filled steps of a
   * histogram; `dots` without a line.
   */
  readonly kind: 'line' | 'faint' | 'points' | 'area' | 'dots';
  /** The number of a colour, or a place from 0 to 1 on a scale of colours. */
  readonly tone: number | { readonly at: number };
}

export interface Chart {
  /** Id of the element; letters, digits and dashes. */
  readonly id: string;
  readonly title: string;
  /** What it shows in words, for those who cannot see it. */
  readonly caption: string;
  readonly x: readonly number[];
  readonly xLabel: string;
  readonly series: readonly Series[];
  readonly format: Format;
  /** Whether the y axis is logarithmic, for values above 0. */
  readonly isLog?: boolean;
  /** Whether the x axis is logarithmic, for values above 0. */
  readonly isLogX?: boolean;
  /** Whether x is a time, in seconds since 1970, shown in UTC. */
  readonly isTime?: boolean;
  /** Names of the places 0, 1, … on the x axis, for what has no order by size. */
  readonly xNames?: readonly string[];
  /** Places on the x axis that a line from top to bottom marks, with its words. */
  readonly marks?: readonly Mark[];
  /** Whether the y axis begins at 0. */
  readonly isFromZero?: boolean;
  /** Whether several fit in a row. */
  readonly isSmall?: boolean;
}

export interface Mark {
  readonly at: number;
  readonly label: string;
}

/** The points of one curve. */
export interface Curve extends Omit<Series, 'values'> {
  readonly points: readonly (readonly [x: number, y: number | null])[];
}

type Frame = Omit<Chart, 'x' | 'series'>;

/** The chart of curves, each with its own x; undefined if there is nothing to draw. */
export function chartOf(frame: Frame, curves: readonly Curve[]): Chart | undefined {
  const isDrawn = (y: number | null): y is number =>
    y !== null && Number.isFinite(y) && (!frame.isLog || y > 0);
  const drawn = curves.filter(({ points }) => points.some(([, y]) => isDrawn(y)));
  if (drawn.length === 0) return undefined;
  const x = [...new Set(drawn.flatMap(({ points }) => points.map(([at]) => at)))].toSorted(
    (a, b) => a - b,
  );
  const series = drawn.map(({ points, ...rest }) => {
    const at = new Map(points);
    return {
      ...rest,
      values: x.map((step) => {
        const y = at.get(step) ?? null;
        return isDrawn(y) ? y : null;
      }),
    };
  });
  return { ...frame, x, series };
}

/** At most `most` points: means of equally many neighbours, at the last one's x. */
export function thinned(
  points: readonly (readonly [x: number, y: number])[],
  most: number,
): (readonly [x: number, y: number])[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const part = points.slice(i * size, (i + 1) * size);
    const mean = part.reduce((sum, [, y]) => sum + y, 0) / part.length;
    return [part.at(-1)![0], mean] as const;
  });
}

/** Every nth entry of a list with its last, n such that at most `most` are left. */
export function sparse<T>(list: readonly T[], most: number): T[] {
  const step = Math.ceil(list.length / most);
  return step <= 1 ? [...list] : list.filter((_, i) => (list.length - 1 - i) % step === 0);
}

/** `most` entries of a list, evenly spread, with its first and last; all of them if there are no more. */
export const spread = <T>(list: readonly T[], most: number): T[] =>
  list.length <= most
    ? [...list]
    : Array.from(
        { length: most },
        (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!,
      );

/**
 * Exponential moving average s ← s·d + y·(1 − d), divided by 1 − dⁿ so that it does not begin at 0 (Kingma & Ba 2015, § 3),
 * over about a fortieth of the points.
 */
export function smoothed(
  points: readonly (readonly [x: number, y: number])[],
): (readonly [x: number, y: number])[] {
  const decay = Math.max(0, 1 - 40 / points.length);
  let [sum, weight] = [0, 0];
  return points.map(([x, y]) => {
    sum = sum * decay + y * (1 - decay);
    weight = weight * decay + (1 - decay);
    return [x, sum / weight] as const;
  });
}
