/** Histograms of each parameter's values, with the first and the last measurement in one chart. */
import type { Histogram } from '../../look/probe.js';
import { chartOf, spread, type Chart, type Curve } from './chart.js';
import { showCount, showNumber } from './figures.js';
import type { RunRecords } from './records.js';
import { present } from './run-charts.js';

/** Most histograms in one report. */
const MAX_HISTOGRAMS = 24;
const BINS = 40;

export function histogramCharts({ probes }: RunRecords): Chart[] {
  const [first, last] = [probes[0], probes.at(-1)];
  const parameters = last?.weights ?? [];
  const shown = spread(
    parameters.filter(({ name }) => parameters.length <= MAX_HISTOGRAMS || !name.endsWith('bias')),
    MAX_HISTOGRAMS,
  );
  return present(
    shown.map((now, i) => {
      const before = first === last ? undefined : first?.weights.find((w) => w.name === now.name);
      const from = Math.min(now.histogram.min, before?.histogram.min ?? now.histogram.min);
      const to = Math.max(now.histogram.max, before?.histogram.max ?? now.histogram.max);
      if (!(to > from)) return undefined;
      // Steps go from one edge to the next; the last edge ends the last step.
      const edges = Array.from({ length: BINS + 1 }, (_, b) => from + (b / BINS) * (to - from));
      const curve = (weights: typeof now, label: string, tone: number): Curve => {
        const shares = rebinned(weights.histogram, from, to, BINS);
        const points = edges.map((x, b) => [x, shares[Math.min(b, BINS - 1)]!] as const);
        return { label, tone, kind: 'area', points };
      };
      return chartOf(
        {
          id: `histogram-${i}`,
          title: now.name,
          caption: `Values from ${showNumber(now.histogram.min)} to ${showNumber(now.histogram.max)} at step ${showCount(last!.step)}.`,
          xLabel: 'value',
          format: 'percent',
          isSmall: true,
          isFromZero: true,
        },
        [
          ...(before ? [curve(before, `step ${showCount(first!.step)}`, 3)] : []),
          curve(now, `step ${showCount(last!.step)}`, 0),
        ],
      );
    }),
  );
}

/** Shares in equal parts of [from, to], each count spread evenly over its own part. */
export function rebinned(
  { min, max, counts }: Histogram,
  from: number,
  to: number,
  bins: number,
): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  const shares = Array.from({ length: bins }, () => 0);
  const width = (to - from) / bins;
  const part = (max - min) / counts.length;
  counts.forEach((count, i) => {
    const left = min + i * part;
    const firstBin = Math.max(0, Math.min(bins - 1, Math.floor((left - from) / width)));
    const lastBin = Math.max(
      firstBin,
      Math.min(bins - 1, Math.floor((left + part - from) / width)),
    );
    for (let bin = firstBin; bin <= lastBin; bin++) {
      const overlap =
        Math.min(left + part, from + (bin + 1) * width) - Math.max(left, from + bin * width);
      const share = part > 0 ? Math.max(0, overlap) / part : 1;
      shares[bin]! += (share * count) / total;
    }
  });
  return shares;
}
