/** Classes are compared by name wherever two data sets, or one and a model, meet: mapped where they can be, else refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  arrays,
  confusionMatrix,
  decodeModel,
  encode,
  encodeModel,
  ensemble,
  inspectRun,
  linear,
  mlp,
  momentum,
  sequential,
  streamOf,
  train,
  trainEvents,
  withClasses,
  withTeacher,
  withWeights,
  type Dataset,
  type TensorDataset,
  type TrainedModel,
} from '../../src/index.js';
import { refusal } from '../support/refusal.js';

const grey: Readonly<Record<string, number>> = { ant: 40, bee: 128, cow: 220, dog: 90 };

/** Pictures of 8×8 whose brightness is their class. */
function pictures(classes: readonly string[], each: number, names = classes): Dataset {
  const n = classes.length * each;
  const labels = Uint8Array.from({ length: n }, (_, i) => i % classes.length);
  const samples = Uint8Array.from({ length: n * 64 }, (_, p) => {
    const i = Math.floor(p / 64);
    return grey[classes[labels[i]!]!]! + ((p * 7919 + i * 104729) % 41) - 20;
  });
  return { name: names.join('+'), shape: [1, 8, 8], classes: names, samples, labels };
}

const data = pictures(['ant', 'bee', 'cow'], 30);
const few = pictures(['ant', 'cow'], 6);
const settings = {
  data,
  optimizer: momentum({ lr: 0.05 }),
  epochs: 30,
  numerics: 'strict',
  workers: 0,
} as const;

let trained: TrainedModel;
test.before(async () => {
  ({ model: trained } = await train(mlp({ size: 8, classes: 3 }), settings));
});

/** Accuracy counted by the names of what is predicted. */
async function byName(model: TrainedModel, on: Dataset): Promise<number> {
  const { classes } = await model.predict(on.samples, on.shape);
  const right = on.labels.filter((label, i) => on.classes[label] === data.classes[classes[i]!]);
  return right.length / on.labels.length;
}

test('validation without one of the classes is scored by names, and does not change the weights', async () => {
  for (const keepBest of [undefined, { monitor: 'valAccuracy' }] as const) {
    const { model, history, best } = await train(mlp({ size: 8, classes: 3 }), {
      ...settings,
      validation: few,
      ...(keepBest ? { keepBest } : {}),
    });
    assert.is(await byName(model, few), 1);
    assert.is((await model.evaluate(few, { workers: 0 })).accuracy, 1);
    assert.is(history.at(-1)!.valAccuracy, 1);
    if (keepBest) assert.is(best!.value, 1);
    else assert.is(await model.sha256(), await trained.sha256());
  }
});

test('other orders and parts are mapped, in a model that comes from a file too', async () => {
  const model = decodeModel(encodeModel(trained), 'm');
  for (const classes of [['cow', 'ant', 'bee'], ['cow', 'bee'], ['bee'], ['ant', 'bee', 'cow']]) {
    const on = pictures(classes, 4);
    const summary = await model.evaluate(on, { workers: 0 });
    assert.is(summary.accuracy, 1, classes.join());
    assert.is(summary.accuracy, await byName(model, on));
    const known = withClasses(on, model.classes!);
    assert.is(known.samples, on.samples, 'samples are not copied');
    const matrix = confusionMatrix(known.labels, summary.predictions, known.classes);
    assert.equal(matrix.classes, ['ant', 'bee', 'cow']);
    assert.equal(
      matrix.counts.map((row, c) => row[c]),
      data.classes.map((name) => (classes.includes(name) ? 4 : 0)),
    );
    const seen = await inspectRun(model, on, { workers: 0 });
    assert.is(seen.accuracy, 1);
    assert.equal(
      seen.classes!.map(({ name }) => name),
      ['ant', 'bee', 'cow'],
    );
  }
  // A class that no sample is of is no difference.
  const more = { ...few, classes: ['ant', 'cow', 'emu'] };
  assert.is((await model.evaluate(more, { workers: 0 })).accuracy, 1);
});

test('data with the same names is the same object, with the names of numbers that are fewer the same labels', () => {
  assert.is(withClasses(data, data.classes), data);
  const digits = { ...few, classes: ['0', '1'] };
  const known = withClasses(digits, ['0', '1', '2', '3']);
  assert.is(known.labels, digits.labels);
  assert.equal(known.classes.length, 4);
});

test('samples of other classes are refused, with the difference of both lists', async () => {
  const other = pictures(['ant', 'dog'], 3);
  // Where it is refused, no folder is made.
  const folder = join(tmpdir(), 'lanewise-never-made');
  const of = (run: () => unknown) => refusal(run);
  const wanted =
    /data set 'ant\+dog' has 3 samples of classes that (the model|data set 'ant\+bee\+cow') does not know: 'dog'; (the model|data set 'ant\+bee\+cow') has besides: 'bee', 'cow'/;
  assert.match(await of(() => trained.evaluate(other)), wanted);
  assert.match(await of(() => inspectRun(trained, other)), wanted);
  assert.match(await of(() => ensemble([trained]).evaluate(other)), wanted);
  assert.match(
    await of(() => train(mlp({ size: 8, classes: 3 }), { ...settings, validation: other })),
    wanted,
  );
  assert.match(
    await of(() =>
      trainEvents(mlp({ size: 8, classes: 3 }), settings, { folder, test: other }).next(),
    ),
    wanted,
  );
  assert.match(await of(() => withTeacher(trained, other)), /the teacher does not know: 'dog'/);
  const renamed = pictures(['ant', 'cow'], 3, ['Ant', 'cow ']);
  assert.match(
    await of(() => trained.evaluate(renamed)),
    /names are compared letter by letter: 'Ant' is not 'ant'/,
  );
  const numbers = pictures(['ant', 'cow'], 3, ['0', '1']);
  assert.match(
    await of(() => trained.evaluate(numbers)),
    /are numbers: if they are the same classes, name them as the others, classes: \['ant', 'bee', 'cow', …\]/,
  );
  const twice = pictures(['cow', 'cow'], 3);
  assert.match(await of(() => trained.evaluate(twice)), /has two classes 'cow'/);
});

