/** The figures of a text model on windows of a text, in words and as a record. */
import { exp, log } from '../base/arithmetic.js';
import type { IndexedDataset, TensorDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { bootstrap, meanOver, type Interval } from '../metrics/bootstrap.js';
import type { FollowedTokens, NgramLosses } from '../metrics/ngram-losses.js';
import type { TrainedModel } from '../trained/trained-model.js';

/** The tokens of windows, and what follows each. */
export const followed = (data: IndexedDataset): FollowedTokens => {
  const { inputs, targets } = samplesOf(data);
  return { tokens: inputs['input']!.values, next: targets['output']!.values };
};

/** A text model's figures on windows. */
export interface TextFigures {
  /** Mean loss for each next character, in nats, and where it would lie in other windows like these. */
  readonly loss: Interval;
  readonly accuracy: number;
  readonly windows: number;
  readonly characters: number;
  readonly name: string;
}

/** The figures of a model on windows. */
export async function textFigures(model: TrainedModel, data: TensorDataset): Promise<TextFigures> {
  const { losses, right } = await characterLosses(model, data);
  const { loss } = bootstrap(losses.length, { loss: meanOver(losses) });
  const characters = data.targets['output']!.values.length;
  return {
    loss,
    accuracy: right / characters,
    windows: losses.length,
    characters,
    name: data.name,
  };
}

/** `1.62 nats a character (95 % interval 1.58–1.66, perplexity 5.07, 2.34 bits)` */
export const figureWords = ({ loss: { value, low, high } }: TextFigures): string =>
  `${value.toFixed(3)} nats a character (95 % interval ${low.toFixed(3)}–${high.toFixed(3)}, perplexity ${exp(value).toFixed(2)}, ${bitsOf(value).toFixed(3)} bits)`;

/** `a bigram model 2.460, single characters 3.050` */
export const countedWords = ({ unigram, bigram }: NgramLosses): string =>
  `a bigram model ${bigram.toFixed(3)}, frequencies alone ${unigram.toFixed(3)}`;

/** The last line of a run that counting characters, or pairs of them, is as good as. */
export function textVerdict({ loss }: TextFigures, counted: NgramLosses): string | undefined {
  const isPairs = counted.bigram <= counted.unigram;
  const best = isPairs ? counted.bigram : counted.unigram;
  if (best > loss.value) return undefined;
  const name = isPairs ? 'a bigram model' : 'frequencies alone';
  return `the baseline is not beaten: ${name} is ${best < loss.value ? 'better' : 'as good'}, ${best.toFixed(3)} against ${loss.value.toFixed(3)}; more epochs or a longer text may help`;
}

/** The loss beside those of counting, as judgement.json holds it; each of them is one figure, without an interval. */
export function textJudgement({ loss, windows }: TextFigures, counted: NgramLosses): object {
  const baselines = [
    ['a bigram model', counted.bigram],
    ['frequencies alone', counted.unigram],
  ] as const;
  return {
    figure: 'loss',
    better: 'lower',
    samples: windows,
    ...loss,
    confidence: 0.95,
    baselines: baselines.map(([name, value]) => ({
      name,
      value,
      low: null,
      high: null,
      lead: value - loss.value,
    })),
  };
}

const bitsOf = (nats: number): number => nats / log(2);

/** The record of `--json`; `counted` is absent where no training text is known. */
export function textRecord(
  names: object,
  { loss, accuracy, windows, characters, name }: TextFigures,
  more: { readonly scored: string; readonly counted?: NgramLosses | undefined },
): object {
  const { scored, counted } = more;
  return {
    event: 'eval',
    ...names,
    data: name,
    loss: loss.value,
    interval: [loss.low, loss.high],
    perplexity: exp(loss.value),
    bitsPerCharacter: bitsOf(loss.value),
    accuracy,
    samples: windows,
    characters,
    scored,
    ...(counted ? { baselines: { bigram: counted.bigram, unigram: counted.unigram } } : {}),
  };
}

/** Windows that are scored together. */
const AT_ONCE = 256;

/** The smallest probability that a loss can come of, as the kernels have it. */
const LEAST = 1e-37;

/** Mean loss of each window in nats, and how many next characters were the likeliest. */
async function characterLosses(
  model: TrainedModel,
  { inputs, targets, vocabulary }: TensorDataset,
): Promise<{ losses: Float64Array; right: number }> {
  const { shape, values } = inputs['input']!;
  const next = targets['output']!.values;
  const [T, V] = [shape[0]!, vocabulary!.length];
  const windows = values.length / T;
  const losses = new Float64Array(windows);
  let right = 0;
  for (let first = 0; first < windows; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, windows - first);
    const { scores } = await model.predict(values.subarray(first * T, (first + count) * T), shape);
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let t = 0; t < T; t++) {
        const row = scores.subarray((i * T + t) * V, (i * T + t + 1) * V);
        const token = next[(first + i) * T + t]!;
        sum -= log(Math.max(LEAST, row[token]!));
        if (row.every((score) => score <= row[token]!)) right++;
      }
      losses[first + i] = sum / T;
    }
  }
  return { losses, right };
}
