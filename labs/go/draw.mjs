// Boards as pictures of 3×H×W bytes.

const CELL = 21;
const [BOARD, LINE, DARK, LIGHT, MARK] = [
  [222, 184, 124],
  [110, 84, 46],
  [24, 24, 24],
  [250, 250, 246],
  [214, 60, 40],
];

/** What a point of the board looks like, `dx` and `dy` pixels from its centre. */
function colourAt(go, state, point, dx, dy) {
  const bit = 1 << point;
  const far = dx * dx + dy * dy;
  if ((state.black | state.white) & bit && far <= 90) {
    if (point === state.last && far <= 10) return MARK;
    return state.black & bit ? DARK : LIGHT;
  }
  const inside = (place, step) => (step < 0 ? place > 0 : step > 0 ? place < go.size - 1 : true);
  const [row, column] = [Math.floor(point / go.size), point % go.size];
  const isLine = (dx === 0 && inside(row, dy)) || (dy === 0 && inside(column, dx));
  return isLine ? LINE : BOARD;
}

/** A board as an item of `images`; the last stone has a mark. */
function boardImage(go, state, label) {
  const side = go.size * CELL;
  const pixels = new Uint8Array(3 * side * side);
  const half = (CELL - 1) / 2;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const point = Math.floor(y / CELL) * go.size + Math.floor(x / CELL);
      const colour = colourAt(go, state, point, (x % CELL) - half, (y % CELL) - half);
      colour.forEach((value, c) => (pixels[(c * side + y) * side + x] = value));
    }
  return { pixels, shape: [3, side, side], label };
}

/** Boards of a game, up to `count` of them, evenly from its first stones to its end. */
export function gameImages(go, moves, count) {
  const states = [go.start];
  for (const move of moves) states.push(go.play(states.at(-1), move));
  const last = states.length - 1;
  const shown = Math.min(count, last);
  return Array.from({ length: shown }, (_, i) => {
    const at = Math.round(((i + 1) * last) / shown);
    return boardImage(go, states[at], at === last ? `end, ${at} moves` : `move ${at}`);
  });
}
