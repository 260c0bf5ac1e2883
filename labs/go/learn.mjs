// Learning from self-play: rounds of games, and of steps on the moves of the latest of them.
import { adamW, createStepper, ema } from 'lanewise';
import { encodeQuantized, quantize } from 'lanewise/quantize';
import { goLoss, goNet } from './net.mjs';
import { BATCH } from './players.mjs';
import { randomOf } from './random.mjs';
import { PLANES, symmetriesOf } from './view.mjs';

const [SIZE, POINTS] = [5, 25];
const symmetries = symmetriesOf(SIZE);
const shapes = { seen: [PLANES, SIZE, SIZE], visits: [POINTS + 1], result: [], owned: [POINTS] };
const fields = Object.keys(shapes);
const sizeOf = (shape) => shape.reduce((size, extent) => size * extent, 1);

/** Copies a row of numbers; those of whole boards are turned, what else there is has no place on the board. */
function copyTurned(from, row, to, n, width, places) {
  const boards = width - (width % POINTS);
  for (let i = 0; i < width; i++) {
    const at = i < boards ? i - (i % POINTS) + places[i % POINTS] : i;
    to[n * width + i] = from[row * width + at];
  }
}

/** All moves of games: each a game and a row of its arrays. */
const movesOf = (games) =>
  games.flatMap((game) => Array.from(game.result, (_, row) => [game, row]));

/** Empty columns for `size` moves. */
const columnsFor = (size) =>
  Object.fromEntries(
    fields.map((name) => {
      const values = new Float32Array(size * sizeOf(shapes[name]));
      return [name, { shape: shapes[name], values }];
    }),
  );
const asBatch = ({ seen, ...targets }) => ({ name: 'moves', inputs: { state: seen }, targets });

/** A minibatch of moves that are drawn at random, each turned or mirrored at random. */
export function minibatch(moves, size, random) {
  const columns = columnsFor(size);
  for (let n = 0; n < size; n++) {
    const [game, row] = moves[random.below(moves.length)];
    const places = symmetries[random.below(8)];
    for (const name of fields)
      copyTurned(game[name], row, columns[name].values, n, sizeOf(shapes[name]), places);
  }
  return asBatch(columns);
}

/** A net in integers, as a program file: searches ask it, for it answers several times faster than one in floats. */
const inIntegers = async (model, samples) =>
  encodeQuantized(await quantize(model, samples, { samples: 512, batch: BATCH }));

/**
 * Trains a net on games that it plays with itself; yields after each round the net's program file, the games and the
 * mean loss. `settings` are those of the lab. The games of the first round are played without a net.
 */
export async function* learnGo(settings, { players, workers }) {
  const { seed, channels, blocks, rounds, games, steps, visits, lr, batch, window } = settings;
  const stepper = await createStepper(goNet({ channels, blocks }), {
    loss: goLoss,
    optimizer: adamW({ lr, weightDecay: 1e-4 }),
    average: ema({ decay: 0.99 }),
    numerics: 'strict',
    seed,
    batch,
    workers,
  });
  let program;
  let kept = [];
  for (let round = 1; round <= rounds; round++) {
    const played = await players.play('selfPlay', program, { seed, round, visits }, games);
    // The window grows with the rounds, so that the games of a net that knew nothing are soon forgotten.
    kept = [...kept, ...played].slice(-games * Math.min(window, 2 + Math.floor(round / 2)));
    const [moves, random] = [movesOf(kept), randomOf(seed, 3, round)];
    const factor = round > 0.85 * rounds ? 0.1 : round > 0.6 * rounds ? 0.3 : 1;
    let loss = 0;
    for (let i = 0; i < steps; i++)
      loss += (await stepper.step(minibatch(moves, batch, random), { lr: lr * factor })).loss;
    program = await inIntegers(await stepper.model(), minibatch(movesOf(played), 512, random));
    yield { round, loss: loss / steps, played, program };
  }
  await stepper.close();
}
