// What a net sees of a state, how a game's end is valued, and the symmetries of the board.
import { BLACK } from './rules.mjs';

/** Own and the other's stones, of these the groups with one liberty and with two, allowed moves, komi, passes, and ones. */
export const PLANES = 10;

/** The eight symmetries of the board: for each, where every point of the turned board comes from. */
export const symmetriesOf = (size) =>
  Array.from({ length: 8 }, (_, s) =>
    Int32Array.from({ length: size * size }, (__, point) => {
      let [row, column] = [Math.floor(point / size), point % size];
      if (s & 1) row = size - 1 - row;
      if (s & 2) column = size - 1 - column;
      return s & 4 ? column * size + row : row * size + column;
    }),
  );

/** Writes what the player to move sees into `into` from `at` on: PLANES planes of the board, every value from −1 to 1. */
export function see(go, state, komi, into, at) {
  const { points } = go;
  const [own, theirs] =
    state.turn === BLACK ? [state.black, state.white] : [state.white, state.black];
  const planes = [own, theirs, 0, 0, 0, 0, go.legal(state)];
  const taken = own | theirs;
  [own, theirs].forEach((stones, colour) => {
    for (let left = stones; left;) {
      const group = go.connected(left & -left, stones);
      const liberties = go.beside(group) & ~taken;
      const rest = liberties & (liberties - 1);
      // One liberty, or two.
      if (!rest) planes[2 + colour] |= group;
      else if (!(rest & (rest - 1))) planes[4 + colour] |= group;
      left &= ~group;
    }
  });
  planes.forEach((set, p) => {
    for (let i = 0; i < points; i++) into[at + p * points + i] = (set >> i) & 1;
  });
  const needed = (state.turn === BLACK ? -komi : komi) / points;
  [needed, state.passes, 1].forEach((value, p) => {
    into.fill(value, at + (planes.length + p) * points, at + (planes.length + p + 1) * points);
  });
  return planes[6];
}

/** How good a game's end is for Black, from −1 to 1: mostly who won, a little by how much. */
export function resultOf(margin, points) {
  return 0.8 * Math.sign(margin) + (0.2 * Math.max(-points, Math.min(points, margin))) / points;
}
