/** The curves of loss and accuracy, which uPlot draws as they come. */
import uPlot from 'uplot';
import type { CurvePoint } from '../messages.js';
import { byId, colour, onColours } from './dom.js';
import { loss, percent } from './show.js';

const HEIGHT = 190;

export interface Curves {
  /** Starts over; the x axis ends at `epochs`. */
  start(epochs: number): void;
  add(points: readonly CurvePoint[]): void;
  validated(at: number, loss: number, accuracy: number): void;
}

interface Point {
  readonly at: number;
  readonly training: number | null;
  readonly unseen: number | null;
}

export function createCurves(): Curves {
  const accuracy = createCurve('accuracy-curve', 'Accuracy', percent, true);
  const losses = createCurve('loss-curve', 'Loss', loss, false);
  return {
    start(epochs) {
      accuracy.start(epochs);
      losses.start(epochs);
    },
    add(points) {
      accuracy.add(points.map(({ at, accuracy }) => ({ at, training: accuracy, unseen: null })));
      losses.add(points.map(({ at, loss }) => ({ at, training: loss, unseen: null })));
    },
    validated(at, loss, share) {
      accuracy.add([{ at, training: null, unseen: share }]);
      losses.add([{ at, training: null, unseen: loss }]);
    },
  };
}

function createCurve(id: string, name: string, show: (value: number) => string, isShare: boolean) {
  const parent = byId(id);
  let points: Point[] = [];
  let epochs = 6;
  let isDue = false;

  const label = (value: number): string =>
    isShare ? percent(value, 0) : String(Number(value.toPrecision(3)));

  const data = (): uPlot.AlignedData => [
    points.map(({ at }) => at),
    points.map(({ training }) => training),
    points.map(({ unseen }) => unseen),
  ];

  function create(): uPlot {
    const axis = {
      stroke: colour('soft'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    const [main, unseen] = [colour('accent'), colour('unseen')];
    const plot = new uPlot(
      {
        width: Math.max(120, parent.clientWidth),
        height: HEIGHT,
        padding: [8, 6, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: {
          x: { time: false, range: () => [0, epochs] },
          y: {
            range: (_, __, most) =>
              isShare ? [0, 1.01] : [0, most === null ? 2.5 : Math.max(0.1, most * 1.05)],
          },
        },
        axes: [
          {
            ...axis,
            size: 24,
            space: 44,
            gap: 4,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
          },
          { ...axis, size: 42, space: 34, gap: 6, values: (_, splits) => splits.map(label) },
        ],
        series: [
          {},
          { stroke: main, width: 1.5, spanGaps: true, points: { show: false } },
          {
            stroke: unseen,
            width: 2,
            spanGaps: true,
            points: { show: true, size: 7, stroke: unseen, fill: colour('card') },
          },
        ],
      },
      data(),
      parent,
    );
    plot.root.querySelector('canvas')!.setAttribute('role', 'img');
    describe(plot);
    return plot;
  }

  /** The text for visitors who do not see the curve. */
  function describe({ root }: uPlot): void {
    const last = (of: 'training' | 'unseen') =>
      points.findLast((point) => point[of] !== null)?.[of] ?? undefined;
    const [training, unseen] = [last('training'), last('unseen')];
    const text =
      training === undefined
        ? 'no data yet'
        : `${show(training)} of the last minibatches${unseen === undefined ? '' : `, ${show(unseen)} of unseen digits`}`;
    root.querySelector('canvas')!.setAttribute('aria-label', `${name} over epochs: ${text}`);
  }

  let plot = create();
  new ResizeObserver(() => {
    const width = parent.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  }).observe(parent);
  onColours(() => {
    plot.destroy();
    plot = create();
  });

  /** Draws once a frame, however many points came. */
  function redraw(): void {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      plot.setData(data());
      describe(plot);
    });
  }

  return {
    start(total: number) {
      points = [];
      epochs = total;
      redraw();
    },
    add(more: readonly Point[]) {
      points = [...points, ...more];
      redraw();
    },
  };
}
