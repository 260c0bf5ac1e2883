// The rules of Go on boards of up to 5×5 points: captures, no suicide, positional superko (no move may bring back a board
// that was there before), two passes end the game, and area scoring. A set of points is an integer with a bit a point, row
// by row, so that a whole board is two integers and a group is found by a few shifts.

export const [BLACK, WHITE] = [0, 1];

/** How many bits are set. */
export function count(set) {
  let [left, bits] = [set, 0];
  for (; left; left &= left - 1) bits++;
  return bits;
}

/** The rules for a board of `size`×`size` points; a move is the number of a point, or `pass`. */
export function createRules(size) {
  const points = size * size;
  const all = 2 ** points - 1;
  let leftmost = 0;
  for (let row = 0; row < size; row++) leftmost |= 1 << (row * size);
  const notLeft = all & ~leftmost;
  const notRight = all & ~(leftmost << (size - 1));
  const pass = points;

  /** The points beside those of a set; some may be in it. */
  const beside = (set) =>
    (((set & notRight) << 1) | ((set & notLeft) >> 1) | (set << size) | (set >> size)) & all;

  /** The points of `within` that are connected to `from`, which is in it. */
  function connected(from, within) {
    let [group, grown] = [0, from];
    while (grown !== group) {
      group = grown;
      grown = (group | beside(group)) & within;
    }
    return group;
  }

  /** Whether a board was there before: `now` is a game's state, which knows those before it. */
  function wasThere(black, white, now) {
    for (let one = now; one; one = one.before)
      if (one.black === black && one.white === white) return true;
    return false;
  }

  /** The stones of `theirs` beside `bit` that have no liberty when the points of `taken` are occupied. */
  function captured(bit, theirs, taken) {
    let dead = 0;
    for (let near = beside(bit) & theirs; near;) {
      const group = connected(near & -near, theirs);
      if (!(beside(group) & ~taken)) dead |= group;
      near &= ~group;
    }
    return dead;
  }

  /** The state after a move, or undefined if the rules forbid it. A state is never changed. */
  function play(state, move) {
    const { black, white, turn, passes, moves, captures } = state;
    const after = {
      black,
      white,
      turn: 1 - turn,
      passes: 0,
      moves: moves + 1,
      last: move,
      captures,
      before: state,
    };
    if (move === pass) {
      after.passes = passes + 1;
      return after;
    }
    const bit = 1 << move;
    if ((black | white) & bit) return undefined;
    const own = (turn === BLACK ? black : white) | bit;
    const theirs = turn === BLACK ? white : black;
    const dead = captured(bit, theirs, own | theirs);
    if (!dead && !(beside(connected(bit, own)) & ~(own | theirs))) return undefined;
    after.black = turn === BLACK ? own : theirs & ~dead;
    after.white = turn === BLACK ? theirs & ~dead : own;
    after.captures ||= dead !== 0;
    // Until stones are captured each board has more of them than the one before.
    return after.captures && wasThere(after.black, after.white, state) ? undefined : after;
  }

  /** Each player's points: stones, and empty points that are connected to stones of that colour only. */
  function owned({ black, white }) {
    const empty = all & ~(black | white);
    const reach = (stones) => connected(beside(stones) & empty, empty);
    const [byBlack, byWhite] = [reach(black), reach(white)];
    return { black: black | (byBlack & ~byWhite), white: white | (byWhite & ~byBlack) };
  }

  /** Of each point: those beside it, and those beside two of these. */
  const around = Array.from({ length: points }, (_, move) => {
    const sides = beside(1 << move);
    let corners = 0;
    for (let other = 0; other < points; other++)
      if (other !== move && count(beside(1 << other) & sides) === 2) corners |= 1 << other;
    return { sides, corners };
  });

  const start = {
    black: 0,
    white: 0,
    turn: BLACK,
    passes: 0,
    moves: 0,
    last: pass,
    captures: false,
    before: undefined,
  };

  return {
    size,
    points,
    all,
    pass,
    beside,
    connected,
    play,
    owned,
    start,
    isOver: ({ passes }) => passes >= 2,
    /** The set of points where the player may put a stone; passing is always allowed. */
    legal(state) {
      let set = 0;
      for (let move = 0; move < points; move++) if (play(state, move)) set |= 1 << move;
      return set;
    },
    score(state) {
      const { black, white } = owned(state);
      return count(black) - count(white);
    },
    /** Whether a point is the player's eye: all beside it is the player's, and not too many corners are the other's. */
    isEye({ black, white, turn }, move) {
      const [own, theirs] = turn === BLACK ? [black, white] : [white, black];
      const { sides, corners } = around[move];
      if (sides & ~own) return false;
      return count(corners & theirs) <= (count(corners) === 4 ? 1 : 0);
    },
  };
}