test('streams are mapped as they come', async () => {
  const stream = (on: Dataset) =>
    streamOf({
      name: 'stream',
      shape: [1, 8, 8],
      classes: on.classes,
      length: on.labels.length,
      type: 'uint8',
      async *open() {
        for (const [i, label] of on.labels.entries())
          yield { values: on.samples.subarray(i * 64, i * 64 + 64) as Uint8Array, label };
      },
    });
  assert.is(
    (await trained.evaluate(stream(pictures(['cow', 'bee'], 5)), { workers: 0 })).accuracy,
    1,
  );
  const wrong = await refusal(() =>
    trained.evaluate(stream(pictures(['ant', 'dog'], 5)), { workers: 0 }),
  );
  assert.match(wrong, /has a sample of classes that the model does not know: 'dog'/);
  assert.match(
    await refusal(() => trained.evaluate(stream(pictures(['dog'], 5)))),
    /does not know: 'dog'/,
  );
});

test('targets of arrays have names, one list or one each', async () => {
  const rows = (labels: readonly string[], at: Readonly<Record<string, number>>) =>
    arrays({ samples: labels.map((name) => [at[name]!, 1]), labels }) as TensorDataset;
  const at = { low: -3, mid: 0, high: 3 };
  const all = rows(
    Array.from({ length: 60 }, (_, i) => ['low', 'mid', 'high'][i % 3]!),
    at,
  );
  assert.equal(all.classes, ['high', 'low', 'mid']);
  const part = rows(['mid', 'low', 'mid', 'low'], at);
  assert.equal(part.classes, ['low', 'mid']);
  const model = sequential([linear(2, 3)], { input: [2] });
  const { model: learned, history } = await train(model, {
    ...settings,
    data: all,
    validation: part,
    optimizer: momentum({ lr: 0.2 }),
  });
  assert.is(history.at(-1)!.valAccuracy, 1);
  assert.is((await learned.evaluate(part, { workers: 0 })).accuracy, 1);

  const several: TensorDataset = {
    name: 'two',
    inputs: part.inputs,
    targets: { output: part.targets['output']!, place: part.targets['output']! },
    classes: { output: ['low', 'mid'], place: ['x', 'y'] },
  };
  const mapped = withClasses(several, { output: ['high', 'low', 'mid'], place: ['y', 'x'] });
  assert.equal([...mapped.targets['output']!.values], [2, 1, 2, 1]);
  assert.equal([...mapped.targets['place']!.values], [0, 1, 0, 1]);
  assert.equal(mapped.classes, { output: ['high', 'low', 'mid'], place: ['y', 'x'] });
  // What stands for no class of either, as a loss is told to ignore, stays.
  const ignored = { shape: [], values: Int32Array.of(0, -100, 1, 7) };
  const padded = { ...part, targets: { output: ignored } };
  assert.equal(
    [...withClasses(padded, ['high', 'low', 'mid']).targets['output']!.values],
    [1, -100, 2, 7],
  );
});

test('an ensemble puts scores into one order, and refuses models of other classes', async () => {
  const turned = withClasses(data, ['cow', 'ant', 'bee']);
  const { model: other } = await train(mlp({ size: 8, classes: 3 }), { ...settings, data: turned });
  const both = ensemble([trained, other]);
  assert.is((await both.evaluate(few, { workers: 0 })).accuracy, 1);
  const { scores, classes } = await both.predict(few.samples, few.shape);
  assert.is(
    await byName({ ...trained, predict: () => both.predict(few.samples, few.shape) }, few),
    1,
  );
  const [one, two] = await Promise.all(
    [trained, other].map((model) => model.predict(few.samples, few.shape)),
  );
  assert.is(scores[0], Math.fround((one!.scores[0]! + two!.scores[1]!) / 2));
  assert.is(classes.length, 12);
  const withNames = (names: string[]) =>
    withWeights(trained.model, trained.weights, { loss: 'meanSquaredError', classes: names });
  assert.match(
    await refusal(() =>
      ensemble([withNames(['ant', 'bee', 'cow']), withNames(['ant', 'bee', 'dog'])]),
    ),
    /model 2 has class 'dog', the first has none of that name/,
  );
  assert.match(
    await refusal(() => ensemble([withNames(['ant', 'bee', 'cow']), withNames(['ant', 'bee'])])),
    /model 2 has no class 'cow', the first has one/,
  );
});

test('features keep the names of their own classes, a teacher’s targets take its', async () => {
  const features = await encode(trained, few, { workers: 0 });
  assert.equal(features.classes, ['ant', 'cow']);
  const taught = await withTeacher(trained, few, { workers: 0 });
  assert.equal(taught.classes, data.classes);
  assert.equal([...taught.targets['output']!.values], [0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2]);
});

test.run();
