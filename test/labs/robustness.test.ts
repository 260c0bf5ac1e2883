/** The labs of robustness and interpretability: what their figures have to be, and independent computations of them. */
// slow: trains nets, and attacks them
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type * as Lanewise from '../../src/index.js';
import { figureOf, labsFolder, runSmall } from '../support/lab.js';

/** The package as labs import it. */
const bundle = new URL('../../src/bundle/index.js', import.meta.url).href;
const lanewise = (await import(bundle)) as typeof Lanewise;
const { chain, digits, flatten, gradientsOf, linear, relu, sequential, subset, withWeights } =
  lanewise;

interface Attack {
  game(task: object, steps: number): Promise<Lanewise.Stepper>;
  batchOf(data: object, rows: number[], epsilon: number, random: object): never;
}
interface Explain {
  body: Lanewise.Layer;
  head: Lanewise.Layer;
  explainer(by: string, weights: Lanewise.Weights): Lanewise.TrainedModel;
}
const { game, batchOf } = (await import(`${labsFolder}robustness/attack.mjs`)) as Attack;
const { body, head, explainer } = (await import(`${labsFolder}robustness/explain.mjs`)) as Explain;
const random = { below: () => 0 };

test('an attack of one step is FGSM, as computed by gradientsOf', async () => {
  const net = chain({ flat: flatten(), l1: linear(784, 24), act: relu(), l2: linear(24, 10) });
  const rows = Array.from({ length: 50 }, (_, i) => i);
  const data = digits({ count: 500 });
  const task = { net, shape: [1, 28, 28], settings: { batch: 50, seed: 1 }, workers: 0 };
  const stepper = await game(task, 0);
  for (let i = 0; i < 40; i++)
    await stepper.step(
      batchOf(
        data,
        Array.from(rows, (row) => (row + 50 * i) % 500),
        0,
        random,
      ),
    );
  const weights = stepper.weights();
  const attack = await game(task, 1);
  attack.setWeights(weights);
  const plain = sequential({ net }, { input: [1, 28, 28] });
  const few = subset(data, rows);
  const { gradients } = await gradientsOf(plain, weights, few, {
    by: ['input'],
    mode: 'evaluation',
    numerics: 'strict',
  });
  const slope = gradients.get('input')!;
  const found: number[] = [];
  for (const epsilon of [0, 0.05, 0.1]) {
    const changed = Float32Array.from(few.samples, (byte, i) =>
      Math.min(1, Math.max(0, byte / 255 + epsilon * Math.sign(slope[i]!))),
    );
    const { classes } = await withWeights(plain, weights, { numerics: 'strict' }).predict(changed);
    const right = classes.filter((one, i) => one === few.labels[i]).length / 50;
    const { accuracy } = await attack.loss(batchOf(data, rows, epsilon, random));
    assert.ok(Math.abs(accuracy! - right) < 1e-6, `ε = ${epsilon}: ${accuracy} and ${right}`);
    found.push(right);
  }
  assert.ok(found[0]! > 0.6 && found[2]! < found[0]! - 0.2, `${found.join(' ')}`);
  await Promise.all([stepper.close(), attack.close()]);
});

test('training under attack helps against it, and without ε nothing is attacked', async () => {
  const result = await runSmall('adversarial-training', { workers: 0 });
  const [plain, robust] = ['plainly', 'under attack'].map((how) =>
    figureOf(result, `trained ${how}, PGD`),
  );
  assert.ok(robust! > plain! + 0.2, `${plain} and ${robust}`);
  const [picture] = result.pictures;
  assert.ok(picture?.kind === 'lines');
  const curve = (name: string) => picture.series.find((one) => one.name === name)!.y;
  for (const how of ['trained plainly', 'trained under attack']) {
    const [fgsm, pgd] = [curve(`${how}, FGSM`), curve(`${how}, PGD`)];
    assert.is(fgsm[0], pgd[0]);
    assert.is(fgsm[0], figureOf(result, `${how}, no attack`));
    assert.ok(pgd.at(-1)! < pgd[0]!);
  }
});

