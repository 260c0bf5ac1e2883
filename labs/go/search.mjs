// Monte-Carlo tree search with a net (AlphaZero: Silver et al. 2018). A search is a generator: it yields each state that
// the net has to judge and is given the answer, so that many games can wait for one batch.
import { BLACK } from './rules.mjs';
import { resultOf } from './view.mjs';

/** A node; `value` is the sum of the results of its visits for the player who moves there. */
const nodeOf = (state) => ({
  state,
  visits: 0,
  value: 0,
  moves: undefined,
  priors: undefined,
  children: undefined,
});

/** Gives a node its legal moves, with the net's chances for them. */
function expand(go, node, legal, policy) {
  const moves = [];
  for (let move = 0; move < go.points; move++) if (legal & (1 << move)) moves.push(move);
  moves.push(go.pass);
  let sum = 0;
  for (const move of moves) sum += policy[move] + 1e-6;
  node.moves = moves;
  node.priors = moves.map((move) => (policy[move] + 1e-6) / sum);
  node.children = moves.map(() => undefined);
}

/** The place of the child with the best value plus a bonus for what is likely and little visited (PUCT; Rosin 2011). */
function choose(node, exploration) {
  const scale = exploration * Math.sqrt(node.visits);
  // A move without a visit counts somewhat less than the node itself.
  const unknown = node.value / node.visits - 0.2;
  let [best, most] = [0, -Infinity];
  for (let i = 0; i < node.moves.length; i++) {
    const child = node.children[i];
    const visits = child ? child.visits : 0;
    const worth = visits > 0 ? -child.value / visits : unknown;
    const bound = worth + (scale * node.priors[i]) / (1 + visits);
    if (bound > most) [best, most] = [i, bound];
  }
  return best;
}

/** Dirichlet noise of concentration ½ on the root's chances: squares of normal numbers, divided by their sum. */
function addNoise(root, share, random) {
  const noise = root.moves.map(() => random.normal() ** 2);
  const sum = noise.reduce((a, b) => a + b, 0);
  root.priors = root.priors.map((p, i) => (1 - share) * p + (share * noise[i]) / sum);
}

/** Searches from a state until its node has `visits`; returns the node. `root` is that of an earlier search, if any. */
export function* searchWithNet(
  go,
  state,
  { visits, komi, random, noise = 0, exploration = 1.5, most = 100, root },
) {
  const top = root ?? nodeOf(state);
  const isEnd = (at) => go.isOver(at) || at.moves >= most;
  if (top.moves && noise > 0) addNoise(top, noise, random);
  while (top.visits < visits) {
    const path = [top];
    let node = top;
    while (node.moves) {
      const at = choose(node, exploration);
      node.children[at] ??= nodeOf(go.play(node.state, node.moves[at]));
      node = node.children[at];
      path.push(node);
    }
    let value;
    if (isEnd(node.state) && node !== top) {
      const black = resultOf(go.score(node.state) - komi, go.points);
      value = node.state.turn === BLACK ? black : -black;
    } else {
      const answer = yield { state: node.state, komi };
      expand(go, node, answer.legal, answer.policy);
      value = answer.value;
      if (node === top && noise > 0) addNoise(top, noise, random);
    }
    for (let i = path.length - 1; i >= 0; i--) {
      path[i].visits++;
      path[i].value += value;
      value = -value;
    }
  }
  return top;
}

/** How often each move was tried, for all points and the pass. */
export function visitsOf(go, root) {
  const visits = new Float64Array(go.points + 1);
  root.moves.forEach((move, i) => (visits[move] = root.children[i]?.visits ?? 0));
  return visits;
}

/** The node after a move, to search on from there. */
export const after = (root, move) => root.children?.[root.moves.indexOf(move)];
