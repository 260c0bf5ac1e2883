/**
 * A lab's pictures as plain data: what is drawn, not how. The constructors check it; the others make charts and
 * images of it.
 */
import {
  checkOptions,
  extent,
  finite,
  flag,
  isList,
  isObject,
  listOf,
  oneOf,
  refuse,
  required,
  text,
  wholeFrom,
  type Check,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/** A list of numbers, of an array's or a typed array's kind; a value that is not finite is a gap. */
export type Numbers = readonly number[] | Float32Array | Float64Array | Int32Array | Uint8Array;

/** What an axis is called, and whether it is logarithmic. */
export interface Axis {
  /** With the unit in brackets, if there is one. */
  readonly name: string;
  /** Default false; values of 0 and below are then gaps. */
  readonly log?: boolean;
  /** Where the axis begins and ends; by default where the values do. */
  readonly min?: number;
  readonly max?: number;
}

/** A name, and where its values begin and end. */
export interface Extent {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The words around a picture. */
export interface Words {
  readonly title: string;
  /** What is to be seen, in one or two sentences. */
  readonly caption?: string;
}

/** One curve of `lines`. */
export interface LineSeries {
  readonly name: string;
  readonly x: Numbers;
  readonly y: Numbers;
  /** A band around the curve, such as a deviation over seeds. */
  readonly low?: Numbers;
  readonly high?: Numbers;
  readonly dashed?: boolean;
}

/** Points, or a path through points. */
export interface PointSeries {
  readonly name: string;
  readonly x: Numbers;
  readonly y: Numbers;
}

/** One colour of `bars`, with a value for each group. */
export interface BarSeries {
  readonly name: string;
  readonly values: Numbers;
  /** Where a whisker begins and ends. */
  readonly low?: Numbers;
  readonly high?: Numbers;
}

/** Curves over an axis. */
export interface Lines extends Words {
  readonly kind: 'lines';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
}

/** Points in a plane. */
export interface Points extends Words {
  readonly kind: 'points';
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly PointSeries[];
}

/** Bars in groups. */
export interface Bars extends Words {
  readonly kind: 'bars';
  readonly y: Axis;
  readonly groups: readonly string[];
  readonly series: readonly BarSeries[];
}

/** Values over a plane as colours, with contours, paths and marks on them. */
export interface Heatmap extends Words {
  readonly kind: 'heatmap';
  readonly x: Extent;
  readonly y: Extent;
  readonly rows: number;
  readonly columns: number;
  /** Row by row, the first row at `y.from`. */
  readonly values: Numbers;
  readonly scale: {
    readonly name: string;
    readonly log?: boolean;
    /** Two colours from 0, for values of both signs. */
    readonly diverging?: boolean;
  };
  /** How many lines of equal value are drawn; default none. */
  readonly contours?: number;
  /** Dots on the map, such as samples. */
  readonly points?: readonly PointSeries[];
  /** Lines on the map, with a ring where they begin and a dot where they end. */
  readonly paths?: readonly PointSeries[];
  /** Crosses with names. */
  readonly marks?: readonly { readonly name: string; readonly x: number; readonly y: number }[];
}

/** A box on an image, in pixels from its upper left corner. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly label?: string;
}

/** One image of `images`. */
export interface ImageItem {
  /** Channels × height × width. */
  readonly pixels: Uint8Array | Float32Array;
  /** One channel, or three: red, green and blue. */
  readonly shape: readonly number[];
  readonly label?: string;
  /** What is black and what is white; default 0 and 255 for bytes, the least and the greatest value for others. */
  readonly range?: readonly number[];
  /** How one channel is coloured; default grey. */
  readonly colours?: 'grey' | 'diverging' | 'heat';
  readonly boxes?: readonly Box[];
}

/** Images in rows. */
export interface Images extends Words {
  readonly kind: 'images';
  /** Images in a row; by default as many as fit. */
  readonly columns?: number;
  readonly items: readonly ImageItem[];
  /** Pixels of the page a pixel of the image; by default so that images are about 80 pixels wide. */
  readonly zoom?: number;
}

/** Rows of texts and numbers. */
export interface Table extends Words {
  readonly kind: 'table';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a lab shows. */
export type Picture = Lines | Points | Bars | Heatmap | Images | Table;

type Of<P extends Picture> = Omit<P, 'kind'>;

/** Options of one kind, checked by a table, as a check of a value within another. */
const fieldsOf =
  <T extends object>(checks: Checks<T>): Check =>
  (owner, name, value) => {
    if (!isObject(value)) refuse(owner, name, value, 'an object');
    checkOptions(`${owner}: ${name}`, value as T, checks);
  };

const numbers: Check = (owner, name, value) => {
  if (!isList(value) || !(value as Numbers).every((one) => typeof one === 'number'))
    refuse(owner, name, value, 'a list of numbers');
  if ((value as Numbers).length === 0) refuse(owner, name, value, 'at least one number');
};

const axisFields = fieldsOf<Axis>({ name: required(text), log: flag, min: finite, max: finite });

const axis: Check = (owner, name, value) => {
  axisFields(owner, name, value);
  const { log, min, max } = value as Axis;
  for (const [end, one] of Object.entries({ min, max }))
    if (log && one !== undefined && one <= 0)
      refuse(owner, `${name}.${end}`, one, 'a number above 0, as the axis is logarithmic');
  if (min !== undefined && max !== undefined && min >= max)
    refuse(owner, `${name}.max`, max, `a number above min, which is ${min}`);
};

const span = fieldsOf<Extent>({
  name: required(text),
  from: required(finite),
  to: required(finite),
});
const words: Checks<Words> = { title: required(text), caption: text };
const place: Checks<PointSeries> = {
  name: required(text),
  x: required(numbers),
  y: required(numbers),
};

/** @throws LanewiseError kind 'argument' unless the lists of a series are of one length. */
function sameLength(owner: string, name: string, lists: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(lists).filter(([, list]) => list !== undefined);
  const [[first, most]] = given as [[string, Numbers]];
  for (const [other, list] of given as [string, Numbers][])
    if (list.length !== most.length)
      throw new LanewiseError(
        'argument',
        `${owner}: series '${name}' has ${most.length} values of ${first} and ${list.length} of ${other}, expected as many`,
      );
}

/**
 * A chart of curves, each with its own x.
 * @throws LanewiseError kind 'argument' for lists of different lengths and other wrong values.
 */
export function lines(options: Of<Lines>): Lines {
  checkOptions<Of<Lines>>('lines', options, {
    ...words,
    x: required(axis),
    y: required(axis),
    series: required(
      listOf(fieldsOf<LineSeries>({ ...place, low: numbers, high: numbers, dashed: flag })),
    ),
  });
  for (const { name, x, y, low, high } of options.series)
    sameLength('lines', name, { x, y, low, high });
  return { kind: 'lines', ...options };
}

/**
 * A chart of points.
 * @throws LanewiseError kind 'argument' for lists of different lengths and other wrong values.
 */
export function points(options: Of<Points>): Points {
  checkOptions<Of<Points>>('points', options, {
    ...words,
    x: required(axis),
    y: required(axis),
    series: required(listOf(fieldsOf<PointSeries>(place))),
  });
  for (const { name, x, y } of options.series) sameLength('points', name, { x, y });
  return { kind: 'points', ...options };
}

/**
 * A chart of bars: a group for each of `groups`, with a bar of each series.
 * @throws LanewiseError kind 'argument' for a series that has no value for each group, and other wrong values.
 */
export function bars(options: Of<Bars>): Bars {
  checkOptions<Of<Bars>>('bars', options, {
    ...words,
    y: required(axis),
    groups: required(listOf(text)),
    series: required(
      listOf(
        fieldsOf<BarSeries>({
          name: required(text),
          values: required(numbers),
          low: numbers,
          high: numbers,
        }),
      ),
    ),
  });
  const { groups, series } = options;
  for (const { name, values, low, high } of series)
    sameLength('bars', name, { groups, values, low, high });
  return { kind: 'bars', ...options };
}

/**
 * Values over a plane as colours, with lines of equal value, paths and marks on them.
 * @throws LanewiseError kind 'argument' unless there are rows × columns values, and for other wrong values.
 */
export function heatmap(options: Of<Heatmap>): Heatmap {
  checkOptions<Of<Heatmap>>('heatmap', options, {
    ...words,
    x: required(span),
    y: required(span),
    rows: required(extent),
    columns: required(extent),
    values: required(numbers),
    scale: required(
      fieldsOf<Heatmap['scale']>({ name: required(text), log: flag, diverging: flag }),
    ),
    contours: wholeFrom(1, 100),
    points: listOf(fieldsOf<PointSeries>(place), 0),
    paths: listOf(fieldsOf<PointSeries>(place), 0),
    marks: listOf(
      fieldsOf<NonNullable<Heatmap['marks']>[number]>({
        name: required(text),
        x: required(finite),
        y: required(finite),
      }),
      0,
    ),
  });
  const { rows, columns, values, paths = [], points: dots = [] } = options;
  if (values.length !== rows * columns)
    throw new LanewiseError(
      'argument',
      `heatmap: there are ${values.length} values, expected ${rows} rows × ${columns} columns`,
    );
  for (const { name, x, y } of [...dots, ...paths]) sameLength('heatmap', name, { x, y });
  return { kind: 'heatmap', ...options };
}

const box = fieldsOf<Box>({
  x0: required(finite),
  y0: required(finite),
  x1: required(finite),
  y1: required(finite),
  label: text,
});

const pixels: Check = (owner, name, value) => {
  if (!(value instanceof Uint8Array || value instanceof Float32Array))
    refuse(owner, name, value, 'a Uint8Array or a Float32Array');
};

/**
 * Images side by side, such as samples, filters and maps of features.
 * @throws LanewiseError kind 'argument' for pixels that are not as many as the shape has, and other wrong values.
 */
export function images(options: Of<Images>): Images {
  checkOptions<Of<Images>>('images', options, {
    ...words,
    columns: extent,
    zoom: extent,
    items: required(
      listOf(
        fieldsOf<ImageItem>({
          pixels: required(pixels),
          shape: required(listOf(extent, 3, 3)),
          label: text,
          range: listOf(finite, 2, 2),
          colours: oneOf(['grey', 'diverging', 'heat']),
          boxes: listOf(box, 0),
        }),
      ),
    ),
  });
  for (const [i, { pixels: values, shape }] of options.items.entries()) {
    const [C, H, W] = shape as [number, number, number];
    if (C !== 1 && C !== 3)
      throw new LanewiseError(
        'argument',
        `images: item ${i} has ${C} channels, expected 1 (grey) or 3 (red, green, blue)`,
        'draw channels as images of their own',
      );
    if (values.length !== C * H * W)
      throw new LanewiseError(
        'argument',
        `images: item ${i} has ${values.length} values, expected ${C} × ${H} × ${W}`,
      );
  }
  return { kind: 'images', ...options };
}

const cell: Check = (owner, name, value) => {
  if (typeof value !== 'string' && typeof value !== 'number')
    refuse(owner, name, value, 'a text or a number');
};

/**
 * Rows of texts and numbers.
 * @throws LanewiseError kind 'argument' for a row with more or fewer cells than there are columns, and other wrong values.
 */
export function table(options: Of<Table>): Table {
  checkOptions<Of<Table>>('table', options, {
    ...words,
    columns: required(listOf(text)),
    rows: required(listOf(listOf(cell, 0))),
  });
  const { columns, rows } = options;
  for (const [i, row] of rows.entries())
    if (row.length !== columns.length)
      throw new LanewiseError(
        'argument',
        `table: row ${i} has ${row.length} cells, expected ${columns.length}: ${columns.join(', ')}`,
      );
  return { kind: 'table', ...options };
}
