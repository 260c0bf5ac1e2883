/** What a net learns from: what it sees of a state, the symmetries, minibatches, and games that depend on nothing else. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRules, position, randomOf, type Go, type State } from './go-modules.js';

const load = (name: string): Promise<unknown> =>
  import(new URL(`../../../labs/go/${name}.mjs`, import.meta.url).href);
const { PLANES, see, symmetriesOf, resultOf } = (await load('view')) as {
  PLANES: number;
  see(go: Go, state: State, komi: number, into: Float32Array, at: number): number;
  symmetriesOf(size: number): Int32Array[];
  resultOf(margin: number, points: number): number;
};
interface Column {
  readonly shape: number[];
  readonly values: Float32Array;
}
interface Played {
  readonly seen: Float32Array;
  readonly visits: Float32Array;
  readonly result: Float32Array;
  readonly owned: Float32Array;
  readonly moves: number;
  readonly margin: number;
  readonly komi: number;
}
const { minibatch } = (await load('learn')) as {
  minibatch(
    moves: [Played, number][],
    size: number,
    random: ReturnType<typeof randomOf>,
  ): { inputs: { state: Column }; targets: Record<'visits' | 'result' | 'owned', Column> };
};
const { playNumbers } = (await load('players')) as {
  playNumbers(job: object): Promise<unknown[]>;
};

const go = createRules(5);
const rows = ['.X.O.', 'XXOO.', '.XO..', 'XXO..', '.O...'];

/** The planes of a state as rows of a text a plane. */
function planesOf(state: State, komi: number): Float32Array[] {
  const seen = new Float32Array(PLANES * 25);
  see(go, state, komi, seen, 0);
  return Array.from({ length: PLANES }, (_, p) => seen.subarray(25 * p, 25 * p + 25));
}

test('the player sees its own stones first, liberties, allowed moves, and what it needs', () => {
  const state = position(go, rows, 'O');
  const [own, theirs, , , , , legal, needed, passes, ones] = planesOf(state, 20);
  const places = (plane: Float32Array) => [...plane].flatMap((v, i) => (v === 1 ? [i] : []));
  const stones = (stone: string) => [...rows.join('')].flatMap((s, i) => (s === stone ? [i] : []));
  assert.equal(places(own!), stones('O'));
  assert.equal(places(theirs!), stones('X'));
  assert.equal(
    places(legal!),
    Array.from({ length: 25 }, (_, i) => i).filter((i) => go.play(state, i)),
  );
  assert.is(needed![7], Math.fround(20 / 25), 'White is given what Black lacks');
  assert.is(planesOf({ ...state, turn: 0 }, 20)[7]![7], Math.fround(-20 / 25));
  assert.is(passes![0], 0);
  assert.is(planesOf(go.play(state, go.pass)!, 20)[8]![0], 1);
  assert.is(ones![24], 1);
});

test('groups with one liberty and with two are seen', () => {
  // Black's corner stone has one liberty, White's stones beside it have two and more.
  const state = position(go, ['XO...', '.....', '..OX.', '..XO.', '.....'], 'X');
  const [, , alone, , two, theirTwo] = planesOf(state, 20);
  assert.equal(
    [...alone!].flatMap((v, i) => (v ? [i] : [])),
    [0],
  );
  assert.ok(two![13], 'Black at 13 has the points 8 and 14');
  assert.ok(theirTwo![1], 'White at 1 has the points 2 and 6');
});

test('what is seen turns with the board, in all eight symmetries', () => {
  const symmetries = symmetriesOf(5);
  assert.is(new Set(symmetries.map((places) => places.join())).size, 8);
  const turn = (set: number, places: Int32Array) =>
    places.reduce((bits, from, to) => bits | (((set >> from) & 1) << to), 0);
  const state = position(go, rows, 'X');
  for (const places of symmetries) {
    const turned = {
      ...state,
      black: turn(state.black, places),
      white: turn(state.white, places),
    };
    const expected = planesOf(state, 10).map((plane) => [...places].map((from) => plane[from]));
    assert.equal(
      planesOf(turned, 10).map((plane) => [...plane]),
      expected,
    );
  }
});

test('results are 1 at most, mostly of who won, and rise with the margin', () => {
  assert.is(resultOf(0, 25), 0);
  assert.is(resultOf(25, 25), 1);
  assert.is(resultOf(-45, 25), -1);
  assert.ok(resultOf(1, 25) > 0.8 && resultOf(5, 25) > resultOf(1, 25));
});

const job = { kind: 'selfPlay', settings: { seed: 3, round: 1, visits: 6 } };

test('a game of self-play is the same alone and among others', async () => {
  const together = (await playNumbers({ ...job, numbers: [0, 1, 2, 3, 4] })) as Played[];
  const [alone] = (await playNumbers({ ...job, numbers: [3] })) as Played[];
  assert.equal(alone, together[3]);
  const again = (await playNumbers({
    ...job,
    settings: { ...job.settings, seed: 4 },
    numbers: [3],
  })) as Played[];
  assert.not.equal(again[0], alone);
});

test('a game teaches shares of visits, and to each player the result and the points as its own', async () => {
  const games = (await playNumbers({ ...job, numbers: [0, 1, 2, 3, 4, 5] })) as Played[];
  for (const { seen, visits, result, owned, margin } of games) {
    const count = result.length;
    assert.is(seen.length, count * PLANES * 25);
    const sums = Array.from({ length: count }, (_, n) =>
      visits.subarray(26 * n, 26 * n + 26).reduce((a, b) => a + b, 0),
    );
    // A third of the moves teach the policy.
    assert.ok(sums.every((sum) => sum === 0 || Math.abs(sum - 1) < 1e-5));
    const taught = sums.filter((sum) => sum > 0).length / count;
    assert.ok(count < 10 || (taught > 0.05 && taught < 0.8), `${taught}`);
    for (let n = 0; n < count; n++) {
      const points = owned.subarray(25 * n, 25 * n + 25).reduce((a, b) => a + b, 0);
      const isBlack = seen[n * PLANES * 25 + 7 * 25]! < 0;
      assert.is(points, isBlack ? margin : -margin);
    }
  }
});

test('minibatches hold moves of the games, turned alike in all that they have', async () => {
  const [game] = (await playNumbers({ ...job, numbers: [0] })) as Played[];
  const symmetries = symmetriesOf(5);
  const { inputs, targets } = minibatch([[game!, 2]], 20, randomOf(1));
  const row = (values: Float32Array, width: number, n: number) =>
    values.subarray(n * width, n * width + width);
  const used = new Set<number>();
  for (let n = 0; n < 20; n++) {
    const found = symmetries.findIndex((places) => {
      const turned = (from: Float32Array, to: Float32Array, at: number) =>
        places.every((place, i) => to[at + i] === from[at + place]);
      const [from, to] = [row(game!.seen, 250, 2), row(inputs.state.values, 250, n)];
      return (
        Array.from({ length: PLANES }, (_, p) => turned(from, to, 25 * p)).every(Boolean) &&
        turned(row(game!.visits, 26, 2), row(targets.visits.values, 26, n), 0) &&
        turned(row(game!.owned, 25, 2), row(targets.owned.values, 25, n), 0)
      );
    });
    assert.not.equal(found, -1, `sample ${n} is no turned board`);
    used.add(found);
    assert.is(targets.result.values[n], game!.result[2]);
  }
  assert.ok(used.size > 2, `${used.size} symmetries`);
});

test.run();
