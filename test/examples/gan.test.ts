/** The example's two nets learn from one another: images that become the digits asked for, and a judge that is not beaten. */
// slow: two nets play 160 rounds
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import type { Stepper } from '../../src/train/stepper.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';

interface Round {
  readonly round: number;
  readonly judge: number;
  readonly forger: number;
  readonly forgers: Stepper;
}
type Random = () => number;

const file = new URL('../../../examples/gan.mjs', import.meta.url).href;
const { draw, play, randomNumbers, readable } = (await import(file)) as {
  draw(by: Stepper | TrainedModel, digits: number[], random: Random): Promise<Uint8Array>;
  play(options: object): AsyncGenerator<Round>;
  randomNumbers(seed: number): Random;
  readable(images: Uint8Array, digits: number[]): Promise<number>;
};

const hundred = Array.from({ length: 100 }, (_, i) => i % 10);

/** Mean of all pixels, and their deviation from image to image. */
function statisticsOf(images: Uint8Array): { readonly ink: number; readonly variety: number } {
  const count = images.length / 784;
  let [ink, variety] = [0, 0];
  for (let p = 0; p < 784; p++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const value = images[i * 784 + p]!;
      sum += value;
      squares += value * value;
    }
    ink += sum / count / 784;
    variety += Math.sqrt(squares / count - (sum / count) ** 2) / 784;
  }
  return { ink, variety };
}

test('the forger’s images come to be the digits asked for, and the judge still tells them', async () => {
  const data = statisticsOf(digits({ count: 1000 }).samples as Uint8Array);
  const seen = new Map<number, Uint8Array>();
  const losses: number[] = [];
  for await (const { round, judge, forger, forgers } of play({ rounds: 160, count: 2000 })) {
    assert.ok(Number.isFinite(forger), `the forger's loss of round ${round} is ${forger}`);
    losses.push(judge);
    if (round === 1 || round === 80 || round === 160)
      seen.set(round, await draw(await forgers.model(), hundred, randomNumbers(7)));
  }
  const [first, middle, last] = [1, 80, 160].map((round) => statisticsOf(seen.get(round)!));
  // Grey without a form, then one form a digit, then many.
  assert.ok(first!.ink > 3 * data.ink, `${first!.ink} of ${data.ink}`);
  assert.ok(
    last!.ink > 0.8 * data.ink && last!.ink < 1.2 * data.ink,
    `${last!.ink} of ${data.ink}`,
  );
  assert.ok(last!.variety > 0.6 * data.variety, `${last!.variety} of ${data.variety}`);
  assert.ok(last!.variety > 1.3 * middle!.variety, `${last!.variety} after ${middle!.variety}`);
  assert.ok((await readable(seen.get(1)!, hundred)) <= 20);
  assert.ok((await readable(seen.get(160)!, hundred)) >= 90);
  // A judge that guesses has ln 2, one that is always right 0: then nobody learns any more.
  const late = losses.slice(-40).reduce((sum, loss) => sum + loss, 0) / 40;
  assert.ok(late > 0.02 && late < Math.log(2), `the judge's loss is ${late}`);
});

test('both have the same bits with any number of workers', async () => {
  const hashes = new Set<string>();
  for (const workers of [0, 1, 2]) {
    for await (const { round, forgers } of play({ rounds: 3, count: 200, workers }))
      if (round === 3) hashes.add(await (await forgers.model()).sha256());
  }
  assert.is(hashes.size, 1);
});

test.run();
