/** Searches find what is plainly best; drawn numbers are those of the seed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createRules,
  position,
  randomOf,
  searchByPlayouts,
  searchWithNet,
  visitsOf,
  type Answer,
  type Asked,
  type Go,
  type State,
} from './go-modules.js';

const go = createRules(5);

/** A net that knows nothing: every move is as likely, every state is even. */
const unknowing = ({ state }: Asked): Answer => ({
  legal: go.legal(state),
  policy: new Float32Array(26).fill(1 / 26),
  value: 0,
});

/** Searches with a function in the place of the net. */
function search(
  rules: Go,
  state: State,
  options: object,
  judge: (asked: Asked) => Answer = unknowing,
) {
  const running = searchWithNet(rules, state, { random: randomOf(1), ...options });
  let step = running.next();
  let asked = 0;
  while (!step.done) {
    asked++;
    step = running.next(judge(step.value));
  }
  return { root: step.value, asked, counts: visitsOf(rules, step.value) };
}

// Black takes nine stones at point 4, or loses its own five there to White.
const race = ['OOOX.', 'OOOXX', 'OOOXX', 'XXX.X', '.X.XX'];

test('pure search takes what decides the game, for either player', () => {
  const rows = ['OOO.X', 'OOOXX', 'OOXX.', 'XXX.X', '.X.XX'];
  const black = position(go, rows, 'X');
  const settings = { playouts: 300, komi: 10 };
  assert.is(searchByPlayouts(go, black, { ...settings, random: randomOf(1) }), 3);
  const again = searchByPlayouts(go, black, { ...settings, random: randomOf(1) });
  assert.is(again, 3, 'the same seed gives the same move');
});

test('search with a net that knows nothing passes when that wins at once', () => {
  const ended = go.play(
    position(
      go,
      race.map((row) => row.replaceAll('O', '.')),
      'O',
    ),
    go.pass,
  )!;
  const { root, asked, counts } = search(go, ended, { visits: 200, komi: 10 });
  assert.is(counts.indexOf(Math.max(...counts)), go.pass);
  assert.ok(root.value / root.visits > 0.5, 'Black knows that the game is won');
  assert.is(root.visits, 200);
  assert.ok(asked < 200, 'the end of a game is counted, not judged');
});

test('a net’s chances and values lead the search', () => {
  const likely = search(go, go.start, { visits: 50, komi: 10 }, (asked) => ({
    ...unknowing(asked),
    policy: Float32Array.from({ length: 26 }, (_, move) => (move === 7 ? 0.9 : 0.1 / 25)),
  }));
  assert.is(likely.counts.indexOf(Math.max(...likely.counts)), 7);
  // Every state with a black stone at 3 is good for Black.
  const good = search(go, go.start, { visits: 400, komi: 10 }, (asked) => ({
    ...unknowing(asked),
    value: ((asked.state.black >> 3) & 1 ? 0.9 : -0.5) * (asked.state.turn === 0 ? 1 : -1),
  }));
  assert.is(good.counts.indexOf(Math.max(...good.counts)), 3);
});

test('noise moves visits, by the seed alone', () => {
  const counts = (seed: number, noise: number) => [
    ...search(go, go.start, { visits: 60, komi: 10, noise, random: randomOf(seed) }).counts,
  ];
  assert.equal(counts(1, 0.25), counts(1, 0.25));
  assert.not.equal(counts(1, 0.25), counts(2, 0.25));
  assert.equal(counts(1, 0), counts(2, 0));
});

test('random numbers are uniform, nearly normal, and chosen by weight', () => {
  const random = randomOf(7, 1);
  const uniform = Array.from({ length: 20_000 }, () => random.below(10));
  for (let digit = 0; digit < 10; digit++) {
    const share = uniform.filter((one) => one === digit).length / 2000;
    assert.ok(Math.abs(share - 1) < 0.1, `${digit}: ${share}`);
  }
  const normal = Array.from({ length: 20_000 }, () => random.normal());
  const mean = normal.reduce((a, b) => a + b) / 20_000;
  const square = normal.reduce((a, b) => a + b * b, 0) / 20_000;
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(square - 1) < 0.03, `${mean} ${square}`);
  const chosen = Array.from({ length: 8000 }, () => random.choose([0, 3, 0, 1]));
  assert.equal([...new Set(chosen)].toSorted(), [1, 3]);
  assert.ok(Math.abs(chosen.filter((one) => one === 1).length / 8000 - 0.75) < 0.02);
});

test.run();
