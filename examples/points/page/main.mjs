// The page: points and settings go to the engine, and what it learns is shown. Nothing here computes; see engine.mjs.
import { readPoints, writePoints } from '../../../labs/points/own-points.mjs';
import { byId, make } from '../../shared/dom.ts';
import { createClasses } from './classes.mjs';
import { drawCurve, shortLoss } from './curve.mjs';
import { exampleOf, examples } from './examples.mjs';
import { SQUARE, viewOf } from './geometry.mjs';
import { createPad } from './pad.mjs';

/** Pixels along a side of the picture while it is learned. */
const SIDE = 80;
/** The time after a change before it is learned, and after one of text before it is read, in milliseconds. */
const [CALM_MS, READ_MS] = [350, 300];
const NUMBERS = ['depth', 'width', 'rate', 'steps', 'l1', 'l2', 'held', 'seed'];
const MOST_UNDONE = 100;

let points = [];
let view = SQUARE;
/** The points that the run holds out, by their places. */
let held = new Set();
/** What the net said last of the picture's pixels. */
let seen;
let marks = [];
const before = [];
/** The run that was asked for last, and whether it is under way. */
let run = { id: 0, isRunning: false, steps: 1 };
let result;
let isReady = false;
let calm = 0;

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const say = (id, text) => {
  byId(id).textContent = text ?? '';
  if (byId(id).classList.contains('error')) byId(id).hidden = !text;
};

const engine = new Worker(new URL('./code/engine.js', import.meta.url), { type: 'module' });
const classes = createClasses(() => pad.repaint());
const pad = createPad(byId('pad'), {
  state: () => ({ points, held, view, seen, placeOf: classes.placeOf, tool: classes.tool() }),
  begin: remember,
  change: (next) => setPoints(next),
  end: schedule,
  choose: classes.choose,
});

/* Points */

function remember() {
  before.push({ points, view, names: classes.names() });
  if (before.length > MOST_UNDONE) before.shift();
}

/** Shows other points; their text too, unless it is where they come from. */
function setPoints(next, isFromText = false) {
  stop();
  points = next;
  held = new Set();
  if (!isFromText) {
    byId('csv').value = points.length > 0 ? writePoints(points) : '';
    say('csv-error');
  }
  forget();
  const counts = classes.names().map((name) => {
    const own = points.filter((point) => point.name === name).length;
    return `${own} ${name}`;
  });
  say('counts', points.length > 0 ? counts.join(', ') : '');
  const shown = (value) => String(Number(value.toPrecision(4))).replace('-', '−');
  const { left, right, bottom, top } = view;
  say('reach', `x ${shown(left)} to ${shown(right)}, y ${shown(bottom)} to ${shown(top)}`);
  byId('pad-hint').hidden = points.length > 0;
  byId('undo').disabled = before.length === 0;
  pad.repaint();
}

/** Other points altogether, in a part of the plane where all are seen. */
function load(next, isFromText = false) {
  const names = [...new Set(next.map(({ name }) => name))].toSorted();
  classes.set(names.length > 1 ? names : ['A', 'B']);
  view = viewOf(next);
  seen = undefined;
  setPoints(next, isFromText);
  schedule();
}

/* Learning */

const settingsOf = () => ({
  activation: byId('activation').value,
  ...Object.fromEntries(NUMBERS.map((name) => [name, byId(name).valueAsNumber])),
});

/** What was found belongs to other points or settings now. */
function forget() {
  result = undefined;
  byId('progress').value = 0;
  for (const id of ['accuracy', 'line', 'loss', 'new-loss', 'hash', 'command']) say(id, '–');
  for (const id of ['save-model', 'save-json', 'copy-command']) byId(id).disabled = true;
}

/** A refusal by the labels of the page instead of the lab's names. */
function inWords(message) {
  const [, name, rest] = /^lab '[^']+': (\w+) (is .*)$/.exec(message) ?? [];
  const label = name && byId(name)?.labels?.[0].firstChild.textContent.trim();
  return label ? `${label} ${rest.replace('is NaN', 'is not a number')}` : message;
}

