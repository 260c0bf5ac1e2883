/**
 * Settings and their score as parallel coordinates (Inselberg 1985): an axis for each, and a line for every setting across
 * them. Drawn as SVG.
 */
import { log } from '../../base/arithmetic.js';
import { html, type Html } from '../../base/html.js';

/** One axis. */
export interface Axis {
  readonly name: string;
  /** The value of each line; undefined where it has none. */
  readonly values: readonly (number | undefined)[];
  readonly isLog: boolean;
  /** Names of the values 0, 1, … if they are no numbers. */
  readonly names?: readonly string[];
}

export interface Line {
  readonly label: string;
  /** From 0, the best, to 1. */
  readonly rank: number;
}

const WIDTH = 1200;
const HEIGHT = 300;
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 90, 34, 20] as const;

/** The places of an axis's values, from 0 at its lower end to 1, and the labels beside it. */
interface Scale {
  place(value: number): number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

const show = (value: number): string => String(Number(value.toPrecision(4)));

function scaleOf({ values, isLog, names }: Axis): Scale {
  if (names) {
    const most = Math.max(1, names.length - 1);
    const place = (value: number) => (names.length === 1 ? 0.5 : value / most);
    return { place, ticks: names.map((label, i) => ({ at: place(i), label })) };
  }
  const known = values.filter((value) => value !== undefined);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const by = isLog ? log : (value: number) => value;
  const place = (value: number) =>
    high > low ? (by(value) - by(low)) / (by(high) - by(low)) : 0.5;
  const distinct = [...new Set(known)].toSorted((a, b) => a - b);
  const shown = distinct.length <= 6 ? apart(distinct, place) : [low, high];
  return { place, ticks: shown.map((value) => ({ at: place(value), label: show(value) })) };
}

/** Of rising values those whose labels do not meet: the first, the last, and others with room on both sides. */
function apart(values: readonly number[], place: (value: number) => number): number[] {
  const last = values.at(-1)!;
  return values.reduce<number[]>((kept, value) => {
    const hasRoom =
      kept.length === 0 ||
      value === last ||
      Math.min(place(value) - place(kept.at(-1)!), place(last) - place(value)) > LABEL;
    return hasRoom ? [...kept, value] : kept;
  }, []);
}

/** The height of a label beside an axis of height 1. */
const LABEL = 0.06;

/** Text of at most so many letters. */
const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** The picture, the best lines drawn last; a line without a value on the last axis is left out. */
export function parallelCoordinates(axes: readonly Axis[], lines: readonly Line[]): Html {
  const scales = axes.map(scaleOf);
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, axes.length - 1);
  const xOf = (axis: number) => Math.round(LEFT + axis * step);
  const yOf = (at: number) =>
    Math.round(10 * (HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM))) / 10;
  const shown = lines
    .map((line, i) => ({ ...line, i }))
    .filter(({ i }) => axes.every(({ values }) => values[i] !== undefined))
    .toSorted((a, b) => b.rank - a.rank);
  const drawLine = ({ i, label, rank }: (typeof shown)[number]) => {
    const points = axes.map(
      ({ values }, axis) => `${xOf(axis)},${yOf(scales[axis]!.place(values[i]!))}`,
    );
    return html`<polyline
      points="${points.join(' ')}"
      class="${rank === 0 && 'best'}"
      stroke-opacity="${rank === 0 ? 1 : Math.round(100 * (0.85 - 0.7 * rank)) / 100}"
      ><title>${label}</title></polyline
    >`;
  };
  const drawAxis = ({ name }: Axis, axis: number) =>
    html`<line x1="${xOf(axis)}" x2="${xOf(axis)}" y1="${yOf(0)}" y2="${yOf(1)}" /><text
        x="${xOf(axis)}"
        y="14"
        text-anchor="middle"
        font-weight="600"
      >
        ${shortened(name, 24)}</text
      >${scales[axis]!.ticks.map(
        ({ at, label }) =>
          html`<text
            x="${xOf(axis) + (axis === 0 ? -8 : 8)}"
            y="${yOf(at) + 4}"
            text-anchor="${axis === 0 ? 'end' : 'start'}"
            >${shortened(label, 12)}</text
          >`,
      )}`;
  return html`<svg
    class="lines"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    width="100%"
    role="img"
    aria-label="Parallel coordinates of ${axes.map(({ name }) => name).join(', ')}"
    font-size="12"
  >
    ${shown.map(drawLine)} ${axes.map(drawAxis)}
  </svg>`;
}
