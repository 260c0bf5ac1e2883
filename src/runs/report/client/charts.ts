/** Draws charts, given as data, with uPlot (browser). */
import uPlot from 'uplot';
import type { Chart, Format, Series } from '../chart.js';

/** A chart on the page. */
export interface Drawn {
  update(chart: Chart): void;
  remove(): void;
}

const HEIGHT = { small: 150, large: 260 };

/** Adds a chart to `parent` at its full width, and keeps it so. */
export function draw(parent: HTMLElement, chart: Chart): Drawn {
  let current = chart;
  let plot = create(parent, current);
  const redraw = () => {
    plot.destroy();
    plot = create(parent, current);
  };
  const observer = new ResizeObserver(() => {
    const width = widthOf(parent);
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
  });
  observer.observe(parent);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', redraw);
  return {
    update(next) {
      const isSameShape =
        next.isLog === current.isLog &&
        next.isLogX === current.isLogX &&
        JSON.stringify([next.xNames, next.marks]) ===
          JSON.stringify([current.xNames, current.marks]) &&
        next.series.map(({ label, kind }) => `${label} ${kind}`).join('\n') ===
          current.series.map(({ label, kind }) => `${label} ${kind}`).join('\n');
      current = next;
      if (isSameShape) plot.setData(dataOf(next));
      else redraw();
    },
    remove() {
      observer.disconnect();
      dark.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

/** Distances of the labels of counts, which are whole: 1, 2, 5, 10, … */
const COUNTS = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((n) => n * 10 ** power),
).flat();

const widthOf = (parent: HTMLElement): number => Math.floor(parent.clientWidth);

const dataOf = ({ x, series }: Chart): uPlot.AlignedData =>
  [x, ...series.map(({ values }) => values)] as uPlot.AlignedData;

function create(parent: HTMLElement, chart: Chart): uPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const { format, isSmall = false, isLog = false, isFromZero = false, xNames } = chart;
  const font = `${isSmall ? 10 : 12}px system-ui, sans-serif`;
  const axis = {
    stroke: colour('soft'),
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { stroke: colour('grid'), width: 1, size: 4 },
    font,
  };
  const plot = new uPlot(
    {
      width: Math.max(120, widthOf(parent)),
      height: isSmall ? HEIGHT.small : HEIGHT.large,
      ...(isSmall ? {} : { cursor: { sync: { key: chart.xLabel }, focus: { prox: 24 } } }),
      focus: { alpha: 0.25 },
      ...(chart.isTime
        ? { tzDate: (time: number) => uPlot.tzDate(new Date(time * 1000), 'Etc/UTC') }
        : {}),
      legend: { live: !isSmall },
      scales: {
        x: xScaleOf(chart),
        y: {
          distr: isLog ? 3 : 1,
          ...(isFromZero
            ? { range: (_: uPlot, __: number, most: number) => [0, most * 1.1 || 1] }
            : {}),
        },
      },
      axes: [
        {
          ...axis,
          size: chart.isTime ? 44 : 28,
          space: isSmall ? 40 : 60,
          ...(xNames ? { splits: () => xNames.map((_, i) => i) } : {}),
          ...(chart.isTime
            ? {}
            : { values: (_, splits) => splits.map((v) => xLabelOf(v, xNames)) }),
        },
        {
          ...axis,
          size: isSmall ? 40 : 58,
          space: isSmall ? 30 : 40,
          ...(format === 'count' ? { incrs: COUNTS } : {}),
          values: (_, splits) => splits.map((v) => (v === null ? '' : show(v, format))),
        },
      ],
      series: [
        {
          label: chart.xLabel,
          value: chart.isTime ? '{YYYY}-{MM}-{DD} {HH}:{mm}' : (_, v) => xLabelOf(v, xNames) || '–',
        },
        ...chart.series.map((series) => seriesOf(series, chart, colour)),
      ],
      hooks: { draw: [(plot) => drawMarks(plot, chart, colour)] },
    },
    dataOf(chart),
    parent,
  );
  const canvas = plot.root.querySelector('canvas')!;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `${chart.title}. ${chart.caption}`);
  return plot;
}

