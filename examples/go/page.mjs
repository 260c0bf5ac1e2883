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
    const winner = margin === 0 ? 'Nobody' : names[margin > 0 ? BLACK : WHITE];
    return `${winner} wins by ${Math.abs(margin)}: Black has ${count(black)} points, White ${count(white)} and ${chosen('komi')} that it was given.`;
  }
  const passed = state.moves > 0 && state.last === go.pass;
  const last = passed ? `${names[1 - state.turn]} passed. ` : '';
  return `${last}${isYours() ? `Your move, as ${names[state.turn]}.` : 'It is looking ahead.'}`;
}

/** Shows the game's state. */
function show() {
  const legal = isYours() ? go.legal(state) : 0;
  points.forEach((button, point) => {
    const stone = (state.black >> point) & 1 ? 'black' : (state.white >> point) & 1 ? 'white' : '';
    button.dataset.stone = stone;
    button.disabled = !((legal >> point) & 1);
    button.classList.toggle('last', stone !== '' && state.last === point);
    const forbidden = isYours() && !stone && button.disabled ? ', forbidden' : '';
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
  if (!next) return;
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
for (const id of ['colour', 'komi', 'again'])
  byId(id).addEventListener(id === 'again' ? 'click' : 'change', begin);
byId('thoughts').addEventListener('change', show);
byId('pass').addEventListener('click', () => void moveBy(go.pass));
byId('undo').addEventListener('click', () => {
  state = before() ?? state;
  void answer();
});
byId('net').textContent =
  `The net has ${Math.round(net.length / 1000)} KB and computes in integers. Nothing leaves this page.`;
begin();
