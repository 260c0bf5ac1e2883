/** One run of `train`, with its events brought into the page's form and pace. */
import {
  adam,
  confusionMatrix,
  momentum,
  sgd,
  train,
  type Dataset,
  type Metric,
  type Model,
  type TrainedModel,
  type Weights,
} from 'lanewise';
import type { CurvePoint, FromEngine, Progress, TrainChoice, Validation } from '../messages.js';
import { filtersOf } from './filters.js';
import type { Samples } from './samples.js';

/** Points of a run's curve, at most. */
const POINTS = 240;
/** Milliseconds between two pictures of the filters. */
const FILTERS_MS = 250;

const optimizers = { momentum, adam, sgd } as const;

export interface Run {
  pause(): void;
  resume(): void;
  /** Ends the run after the current steps; its model is kept. */
  stop(): void;
  readonly result: Promise<TrainedModel>;
}

export interface RunOptions {
  readonly tell: (message: FromEngine) => void;
  /** Called several times a second, before the run goes on. */
  readonly keep: (weights: Weights) => void;
  readonly weights?: Weights;
}

export function startRun(
  model: Model,
  choice: TrainChoice,
  { training, validation }: Samples,
  { tell, keep, weights }: RunOptions,
): Run {
  const controller = new AbortController();
  let paused: { promise: Promise<void>; end: () => void } | undefined;
  const { epochs, batch, learningRate: lr } = choice;
  const count = training.labels.length;
  const stepsPerEpoch = Math.ceil(count / Math.min(batch, count));
  const averager = createAverager(stepsPerEpoch, Math.ceil((stepsPerEpoch * epochs) / POINTS));
  let found: Pick<Validation, 'classes' | 'counts'> | undefined;
  let filtersAt = -Infinity;
  let [step, validatedAt] = [0, 0];
  let last: Progress | undefined;

  const start = async () => {
    const result = await train(
      model,
      {
        data: training,
        validation,
        validateEvery: { steps: Math.max(1, Math.round(stepsPerEpoch / 2)) },
        metrics: [confusionOf((matrix) => (found = matrix))],
        optimizer: optimizers[choice.optimizer]({ lr }),
        schedule: choice.schedule,
        epochs,
        batch: Math.min(batch, count),
        workers: choice.workers,
        seed: choice.seed,
        ...(weights ? { weights } : {}),
      },
      {
        signal: controller.signal,
        onStep(record) {
          ({ step } = record);
          averager.add(record);
        },
        onProgress({ epoch, imagesPerSecond, secondsLeft, samplesDone, samples, weights }) {
          const current = weights();
          keep(current);
          const isDue = performance.now() - filtersAt > FILTERS_MS;
          const filters = isDue ? filtersOf(model, current) : undefined;
          if (isDue) filtersAt = performance.now();
          const share = (epoch - 1 + samplesDone / samples) / epochs;
          last = { epoch, epochs, share, imagesPerSecond, secondsLeft };
          tell({
            kind: 'progress',
            progress: last,
            points: averager.take(),
            ...(filters ? { filters } : {}),
          });
          return paused?.promise;
        },
        onValidation({ step, valLoss, valAccuracy = 0 }) {
          validatedAt = step;
          tell({
            kind: 'validated',
            at: step / stepsPerEpoch,
            validation: {
              loss: valLoss,
              accuracy: valAccuracy,
              samples: validation.labels.length,
              ...found!,
            },
          });
        },
      },
    );
    const filters = filtersOf(model, result.model.weights);
    if (last) {
      tell({
        kind: 'progress',
        progress: { ...last, secondsLeft: 0 },
        points: averager.take(),
        ...(filters ? { filters } : {}),
      });
    }
    // The last figures shown are those of the final model.
    if (validatedAt !== step) {
      const scored = await validate(result.model, validation, choice.workers);
      tell({ kind: 'validated', at: step / stepsPerEpoch, validation: scored });
    }
    tell({
      kind: 'finished',
      isStopped: result.interrupted,
      seconds: result.seconds,
      sha256: await result.model.sha256(),
    });
    return result.model;
  };

  const resume = () => {
    paused?.end();
    paused = undefined;
  };
  return {
    pause() {
      let end = () => {};
      const promise = new Promise<void>((resolve) => (end = resolve));
      paused ??= { promise, end };
    },
    resume,
    stop() {
      controller.abort();
      resume();
    },
    result: start(),
  };
}

/** Scores a model that is not in training. */
export async function validate(
  trained: TrainedModel,
  data: Dataset,
  workers?: number,
): Promise<Validation> {
  const options = workers === undefined ? {} : { workers };
  const { loss, accuracy, predictions } = await trained.evaluate(data, options);
  const { classes, counts } = confusionMatrix(data.labels, predictions, data.classes);
  return { loss, accuracy, samples: data.labels.length, classes, counts };
}

/** A metric that is the accuracy and passes on the predictions, since the run has scored the samples already. */
const confusionOf = (use: (matrix: Pick<Validation, 'classes' | 'counts'>) => void): Metric => ({
  name: 'confusion',
  better: 'higher',
  of({ labels, predictions, data }) {
    const { classes, counts } = confusionMatrix(
      labels,
      predictions,
      'classes' in data && Array.isArray(data.classes) ? data.classes : [],
    );
    use({ classes, counts });
    return counts.reduce((right, row, i) => right + row[i]!, 0) / labels.length;
  },
});

/** Turns steps into points of a curve: means over `every` steps. */
function createAverager(stepsPerEpoch: number, every: number) {
  let points: CurvePoint[] = [];
  let [loss, accuracy, steps] = [0, 0, 0];
  return {
    add(record: { step: number; loss: number; accuracy?: number }) {
      loss += record.loss;
      accuracy += record.accuracy ?? 0;
      if (++steps < every) return;
      const at = record.step / stepsPerEpoch;
      points.push({ at, loss: loss / steps, accuracy: accuracy / steps });
      [loss, accuracy, steps] = [0, 0, 0];
    },
    take(): CurvePoint[] {
      const taken = points;
      points = [];
      return taken;
    },
  };
}