function whatLacks() {
  if (points.length === 0) return 'Draw points, or choose an example.';
  if (new Set(points.map(({ name }) => name)).size < 2)
    return 'One class has points: choose another and draw some of it, too.';
  return undefined;
}

function show() {
  byId('learn').textContent = run.isRunning ? 'Stop' : 'Learn';
  byId('learn').disabled = !isReady || (!run.isRunning && whatLacks() !== undefined);
}

function stop() {
  clearTimeout(calm);
  if (run.isRunning) {
    run = { ...run, id: run.id + 1, isRunning: false };
    engine.postMessage({ kind: 'stop', id: run.id });
  }
  show();
}

function learn() {
  stop();
  forget();
  say('error');
  marks = [];
  const settings = settingsOf();
  run = { id: run.id + 1, isRunning: true, steps: settings.steps };
  engine.postMessage({
    kind: 'learn',
    id: run.id,
    text: writePoints(points),
    settings,
    view,
    side: SIDE,
  });
  say('status', 'Learning …');
  show();
}

/** Learns when nothing has changed for a moment, if that is wanted. */
function schedule() {
  stop();
  if (!isReady) return;
  const lacks = whatLacks();
  if (lacks) {
    seen = undefined;
    pad.repaint();
    return say('status', lacks);
  }
  if (!byId('auto').checked) return say('status', 'Changed since it learned');
  say('status', 'Learning …');
  calm = setTimeout(learn, CALM_MS);
}

function showMark({ step, loss, newLoss }) {
  marks.push({ step, loss, newLoss });
  byId('progress').value = step / run.steps;
  say('status', `Step ${step} of ${run.steps}`);
  say('loss', shortLoss(loss));
  say('new-loss', held.size > 0 ? shortLoss(newLoss) : '–');
  requestCurve();
}

let isCurveDue = false;
function requestCurve() {
  if (isCurveDue) return;
  isCurveDue = true;
  requestAnimationFrame(() => {
    isCurveDue = false;
    drawCurve(byId('curve'), marks, run.steps, held.size > 0);
  });
}

/** A command whose lines end between its words, or after a comma. */
const inParts = (command) =>
  command
    .split(/(--\w+|,)/)
    .flatMap((part) =>
      part === ','
        ? [part, make('wbr')]
        : part.startsWith('--')
          ? [make('span', { className: 'option', textContent: part })]
          : [part],
    );

function showResult(found) {
  result = found;
  const [accuracy, line, newLoss, loss] = found.figures;
  const what = found.held > 0 ? `on ${found.held} held-out points` : 'on the points it learned';
  say('new-what', what);
  say('accuracy', percent(accuracy));
  say('line', percent(line));
  say('status', `Learned in ${run.steps} steps`);
  say('hash', found.sha256);
  byId('command').replaceChildren(...inParts(found.command));
  for (const id of ['save-model', 'save-json', 'copy-command']) byId(id).disabled = false;
  byId('curve').ariaLabel =
    `Loss while learning: ${shortLoss(loss)} at the end${found.held > 0 ? `, ${shortLoss(newLoss)} on held-out points` : ''}`;
  say('live', `Learned: right ${what} ${percent(accuracy)}, a straight line ${percent(line)}`);
}

function use(message) {
  if (message.kind === 'ready') {
    isReady = true;
    for (const [name, value] of Object.entries(message.settings))
      if (byId(name)) byId(name).value = String(value);
    return schedule();
  }
  if (message.id !== run.id) return;
  switch (message.kind) {
    case 'started':
      held = new Set(message.held);
      run.classes = message.classes;
      return pad.repaint();
    case 'seen':
      seen = { scores: message.scores, side: SIDE, classes: run.classes };
      showMark(message);
      return pad.repaint();
    case 'learned':
      run.isRunning = false;
      showResult(message);
      return show();
    case 'refused':
      run.isRunning = false;
      say('error', inWords(message.message));
      say('status', 'Not learned');
      return show();
  }
}

