/** What a score is worth: its interval by the bootstrap, and what baselines have on the same samples. */
import { join } from 'node:path';
import { writeFileAtomic } from '../node/atomic.js';
import { JUDGEMENT } from '../runs/folder.js';
import { bootstrap, withExactEnd, type FigureAt, type Interval } from '../metrics/bootstrap.js';

/** A prediction by which a model is measured. */
export interface Rival {
  /** How a sentence calls it: `always 'setosa'`. */
  readonly name: string;
  readonly figure: FigureAt;
}

/** A figure of a model and of its rivals on the same samples. */
export interface Question {
  /** The figure's name: `accuracy`. */
  readonly name: string;
  readonly better: 'higher' | 'lower';
  /** Whether it is the mean of right answers, 0 or 1. */
  readonly isShare?: boolean;
  /** Number of samples. */
  readonly samples: number;
  readonly figure: FigureAt;
  readonly rivals: readonly Rival[];
}

/** A rival's figure, and how much better the model's is: above 0 if the model is better. */
export interface JudgedRival extends Interval {
  readonly name: string;
  readonly lead: Interval;
}

export interface Judgement extends Interval {
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  readonly samples: number;
  readonly rivals: readonly JudgedRival[];
}

/** Of many samples chance is small, and fewer draws show it. */
const MOST_DRAWN = 2e7;
const FEWEST = 200;
const CONFIDENCE = 0.95;

/** Intervals of the model's figure, of its rivals', and of their differences, all of the same draws. */
export function judge({ name, better, isShare, samples, figure, rivals }: Question): Judgement {
  const resamples = Math.min(1000, Math.max(FEWEST, Math.floor(MOST_DRAWN / samples)));
  const sign = better === 'higher' ? 1 : -1;
  let own = NaN;
  const figures: Record<string, FigureAt> = { own: (places) => (own = figure(places)) };
  rivals.forEach((rival, r) => {
    let value = NaN;
    figures[`rival ${r}`] = (places) => (value = rival.figure(places));
    figures[`lead ${r}`] = () => sign * (own - value);
  });
  const found = bootstrap(samples, figures, { resamples, confidence: CONFIDENCE });
  const exact = (one: Interval) => (isShare ? withExactEnd(one, samples, CONFIDENCE) : one);
  return {
    figure: name,
    better,
    samples,
    ...exact(found['own']!),
    rivals: rivals.map((rival, r) => ({
      name: rival.name,
      ...exact(found[`rival ${r}`]!),
      lead: found[`lead ${r}`]!,
    })),
  };
}

/** How a figure is shown: `97.22 %`; without its unit, `97.22`; and how a difference is, `2.78 points`. */
export interface Shown {
  readonly value: (value: number) => string;
  readonly bare: (value: number) => string;
  readonly difference: (value: number) => string;
  /** What is drawn for intervals; default samples. */
  readonly drawn?: string;
}

const bare = (value: number): string => String(Number(value.toFixed(2))).replace('-', '−');

/** Shares as percentages. */
export const AS_PERCENT: Shown = {
  value: (share) => `${(share * 100).toFixed(2)} %`,
  bare: (share) => bare(share * 100),
  difference: (share) => `${bare(share * 100)} points`,
};

/** `97.22 % (95 % interval 91.67–100), always 'versicolor' 33.33 %, a linear model 94.44 %` */
export function judgedWords(judgement: Judgement, { value: show, bare: short }: Shown): string {
  const { value, rivals } = judgement;
  const others = rivals.map((rival) => `, ${rival.name} ${show(rival.value)}`);
  return `${show(value)}${samplesDiffer(judgement) ? intervalWords(judgement, short) : ''}${others.join('')}`;
}

/** Whether samples were drawn that could differ, or the interval has an exact end. */
const samplesDiffer = ({ samples, low, high }: Judgement): boolean => samples > 1 || low < high;

const intervalWords = ({ low, high }: Interval, short: Shown['bare']): string =>
  Number.isFinite(low) ? ` (95 % interval ${short(low)}–${short(high)})` : '';

/**
 * The sentence of a run's end on whether the model is of use: that a rival is as good or better, or that its lead may be
 * chance; nothing if it is clearly the best.
 */
export function verdictOf(
  judgement: Judgement,
  { value: show, bare: short, difference, drawn = 'samples' }: Shown,
): string | undefined {
  const { rivals, value, samples } = judgement;
  const [strongest] = rivals.toSorted((a, b) => a.lead.value - b.lead.value);
  if (!strongest) return undefined;
  const { name, lead } = strongest;
  const mayBe = `the 95 % interval of the difference is ${short(lead.low)} to ${difference(lead.high)}`;
  if (lead.value <= 0) {
    const how = lead.value === 0 ? 'is as good' : 'is better';
    const isSure = lead.high < 0 || (lead.low === 0 && lead.high === 0);
    const sure = isSure ? '' : `; of ${samples} ${drawn} that may be chance: ${mayBe}`;
    return `the baseline is not beaten: ${name} ${how}, ${show(strongest.value)} against ${show(value)}${sure}`;
  }
  if (lead.low > 0) return undefined;
  return `better than ${name} by ${difference(lead.value)}, which may be chance: ${mayBe}`;
}

/** The judgement as records and reports hold it. */
export function judgementRecord({ rivals, ...own }: Judgement): object {
  return {
    ...own,
    confidence: CONFIDENCE,
    baselines: rivals.map(({ lead, ...rival }) => ({
      ...rival,
      lead: lead.value,
      leadLow: lead.low,
      leadHigh: lead.high,
    })),
  };
}

export const saveJudgement = (folder: string, judgement: object): Promise<void> =>
  writeFileAtomic(join(folder, JUDGEMENT), Buffer.from(`${JSON.stringify(judgement)}\n`));
