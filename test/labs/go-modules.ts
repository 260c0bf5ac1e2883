/** The lab's modules of Go, with the types that the tests need. */
export interface State {
  readonly black: number;
  readonly white: number;
  readonly turn: number;
  readonly passes: number;
  readonly moves: number;
}
export interface Go {
  readonly size: number;
  readonly points: number;
  readonly pass: number;
  readonly start: State;
  play(state: State, move: number): State | undefined;
  legal(state: State): number;
  isOver(state: State): boolean;
  score(state: State): number;
  isEye(state: State, move: number): boolean;
  beside(set: number): number;
  connected(from: number, within: number): number;
}
export interface Random {
  next(): number;
  below(n: number): number;
  normal(): number;
  choose(weights: ArrayLike<number>): number;
}
export interface Asked {
  readonly state: State;
  readonly komi: number;
}
export interface Answer {
  readonly legal: number;
  readonly policy: ArrayLike<number>;
  readonly value: number;
}
export interface Node {
  readonly state: State;
  readonly visits: number;
  readonly value: number;
}

const load = (name: string): Promise<unknown> =>
  import(new URL(`../../../labs/go/${name}.mjs`, import.meta.url).href);

export const { createRules } = (await load('rules')) as { createRules(size: number): Go };
export const { randomOf } = (await load('random')) as { randomOf(...seeds: number[]): Random };
export const { searchByPlayouts } = (await load('playouts')) as {
  searchByPlayouts(go: Go, state: State, options: object): number;
};
export const { searchWithNet, visitsOf } = (await load('search')) as {
  searchWithNet(go: Go, state: State, options: object): Generator<Asked, Node, Answer>;
  visitsOf(go: Go, root: Node): Float64Array;
};

/** A state from rows of '.', 'X' and 'O', without history. */
export function position(go: Go, rows: readonly string[], turn: 'X' | 'O'): State {
  const text = rows.join('');
  const set = (stone: string) =>
    [...text].reduce((bits, one, point) => (one === stone ? bits | (1 << point) : bits), 0);
  return { ...go.start, black: set('X'), white: set('O'), turn: turn === 'X' ? 0 : 1 };
}

/** Rows of a state's board. */
export const rowsOf = (go: Go, { black, white }: State): string[] =>
  Array.from({ length: go.size }, (_, row) =>
    Array.from({ length: go.size }, (__, column) => {
      const bit = 1 << (row * go.size + column);
      return black & bit ? 'X' : white & bit ? 'O' : '.';
    }).join(''),
  );
