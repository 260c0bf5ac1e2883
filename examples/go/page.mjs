// The page of Go: its other player is the net's search, with the lab's own modules.
import { loadQuantized } from 'lanewise/inference';
import { judgeBy } from '../../labs/go/games.mjs';
import { randomOf } from '../../labs/go/random.mjs';
import { BLACK, WHITE, count, createRules } from '../../labs/go/rules.mjs';
import { searchWithNet, visitsOf } from '../../labs/go/search.mjs';
import { byId, make } from '../shared/dom.ts';
import net from './net.safetensors';

const go = createRules(5);
const random = randomOf(1);
const names = ['Black', 'White'];
const pointName = (point) => `${'ABCDE'[point % 5]}${5 - Math.floor(point / 5)}`;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const program = await loadQuantized(net);
const judge = judgeBy(go, program, program.batch ?? 32);
const chosen = (id) => Number(byId(id).value);

let state = go.start;
let thinking = 0;

/** What the search finds: how often it tried each move, what it expects, and what the net says of the points. */
function think(from, visits) {
  const [answer] = judge([{ state: from, komi: chosen('komi') }]);
  const owner = Array.from(answer.owner);
  const running = searchWithNet(go, from, { visits, komi: chosen('komi'), random });
  let step = running.next();
  while (!step.done) step = running.next(judge([step.value])[0]);
  const counts = visitsOf(go, step.value);
  return { counts, value: step.value.value / step.value.visits, owner };
}

const points = Array.from({ length: go.points }, (_, point) => {
  const [row, column] = [Math.floor(point / 5), point % 5];
  const sides = [
    row === 0 ? 'top' : row === 4 ? 'bottom' : '',
    column === 0 ? 'left' : column === 4 ? 'right' : '',
  ];
  const button = make('button', { type: 'button' }, make('i'));
  button.dataset.side = sides.join(' ');
  button.addEventListener('click', () => void moveBy(point));
  return button;
});

