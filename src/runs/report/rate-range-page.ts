/** The picture of a learning-rate range test: its curve on a logarithmic axis, and the rates that it suggests. */
import type { RateRange } from '../../train/learning-rate-range.js';
import { writeFileAtomic } from '../../node/atomic.js';
import { loadAssets } from '../assets.js';
import { chartOf, type Mark } from './chart.js';
import { showNumber } from './figures.js';
import { html } from '../../base/html.js';
import { chartSection, renderPage, type Report } from './page-frame.js';

/** What was tested, in words. */
export interface RangeWords {
  /** `lenet5 on digits` */
  readonly title: string;
  /** A sentence of what the test was. */
  readonly about: string;
}

/** Losses above this many times the first are left out of the picture, whose curve they would flatten. */
const SHOWN = 2;

export function rateRangeReport(
  { points, suggestion, steepest, minimumOverTen, stopped }: RateRange,
  { title, about }: RangeWords,
): Report {
  const first = points[0]?.smoothed ?? 0;
  const most = first + (SHOWN - 1) * Math.abs(first);
  const curve = (key: 'loss' | 'smoothed') =>
    points.map((point) => [point.rate, point[key] <= most ? point[key] : null] as const);
  const marks: Mark[] = [
    ['suggestion', suggestion] as const,
    ['steepest', steepest] as const,
    ['a tenth of the minimum', minimumOverTen] as const,
  ].flatMap(([name, at]) => (at === undefined ? [] : [{ at, label: `${name} ${showNumber(at)}` }]));
  const chart = chartOf(
    {
      id: 'range',
      title: 'Loss by learning rate',
      caption: `Loss of ${points.length} steps, each at a higher rate; losses above ${showNumber(most)} are not drawn.`,
      xLabel: 'learning rate',
      format: 'number',
      isLogX: true,
      marks,
    },
    [
      { label: 'loss', kind: 'faint', tone: 0, points: curve('loss') },
      { label: 'smoothed', kind: 'line', tone: 0, points: curve('smoothed') },
    ],
  );
  const found =
    suggestion === undefined
      ? 'The loss did not fall: no rate is suggested.'
      : 'The suggestion is the geometric mean of the rate at which the loss falls fastest, and a tenth of the one at which it is least.';
  const cards = marks.map(({ label }) => label.split(/ (?=\S+$)/));
  return {
    title: `${title}: learning rates – Lanewise`,
    charts: chart ? [chart] : [],
    parts: {
      head: html`<h1>${title}: learning rates</h1>
        <p class="soft">${about}${stopped !== undefined && `; ${stopped}`}</p>`,
      figures: html`<dl class="cards">
        ${cards.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>`,
      curve: html`${chartSection('Range test', found, chart ? [chart] : [])}`,
    },
  };
}

/** Writes the picture, a single self-contained page. @throws LanewiseError kind 'file'. */
export async function writeRateRange(
  file: string,
  found: RateRange,
  words: RangeWords,
): Promise<void> {
  const page = renderPage(rateRangeReport(found, words), await loadAssets());
  await writeFileAtomic(file, Buffer.from(page));
}