test('behind a mean over the plane Grad-CAM is the class activation map of Zhou et al. (2016)', async () => {
  const side = 56;
  const net = sequential({ net: chain({ body, head }) }, { input: [1, side, side] });
  const stepper = await lanewise.createStepper(net, { optimizer: lanewise.sgd({ lr: 0.1 }) });
  const weights = stepper.weights();
  await stepper.close();
  const image = Float32Array.from({ length: side * side }, (_, i) => ((i * 37) % 101) / 100);
  const cut = sequential({ net: chain({ body }) }, { input: [1, side, side] });
  const ofBody = new Map([...weights].filter(([name]) => name.includes('body')));
  const seen = withWeights(cut, ofBody, { loss: 'squaredError', numerics: 'strict' });
  const { scores: features } = await seen.predict(image);
  const label = 3;
  const rows = weights.get('net.head.out.weight')!;
  const expected = Array.from({ length: 49 }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < 32; k++) sum += (features[k * 49 + at]! * rows[label * 32 + k]!) / 49;
    return Math.max(0, sum);
  });
  const { scores } = await explainer('features', weights).predict({
    image: { shape: [1, side, side], values: image },
    label: { shape: [], values: Int32Array.of(label) },
  });
  assert.ok(expected.some((value) => value > 1e-5));
  expected.forEach((value, at) => assert.ok(Math.abs(value - scores[at]!) < 1e-6, `${at}`));
});

test('explanations point to the digit more than chance would', async () => {
  const result = await runSmall('attribution', { workers: 0 });
  assert.is(figureOf(result, 'share of the scene in the digit’s box'), 0.25);
  assert.ok(figureOf(result, 'share of occlusion in the box') > 0.4);
});

test('what excites a net is read by it and by another net, and a penalty makes it smooth', async () => {
  const result = await runSmall('feature-visualisation', { workers: 0 });
  // By chance another net reads a tenth.
  assert.ok(figureOf(result, 'images read by another net') >= 0.5);
  const [rough, smooth] = ['', ', smooth'].map((which) =>
    figureOf(result, `mean squared step to the next pixel${which}`),
  );
  assert.ok(smooth! < rough! / 2, `${rough} and ${smooth}`);
});

test('the error peaks where there are as many features as samples, and all labels are fitted', async () => {
  const result = await runSmall('double-descent', { workers: 0 });
  assert.is(figureOf(result, 'features for each sample at the peak'), 1);
  assert.is(figureOf(result, 'training error there'), 0);
  const peak = figureOf(result, 'test error at the peak');
  assert.ok(peak > figureOf(result, 'least test error before it') + 0.1);
  assert.ok(figureOf(result, 'test error with 640 features') < peak - 0.2);
  const regular = figureOf(result, 'highest test error from the peak on, regularised');
  assert.ok(regular < peak, 'a penalty takes the peak away');
});

test('random labels are learned by heart, take longer, and say nothing of others', async () => {
  const result = await runSmall('random-labels', { workers: 0 });
  const epochs = (name: string) => figureOf(result, `${name}, epochs to 99 %`);
  assert.ok(epochs('random labels') > epochs('true labels'));
  assert.ok(figureOf(result, 'true labels, test accuracy') > 0.6);
  // Chance is a tenth, and of 1,000 answers its deviation a hundredth.
  for (const name of ['random labels', 'random pixels'])
    assert.ok(Math.abs(figureOf(result, `${name}, test accuracy`) - 0.1) < 0.04, name);
});

test('doubt tells errors from right answers', async () => {
  const result = await runSmall('mc-dropout', { workers: 0 });
  const [all, kept] = [
    'accuracy of MC dropout',
    'accuracy of MC dropout on the 80 % that it doubts least',
  ];
  assert.ok(figureOf(result, kept) > figureOf(result, all) + 0.03);
  const turned = (how: string) => figureOf(result, `doubt of ${how} at 90°`);
  assert.ok(turned('MC dropout') > turned('one pass'));
});

test.run();
