/** Go's rules: known positions and counts, and random games beside a checker that is slow and plain. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { slowPlay, slowScore, slowStart, type SlowGame } from './go-checker.js';
import { createRules, position, randomOf, rowsOf, type Go, type State } from './go-modules.js';

const five = createRules(5);

/** The places of a set's bits. */
const placesOf = (set: number): number[] =>
  Array.from({ length: 25 }, (_, point) => point).filter((point) => (set >> point) & 1);

test('a stone takes groups that it leaves without liberties', () => {
  const rows = ['.XOO.', '.XOOX', '.XXX.', '.....', '.....'];
  const after = five.play(position(five, rows, 'X'), 4)!;
  assert.equal(rowsOf(five, after), ['.X..X', '.X..X', '.XXX.', '.....', '.....']);
});

test('suicide is forbidden, of a stone and of a group, unless it takes something', () => {
  const alone = position(five, ['.X...', 'X....', '.....', '.....', '.....'], 'O');
  assert.is(five.play(alone, 0), undefined);
  const group = position(five, ['.OX..', 'OOX..', 'XX...', '.....', '.....'], 'O');
  assert.is(five.play(group, 0), undefined);
  const taking = position(five, ['.OX..', 'OX...', 'X....', '.....', '.....'], 'X');
  const after = five.play(taking, 0)!;
  assert.equal(rowsOf(five, after), ['X.X..', '.X...', 'X....', '.....', '.....']);
});

test('a ko may not be taken back at once, but after a move elsewhere', () => {
  // White at point 6 takes Black's stone at 7; Black would take back at 7.
  const rows = ['.XO..', 'X.XO.', '.XO..', '.....', '.....'];
  const taken = five.play(position(five, rows, 'O'), 6)!;
  assert.equal(rowsOf(five, taken), ['.XO..', 'XO.O.', '.XO..', '.....', '.....']);
  assert.is(five.play(taken, 7), undefined, 'the board would be that before');
  const elsewhere = five.play(five.play(taken, 24)!, 20)!;
  const back = five.play(elsewhere, 7)!;
  assert.equal(rowsOf(five, back), ['.XO..', 'X.XO.', '.XO..', '.....', 'O...X']);
});

test('no board comes back, however long the game and with passes between', () => {
  for (let game = 0; game < 20; game++) {
    const three = createRules(3);
    const random = randomOf(game);
    let state = three.start;
    const boards = new Set([rowsOf(three, state).join('')]);
    while (!three.isOver(state)) {
      const open = placesOf(three.legal(state));
      const move = random.below(8) === 0 ? undefined : open[random.below(open.length)];
      state = three.play(state, move ?? three.pass)!;
      const board = rowsOf(three, state).join('');
      assert.is(boards.has(board), state.passes > 0, board);
      boards.add(board);
      if (boards.size > 60) break;
    }
  }
});

test('two passes end the game, and points count for whom they reach alone', () => {
  const rows = ['.X.O.', 'XX.OO', '.X.O.', 'XX.OO', '.X.O.'];
  const state = position(five, rows, 'X');
  assert.is(five.score(state), 0);
  const once = five.play(state, five.pass)!;
  assert.not(five.isOver(once));
  assert.ok(five.isOver(five.play(once, five.pass)!));
  assert.is(five.score(five.start), 0, 'an empty board is nobody’s');
  assert.is(five.score(five.play(five.start, 12)!), 25, 'a stone owns an otherwise empty board');
});

test('as many positions are legal as were counted: 57 of 2×2, 12,675 of 3×3 (Tromp & Farnebäck 2006)', () => {
  for (const [size, expected] of [
    [2, 57],
    [3, 12_675],
  ] as const) {
    const go = createRules(size);
    let legal = 0;
    for (let code = 0; code < 3 ** go.points; code++) {
      const stones = [0, 0, 0];
      for (let point = 0, left = code; point < go.points; point++, left = Math.floor(left / 3))
        stones[left % 3]! |= 1 << point;
      const [, black, white] = stones as [number, number, number];
      if (isAlive(go, black, black | white) && isAlive(go, white, black | white)) legal++;
    }
    assert.is(legal, expected);
  }
});

/** Whether each group of these stones has a liberty. */
function isAlive(go: Go, stones: number, taken: number): boolean {
  for (let left = stones; left;) {
    const group = go.connected(left & -left, stones);
    if (!(go.beside(group) & ~taken)) return false;
    left &= ~group;
  }
  return true;
}

test('perfect play on 2×2 is worth 1 point to Black under area scoring and superko', () => {
  const two = createRules(2);
  /** Whether the player to move gets at least `goal`. */
  const reaches = (state: State, goal: number): boolean => {
    if (two.isOver(state)) return (state.turn === 0 ? 1 : -1) * two.score(state) >= goal;
    return [4, 0, 1, 2, 3].some((move) => {
      const next = two.play(state, move);
      return next !== undefined && !reaches(next, 1 - goal);
    });
  };
  assert.ok(reaches(two.start, 1), 'Black gets 1');
  assert.not(reaches(two.start, 2), 'and no more');
});

test('an eye is surrounded by stones of the player’s, and its corners are not the other’s', () => {
  const rows = ['.XO..', 'XX...', 'X.XO.', '.X...', 'O....'];
  const state = position(five, rows, 'X');
  assert.ok(five.isEye(state, 0));
  assert.ok(five.isEye(state, 11));
  const lost = position(five, ['OXO..', 'XXO..', 'X.XO.', '.XO..', 'O....'], 'X');
  assert.not(five.isEye(lost, 11), 'two of four corners are White’s');
  assert.not(five.isEye(state, 15), 'an edge with one corner of White’s');
  assert.not(five.isEye({ ...state, turn: 1 }, 0));
});

test('random games agree with the slow checker in each legal move, board and score', () => {
  let [captures, forbidden] = [0, 0];
  for (const size of [2, 3, 4, 5])
    for (let game = 0; game < 4; game++) {
      const go = createRules(size);
      const random = randomOf(size, game);
      let [state, slow]: [State, SlowGame] = [go.start, slowStart(size)];
      while (!go.isOver(state) && state.moves < 150) {
        const answers = Array.from({ length: go.points }, (_, move) => slowPlay(slow, move));
        const allowed = answers.flatMap((one, move) => (typeof one === 'string' ? [] : [move]));
        assert.equal(placesOf(go.legal(state)), allowed);
        forbidden += answers.filter((one) => one === 'suicide' || one === 'superko').length;
        const move =
          allowed.length > 0 && random.below(20) > 0
            ? allowed[random.below(allowed.length)]!
            : go.pass;
        const before = slow.board.filter((one) => one !== '.').length;
        state = go.play(state, move)!;
        slow = slowPlay(slow, move) as SlowGame;
        if (slow.board.filter((one) => one !== '.').length < before) captures++;
        assert.is(rowsOf(go, state).join(''), slow.board.join(''));
        assert.is(go.score(state), slowScore(slow));
        assert.is(state.turn, slow.turn === 'X' ? 0 : 1);
      }
    }
  assert.ok(captures > 30, `${captures} captures`);
  assert.ok(forbidden > 30, `${forbidden} forbidden moves`);
});

test.run();
