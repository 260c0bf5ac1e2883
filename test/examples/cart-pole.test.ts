/** The example learns to balance the pole, to the same bits with any number of workers, by the dynamics of the paper. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Stepper } from '../../src/train/stepper.js';
import { assertClose } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Update {
  readonly update: number;
  readonly episodes: number;
  readonly lasting: number;
  readonly stepper: Stepper;
}
type State = [x: number, speed: number, angle: number, turn: number];

const file = new URL('../../../examples/cart-pole.mjs', import.meta.url).href;
const { learn, push } = (await import(file)) as {
  learn(options: object): AsyncGenerator<Update>;
  push(state: State, action: number): State;
};

test('a push moves cart and pole as the equations say', () => {
  const draws = numbers(400, 3);
  for (let i = 0; i < 400; i += 4) {
    const [x, v, a, w] = [2.4, 3, 0.25, 3].map((most, k) => most * draws[i + k]!) as State;
    for (const action of [0, 1]) {
      const force = action ? 10 : -10;
      const [m, mp, l, g, dt] = [1.1, 0.1, 0.5, 9.8, 0.02];
      const inner = (-force - mp * l * w * w * Math.sin(a)) / m;
      const spin =
        (g * Math.sin(a) + Math.cos(a) * inner) / (l * (4 / 3 - (mp * Math.cos(a) ** 2) / m));
      const pull = (force + mp * l * (w * w * Math.sin(a) - spin * Math.cos(a))) / m;
      const expected = [x + dt * v, v + dt * pull, a + dt * w, w + dt * spin];
      assertClose(push([x, v, a, w], action), expected, 1e-8, `push ${action} of ${[x, v, a, w]}`);
    }
  }
});

test('episodes of some 20 steps become longer than 195', async () => {
  let first = Infinity;
  let last: Update | undefined;
  for await (last of learn({ workers: 0 }))
    if (last.episodes >= 100) first = Math.min(first, last.lasting);
  assert.ok(first < 25, `it begins with ${first}`);
  assert.ok(last!.lasting >= 195, `it ends with ${last!.lasting}`);
  assert.ok(last!.update < 200, `after ${last!.update} updates`);
});

test('the weights have the same bits with any number of workers', async () => {
  const hashes = [];
  for (const workers of [0, 1, 2]) {
    for await (const { update, stepper } of learn({ workers, updates: 12 }))
      if (update === 12) hashes.push(await (await stepper.model()).sha256());
  }
  const recorded = '8c968a42463411be2f9a840a68cd9e223cc7bd82c3ebaeab4ea6fd6d2d8cb2ea';
  assert.equal(hashes, [recorded, recorded, recorded]);
});

test.run();