engine.addEventListener('message', ({ data }) => use(data));
engine.addEventListener('error', ({ message }) => {
  say('status', '');
  say('error', `The engine did not start: ${message || 'its module could not be loaded'}`);
});

byId('learn').addEventListener('click', () => {
  if (!run.isRunning) return learn();
  stop();
  say('status', `Stopped at step ${marks.at(-1)?.step ?? 0}: only a whole run has a hash`);
});
byId('settings').addEventListener('input', ({ target }) => {
  if (target.id === 'auto' && !target.checked) return;
  if (target.id !== 'auto') forget();
  schedule();
});
byId('settings').addEventListener('submit', (event) => event.preventDefault());

/* Examples, undo, clear */

byId('example').append(
  make('option', { value: '', textContent: 'choose …' }),
  ...examples.map((name) => make('option', { value: name, textContent: name })),
);
byId('example').addEventListener('change', ({ target }) => {
  if (!target.value) return;
  remember();
  load(exampleOf(target.value));
  target.value = '';
});
byId('clear').addEventListener('click', () => {
  remember();
  load([]);
});
byId('undo').addEventListener('click', () => {
  const last = before.pop();
  if (!last) return;
  classes.set(last.names);
  view = last.view;
  setPoints(last.points);
  schedule();
});

/* Text */

let reading = 0;
function read(text, name) {
  try {
    const { samples, labels, classes } = readPoints(text, name);
    remember();
    load(
      samples.map(([x, y], i) => ({ x, y, name: classes[labels[i]] })),
      true,
    );
    say('csv-error');
    return true;
  } catch ({ message, hint }) {
    const isKept = points.length > 0 ? '. The points from before stay' : '';
    say('csv-error', `${hint ? `${message}; ${hint}` : message}${isKept}`);
    return false;
  }
}
byId('csv').addEventListener('input', () => {
  clearTimeout(reading);
  reading = setTimeout(() => {
    if (byId('csv').value.trim() === '') {
      remember();
      load([]);
    } else read(byId('csv').value, 'the text');
  }, READ_MS);
});

async function open(file) {
  if (!file) return;
  // What is no text, or far too much of it, is not shown.
  if (file.size > 1e6) return say('csv-error', `${file.name} has over a megabyte, expected points`);
  const text = await file.text();
  byId('csv').value = text;
  read(text, file.name);
}
byId('file').addEventListener('change', ({ target }) => {
  void open(target.files[0]).then(() => (target.value = ''));
});
addEventListener('dragover', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  document.body.classList.add('dropping');
});
for (const kind of ['dragleave', 'drop'])
  addEventListener(kind, (event) => {
    if (kind === 'drop' || !event.relatedTarget) document.body.classList.remove('dropping');
  });
addEventListener('drop', (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  void open(event.dataTransfer.files[0]);
});

/* What is taken along */

function save(name, data) {
  const url = URL.createObjectURL(new Blob([data]));
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
function copyFrom(button, textOf) {
  byId(button).addEventListener('click', async () => {
    const isCopied = await navigator.clipboard.writeText(textOf()).then(
      () => true,
      () => false,
    );
    byId(button).textContent = isCopied ? 'Copied' : 'Not allowed';
    say('live', isCopied ? 'Copied' : 'The browser does not allow it');
    setTimeout(() => (byId(button).textContent = 'Copy'), 1500);
  });
}
copyFrom('copy-csv', () => writePoints(points));
copyFrom('copy-command', () => result.command);
byId('save-csv').addEventListener('click', () => save('points.csv', writePoints(points)));
byId('save-model').addEventListener('click', () => save('boundary.safetensors', result.model));
byId('save-json').addEventListener('click', () => save('boundary.json', result.json));

new ResizeObserver(requestCurve).observe(byId('curve'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', requestCurve);
load(exampleOf('Circles'));
