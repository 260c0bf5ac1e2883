// Many games at once: each is a generator that yields the states it wants judged, and each batch has one of every game.
import { searchByPlayouts } from './playouts.mjs';
import { randomOf } from './random.mjs';
import { BLACK, WHITE } from './rules.mjs';
import { after, searchWithNet, visitsOf } from './search.mjs';
import { PLANES, resultOf, see } from './view.mjs';

/** Judges any number of states by the program file of a net, which was made for `batch` samples at once. */
export function judgeBy(go, program, batch) {
  const size = PLANES * go.points;
  const width = 2 * go.points + 2;
  let seen = new Float32Array(size);
  return (asked) => {
    // A full batch is faster than single samples: what is beyond the asked ones is not looked at.
    const rows = asked.length === 1 ? 1 : Math.ceil(asked.length / batch) * batch;
    if (seen.length < rows * size) seen = new Float32Array(rows * size);
    const legal = asked.map(({ state, komi }, i) => see(go, state, komi, seen, i * size));
    const { scores } = program.predict(seen.subarray(0, rows * size));
    return asked.map((_, i) => ({
      legal: legal[i],
      policy: scores.subarray(i * width, i * width + go.points + 1),
      value: scores[i * width + go.points + 1],
      owner: scores.subarray(i * width + go.points + 2, (i + 1) * width),
    }));
  };
}

/** What is said of states before there is a net: every move is as likely, and both players may win. */
export const unknowing = (go) => {
  const policy = new Float32Array(go.points + 1).fill(1 / (go.points + 1));
  return (asked) => asked.map(({ state }) => ({ legal: go.legal(state), policy, value: 0 }));
};

/** Runs generators to their ends, `batch` side by side; resolves to what they return, in their order. */
export function playTogether(games, judge, batch) {
  const results = games.map(() => undefined);
  const running = [];
  let next = 0;
  const advance = (slot, answer) => {
    const { done, value } = slot.game.next(answer);
    if (done) results[slot.at] = value;
    else slot.asked = value;
    return !done;
  };
  for (;;) {
    while (running.length < batch && next < games.length) {
      const slot = { at: next, game: games[next]() };
      next++;
      if (advance(slot)) running.push(slot);
    }
    if (running.length === 0) return results;
    const answers = judge(running.map((slot) => slot.asked));
    const still = running.filter((slot, i) => advance(slot, answers[i]));
    running.length = 0;
    running.push(...still);
  }
}

/** The komis of games for learning: between 17 and 24 White has to live and Black to take everything. */
const KOMIS = [20, 20, 20, 20, 20, 20, 10, 24];

/**
 * A game of the net with itself: for each move what it saw, how its search went, and how the game ended. A third of the
 * moves are searched with `visits` and noise, and teach the policy; the others are played after a fifth of that, so that
 * there are more games for the value (Wu 2019).
 */
export function* selfPlay(go, { seed, round, game, visits, most = 60 }) {
  const random = randomOf(seed, 1, round, game);
  const komi = KOMIS[random.below(KOMIS.length)];
  const records = [];
  let state = go.start;
  // Half of the games begin with a random stone, half of these with two: the net sees more than its favourite opening.
  for (let i = 0; i < 2 && random.below(2) === 0; i++)
    state = go.play(state, random.below(go.points)) ?? state;
  let root;
  while (!go.isOver(state) && state.moves < most) {
    const isLong = random.below(3) === 0;
    const effort = isLong ? { visits, noise: 0.25 } : { visits: Math.ceil(visits / 5) + 1 };
    root = yield* searchWithNet(go, state, { ...effort, komi, random, most, root });
    const counts = visitsOf(go, root);
    records.push({ state, counts, isLong, value: root.value / root.visits });
    const move = state.moves < 12 ? random.choose(counts) : highest(counts);
    state = go.play(state, move);
    root = after(root, move);
  }
  return sampled(go, records, state, komi);
}

/** The place of the highest number, the first of several. */
const highest = (counts) => counts.indexOf(counts.reduce((a, b) => Math.max(a, b)));

/** What the net is to learn from a game, as arrays with one row a move. */
function sampled(go, records, end, komi) {
  const { points } = go;
  const { black, white } = go.owned(end);
  const result = resultOf(go.score(end) - komi, points);
  const samples = {
    seen: new Float32Array(records.length * PLANES * points),
    visits: new Float32Array(records.length * (points + 1)),
    result: new Float32Array(records.length),
    owned: new Float32Array(records.length * points),
  };
  records.forEach(({ state, counts, isLong, value }, n) => {
    const sign = state.turn === BLACK ? 1 : -1;
    const all = counts.reduce((a, b) => a + b, 0);
    see(go, state, komi, samples.seen, n * PLANES * points);
    // Without visits there is nothing to learn for the policy.
    if (isLong)
      samples.visits.set(
        counts.map((v) => v / all),
        n * (points + 1),
      );
    samples.result[n] = (sign * result + value) / 2;
    for (let i = 0; i < points; i++)
      samples.owned[n * points + i] = sign * (((black >> i) & 1) - ((white >> i) & 1));
  });
  return { ...samples, moves: end.moves, margin: go.score(end), komi };
}

/**
 * A game of the net, with `visits` a move, against pure search with `playouts`, as Black in the games of even numbers;
 * returns the moves, Black's points minus White's, and whether the net won.
 */
export function* match(go, { seed, game, visits, playouts, komi, most = 100 }) {
  const [random, colour] = [randomOf(seed, 2, game), game % 2 === 0 ? BLACK : WHITE];
  let state = go.start;
  const moves = [];
  while (!go.isOver(state) && state.moves < most) {
    let move;
    if (state.turn === colour) {
      const counts = visitsOf(go, yield* searchWithNet(go, state, { visits, komi, random, most }));
      move = highest(counts);
    } else move = searchByPlayouts(go, state, { playouts, komi, random, most });
    moves.push(move);
    state = go.play(state, move);
  }
  const margin = go.score(state);
  return { moves, margin, colour, won: (colour === BLACK ? margin - komi : komi - margin) > 0 };
}

/** No game: how a search from the empty board spreads its visits, as shares. */
export function* opening(go, { seed, visits, komi }) {
  const counts = visitsOf(
    go,
    yield* searchWithNet(go, go.start, { visits, komi, random: randomOf(seed) }),
  );
  const all = counts.reduce((a, b) => a + b);
  return counts.map((one) => one / all);
}
