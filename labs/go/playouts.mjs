// Pure search, without any net: UCT (Kocsis & Szepesvári 2006), whose leaves are judged by playing random moves to the end.
import { BLACK, count } from './rules.mjs';

/** ln n for n = 0 to 65535, from n to n + 1 by the series of the area hyperbolic tangent: the same bits in every engine. */
const logs = new Float64Array(65536);
for (let n = 2; n < logs.length; n++) {
  const x = 1 / (2 * n - 1);
  const y = x * x;
  logs[n] =
    logs[n - 1] + 2 * x * (1 + y * (1 / 3 + y * (1 / 5 + y * (1 / 7 + y * (1 / 9 + y / 11)))));
}

/** Points that a sensible player considers: empty ones that are no eyes of the player's. */
function candidates(go, state) {
  const found = [];
  const taken = state.black | state.white;
  for (let move = 0; move < go.points; move++)
    if (!(taken & (1 << move)) && !go.isEye(state, move)) found.push(move);
  return found;
}

/** The state after a random move that fills no eye, or after a pass where there is none. */
function randomMove(go, state, random) {
  let open = go.all & ~(state.black | state.white);
  while (open) {
    let bit = open;
    for (let skip = random.below(count(open)); skip > 0; skip--) bit &= bit - 1;
    bit &= -bit;
    open &= ~bit;
    const move = 31 - Math.clz32(bit);
    const next = go.isEye(state, move) ? undefined : go.play(state, move);
    if (next) return next;
  }
  return go.play(state, go.pass);
}

/** Plays random moves to the end, or to move number `most`, and returns Black's points minus White's there. */
export function playout(go, state, random, most) {
  let now = state;
  while (!go.isOver(now) && now.moves < most) now = randomMove(go, now, random);
  return go.score(now);
}

const leaf = (move) => ({ move, state: undefined, visits: 0, wins: 0, children: undefined });

/** A node's children in random order, without states: whether a move is allowed is found when it is first tried. */
function expand(go, node, random) {
  const moves = [...candidates(go, node.state), go.pass];
  node.children = [];
  while (moves.length > 0) {
    const at = random.below(moves.length);
    node.children.push(leaf(moves[at]));
    moves[at] = moves.at(-1);
    moves.pop();
  }
}

/** The child with the highest upper confidence bound; one that was never tried comes first. */
function highest(go, node, exploration) {
  const log = logs[node.visits];
  let [best, most] = [undefined, -Infinity];
  for (let i = 0; i < node.children.length; i++) {
    const child = node.children[i];
    if (child.visits === 0) {
      child.state = go.play(node.state, child.move);
      if (child.state) return child;
      node.children.splice(i--, 1);
      continue;
    }
    const bound = child.wins / child.visits + exploration * Math.sqrt(log / child.visits);
    if (bound > most) [best, most] = [child, bound];
  }
  return best;
}

/** The move that `playouts` games of random moves favour. */
export function searchByPlayouts(
  go,
  state,
  { playouts, komi, random, exploration = 0.4, most = 100 },
) {
  const root = { ...leaf(go.pass), state };
  for (let i = 0; i < playouts; i++) {
    const path = [root];
    let node = root;
    while (node.visits > 0 && !go.isOver(node.state) && node.state.moves < most) {
      if (!node.children) expand(go, node, random);
      node = highest(go, node, exploration);
      path.push(node);
    }
    const margin = playout(go, node.state, random, most + 20) - komi;
    const black = margin > 0 ? 1 : margin < 0 ? 0 : 0.5;
    for (const one of path) {
      one.visits++;
      // A node's wins are of the player who moved there.
      one.wins += one.state.turn === BLACK ? 1 - black : black;
    }
  }
  return root.children.reduce((best, one) => (one.visits > best.visits ? one : best)).move;
}