/** The x axis; places with names have room on both sides. */
const xScaleOf = ({ isLogX = false, isTime = false, xNames }: Chart): uPlot.Scale =>
  xNames
    ? { time: false, range: () => [-0.5, xNames.length - 0.5] }
    : { time: isTime, distr: isLogX ? 3 : 1 };

const xLabelOf = (value: number | null, names: readonly string[] | undefined): string =>
  value === null ? '' : names ? (names[value] ?? '') : labelOf(value);

/** Lines over the plot from top to bottom, each with its words: of the leftmost before it, of the others behind it. */
function drawMarks(plot: uPlot, { marks = [] }: Chart, colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  marks.forEach(({ at, label }, i) => {
    const x = Math.round(plot.valToPos(at, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour(`tone-${i === 0 ? 1 : 3}`);
    ctx.lineWidth = (i === 0 ? 2 : 1) * scale;
    ctx.setLineDash(i === 0 ? [] : [4 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${12 * scale}px system-ui, sans-serif`;
    const room = ctx.measureText(label).width + 6 * scale;
    const [before, behind] = [x - bbox.left, bbox.left + bbox.width - x];
    const isLeftmost = marks.length > 1 && marks.every((other) => other.at >= at);
    const isBefore = isLeftmost ? before > room : behind < room;
    ctx.textAlign = isBefore ? 'right' : 'left';
    ctx.fillText(label, x + (isBefore ? -6 : 6) * scale, bbox.top + (14 + 16 * i) * scale);
    ctx.restore();
  });
}

/** Curves of more points have no marks. */
const MOST_MARKED = 60;

function seriesOf(
  { label, kind, tone, values }: Series,
  { format, x }: Chart,
  colour: (name: string) => string,
): uPlot.Series {
  const stroke = typeof tone === 'number' ? colour(`tone-${tone % 8}`) : onScale(tone.at, colour);
  const common: uPlot.Series = {
    label,
    stroke,
    spanGaps: true,
    value: (_, v) => (v === null ? '–' : show(v, format)),
  };
  switch (kind) {
    case 'line':
      return { ...common, width: 2, points: { show: false } };
    case 'faint':
      return { ...common, width: 1, alpha: 0.3, points: { show: false } };
    case 'points': {
      // Of many points the line alone is seen better.
      const isSparse = values.filter((value) => value !== null).length <= MOST_MARKED;
      return { ...common, width: 2, points: { show: isSparse, size: 6, fill: stroke } };
    }
    case 'dots':
      return {
        ...common,
        paths: () => null,
        // Many are drawn small, so that those behind are seen.
        points: { show: true, size: x.length > 100 ? 5 : 9, fill: stroke },
      };
    case 'area':
      return {
        ...common,
        width: 1,
        fill: `color-mix(in srgb, ${stroke} 30%, transparent)`,
        paths: uPlot.paths.stepped!({ align: 1 }),
        points: { show: false },
      };
  }
}

/** From blue for a net's first layers through violet to orange for its last. */
const onScale = (at: number, colour: (name: string) => string): string =>
  `hsl(${Math.round(215 + 175 * at) % 360} 70% ${colour('scale-lightness')})`;

/** A label on the x axis: steps, or values of weights. */
const labelOf = (value: number): string =>
  Math.abs(value) >= 1e6
    ? `${shorten(value / 1e6)}M`
    : Math.abs(value) >= 1e4
      ? `${shorten(value / 1e3)}k`
      : shorten(value);

const shorten = (value: number): string => String(Number(value.toPrecision(4)));

function show(value: number, format: Format): string {
  if (format === 'percent') return `${shorten(value * 100)} %`;
  if (format === 'count') return labelOf(Math.round(value));
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : shorten(value);
}
