/** Go as plainly as it can be said: a board is an array, a group is found by walking, boards are compared as texts. */

export interface SlowGame {
  readonly size: number;
  /** '.', 'X' (Black) or 'O' (White), row by row. */
  readonly board: readonly string[];
  readonly turn: 'X' | 'O';
  readonly passes: number;
  /** All boards so far. */
  readonly seen: readonly string[];
}

export const slowStart = (size: number): SlowGame => {
  const board = Array.from({ length: size * size }, () => '.');
  return { size, board, turn: 'X', passes: 0, seen: [board.join('')] };
};

export function neighbours(size: number, point: number): number[] {
  const [row, column] = [Math.floor(point / size), point % size];
  return [
    [row - 1, column],
    [row + 1, column],
    [row, column - 1],
    [row, column + 1],
  ]
    .filter(([r, c]) => r! >= 0 && r! < size && c! >= 0 && c! < size)
    .map(([r, c]) => r! * size + c!);
}

/** The points of one content that are connected to a point, and what lies around them. */
function region(size: number, board: readonly string[], point: number) {
  const [inside, around] = [new Set([point]), new Set<string>()];
  for (const one of inside)
    for (const next of neighbours(size, one))
      if (board[next] === board[point]) inside.add(next);
      else around.add(board[next]!);
  return { inside, around };
}

/** The game after a move, or why the move is forbidden. */
export function slowPlay(game: SlowGame, move: number): SlowGame | string {
  const { size, turn } = game;
  const other = turn === 'X' ? 'O' : 'X';
  if (move === size * size) return { ...game, turn: other, passes: game.passes + 1 };
  if (game.board[move] !== '.') return 'taken';
  const board = [...game.board];
  board[move] = turn;
  const dead = board.flatMap((content, point) =>
    content === other && !region(size, board, point).around.has('.') ? [point] : [],
  );
  for (const point of dead) board[point] = '.';
  if (!region(size, board, move).around.has('.')) return 'suicide';
  if (game.seen.includes(board.join(''))) return 'superko';
  return { size, board, turn: other, passes: 0, seen: [...game.seen, board.join('')] };
}

/** Black's points minus White's. */
export function slowScore({ size, board }: SlowGame): number {
  const worth = (point: number): number => {
    if (board[point] !== '.') return board[point] === 'X' ? 1 : -1;
    const { around } = region(size, board, point);
    return Number(around.has('X')) - Number(around.has('O'));
  };
  return board.reduce((sum, _, point) => sum + worth(point), 0);
}
