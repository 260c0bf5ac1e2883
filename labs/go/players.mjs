// Threads that play games. A game depends on its number alone, never on the thread that plays it or on its neighbours.
import { Worker } from 'node:worker_threads';
import { loadQuantized } from 'lanewise/inference';
import { judgeBy, match, opening, playTogether, selfPlay, unknowing } from './games.mjs';
import { BLACK, createRules, WHITE } from './rules.mjs';

export const BATCH = 32;
const kinds = { selfPlay, match, opening };

/** Plays the games of these numbers, each with the settings and its number; `program` is the net's program file. */
export async function playNumbers({ program, kind, settings, numbers }) {
  const go = createRules(5);
  const judge = program ? judgeBy(go, await loadQuantized(program), BATCH) : unknowing(go);
  const games = numbers.map((game) => () => kinds[kind](go, { ...settings, game }));
  return playTogether(games, judge, 2 * BATCH);
}

/** `workers` threads, or none; `play` resolves to the results of games 0 to count − 1. */
export function createPlayers(workers) {
  const threads = Array.from(
    { length: workers },
    () => new Worker(new URL('./worker.mjs', import.meta.url)),
  );
  const ask = (thread, job) =>
    new Promise((resolve, reject) => {
      const end = (settle) => (value) => {
        thread.removeAllListeners('message');
        thread.removeAllListeners('error');
        settle(value);
      };
      thread.on('message', end(resolve)).on('error', end(reject));
      thread.postMessage(job);
    });
  return {
    async play(kind, program, settings, count) {
      const shares = Math.max(1, workers);
      const all = Array.from({ length: count }, (_, game) => game);
      const jobs = Array.from({ length: shares }, (_, s) =>
        all.filter((game) => game % shares === s),
      );
      const played = await Promise.all(
        jobs.map((numbers, s) => {
          const job = { program, kind, settings, numbers };
          return workers > 0 ? ask(threads[s], job) : playNumbers(job);
        }),
      );
      return all.map((game) => played[game % shares][Math.floor(game / shares)]);
    },
    close: () => Promise.all(threads.map((thread) => thread.terminate())),
  };
}

/** The share of a list's entries for which `test` is true. */
export const share = (list, test) => list.filter(test).length / list.length;

/** Plays `count` games against pure search with ten times the playouts, every other one as Black. */
export async function challenge(players, program, { seed, playVisits, komi }, count) {
  const settings = { seed, visits: playVisits, playouts: 10 * playVisits, komi };
  const games = await players.play('match', program, settings, count);
  const by = (colour) => games.filter((game) => game.colour === colour);
  return {
    games,
    all: share(games, ({ won }) => won),
    black: share(by(BLACK), ({ won }) => won),
    white: share(by(WHITE), ({ won }) => won),
  };
}