/** Which point the keyboard is at: the board is one stop of it, and arrows go on from there. */
function stopAt(place) {
  points.forEach((button, point) => (button.tabIndex = point === place ? 0 : -1));
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
byId('board').addEventListener('focusin', ({ target }) => stopAt(points.indexOf(target)));
byId('board').addEventListener('keydown', (event) => {
  const [across, down] = ARROWS[event.key] ?? [];
  if (across === undefined) return;
  event.preventDefault();
  const point = points.indexOf(event.target);
  const [column, row] = [(point % 5) + across, Math.floor(point / 5) + down];
  if (column in points && column < 5 && row in points && row < 5) points[5 * row + column].focus();
});

/** The board in rows, with letters below and numbers beside it. */
function layBoard() {
  const cells = points.flatMap((button, point) =>
    point % 5 === 0 ? [make('span', { textContent: String(5 - point / 5) }), button] : [button],
  );
  const letters = [...'ABCDE'].map((letter) => make('span', { textContent: letter }));
  byId('board').replaceChildren(...cells, make('span'), ...letters);
}

const isYours = () => state.turn === chosen('colour') && !go.isOver(state);

function said() {
  if (go.isOver(state)) {
    const { black, white } = go.owned(state);
    const margin = go.score(state) - chosen('komi');
    const winner = names[margin > 0 ? BLACK : WHITE];
    const result = margin === 0 ? 'A draw' : `${winner} wins by ${Math.abs(margin)}`;
    return `${result}: Black has ${count(black)} points, White ${count(white)} and ${chosen('komi')} that it was given.`;
  }
  if (!isYours()) return 'It is looking ahead.';
  return `${lastMove()}Your move, as ${names[state.turn]}.`;
}

/** What the other player has done, for those who do not see it. */
function lastMove() {
  if (state.moves === 0) return '';
  const { turn, last } = state;
  if (last === go.pass) return `${names[1 - turn]} passed. `;
  const stones = ({ black, white }) => count(turn === BLACK ? black : white);
  const taken = stones(state.before) - stones(state);
  const took = taken > 0 ? ` and took ${taken === 1 ? 'a stone' : `${taken} stones`}` : '';
  return `${names[1 - turn]} played ${pointName(last)}${took}. `;
}

/** Why there can be no stone on a point. */
function whyNot(point) {
  if (((state.black | state.white) >> point) & 1) return `${pointName(point)} is taken.`;
  // Without the boards before, only suicide is forbidden.
  return go.play({ ...state, before: undefined }, point)
    ? `${pointName(point)} would bring back a board that was there before.`
    : `${pointName(point)} would leave its own stones without an empty point beside them.`;
}

/** Shows the game's state. */
function show() {
  const legal = isYours() ? go.legal(state) : 0;
  points.forEach((button, point) => {
    const stone = (state.black >> point) & 1 ? 'black' : (state.white >> point) & 1 ? 'white' : '';
    button.dataset.stone = stone;
    // It keeps the keyboard's place, which a button that is disabled would lose.
    button.ariaDisabled = String(!((legal >> point) & 1));
    button.classList.toggle('last', stone !== '' && state.last === point);
    const forbidden = isYours() && !stone && !((legal >> point) & 1) ? ', forbidden' : '';
    button.ariaLabel = `${pointName(point)}, ${stone || 'empty'}${forbidden}`;
    button.replaceChildren(button.firstChild);
  });
  byId('status').textContent = said();
  byId('pass').disabled = !isYours();
  byId('undo').disabled = !before();
  byId('again').disabled = false;
  showThoughts();
}

/** Shows what the net expects of the state, if that was asked for. */
function showThoughts() {
  const isShown = byId('thoughts').checked;
  byId('expected').hidden = !isShown;
  points.forEach((button) => button.replaceChildren(button.firstChild));
  if (!isShown || go.isOver(state)) return;
  const { counts, value, owner } = think(state, chosen('visits'));
  const black = Math.round(50 * (1 + (state.turn === BLACK ? value : -value)));
  byId('chance').firstChild.style.width = `${black}%`;
  byId('chances').textContent = `Black ${black} %, White ${100 - black} %`;
  const all = counts.reduce((a, b) => a + b);
  points.forEach((button, point) => {
    const mine = owner[point] > 0 === (state.turn === BLACK);
    const square = make('b');
    square.style.background = mine ? '#181818' : '#fafaf6';
    square.style.opacity = Math.min(1, Math.abs(owner[point])).toFixed(2);
    if (!button.dataset.stone) button.append(square);
    const share = Math.round((100 * counts[point]) / all);
    if (share > 0) button.append(make('em', { textContent: String(share) }));
  });
}

/** The state in which you moved last, if there is one. */
function before() {
  let one = state.before;
  while (one && one.turn !== chosen('colour')) one = one.before;
  return one;
}

/** Your move, and then the net's. */
async function moveBy(move) {
  if (!isYours()) return;
  const next = go.play(state, move);
  if (!next) {
    byId('status').textContent = `${whyNot(move)} Your move, as ${names[state.turn]}.`;
    return;
  }
  state = next;
  await answer();
}

/** The net moves if it is its turn. */
async function answer() {
  const mine = ++thinking;
  show();
  if (go.isOver(state) || isYours()) return;
  // The page is drawn first.
  await pause(150);
  if (mine !== thinking) return;
  const { counts } = think(state, chosen('visits'));
  state = go.play(state, counts.indexOf(Math.max(...counts)));
  show();
}

function begin() {
  state = go.start;
  void answer();
}

const option = (value, textContent) => make('option', { value: String(value), textContent });
byId('colour').append(option(BLACK, 'Black'), option(WHITE, 'White'));
byId('komi').append(option(20, '20 points'), option(24, '24 points'), option(10, '10 points'));
byId('visits').append(
  ...[10, 50, 200, 1000].map((visits) => option(visits, `${visits} states a move`)),
);
byId('visits').value = '200';
layBoard();
stopAt(12);
for (const id of ['colour', 'komi', 'again'])
  byId(id).addEventListener(id === 'again' ? 'click' : 'change', begin);
for (const id of ['thoughts', 'visits']) byId(id).addEventListener('change', showThoughts);
byId('pass').addEventListener('click', () => void moveBy(go.pass));
byId('undo').addEventListener('click', () => {
  state = before() ?? state;
  void answer();
});
byId('net').textContent =
  `The net has ${Math.round(net.length / 1000)} KB and computes in integers. Nothing leaves this page.`;
begin();
