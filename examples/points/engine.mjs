// The engine's worker: runs the lab boundary-from-points on the page's points, and shows the page what the net learns.
import { encodeModel } from 'lanewise';
import { runLab } from 'lanewise/lab';
import boundary, { learnBoundary } from '../../labs/boundary-from-points.mjs';
import { ownParts } from '../../labs/points/parts.mjs';

/** The name by which the command finds the points. */
const FILE = 'points.csv';

/** The run that the page wants; 0 for none. */
let wanted = 0;

/** Lets the page's messages in. */
const channel = new MessageChannel();
const pause = () =>
  new Promise((resolve) => {
    channel.port1.addEventListener('message', resolve, { once: true });
    channel.port2.postMessage(0);
  });
channel.port1.start();

/** The middles of the picture's pixels, row by row from the top. */
const pixelsOf = ({ left, top, right, bottom }, side) =>
  Float32Array.from({ length: 2 * side * side }, (_, i) => {
    const [column, row] = [(i >> 1) % side, Math.floor((i >> 1) / side)];
    const share = ((i % 2 ? row : column) + 0.5) / side;
    return i % 2 ? top + share * (bottom - top) : left + share * (right - left);
  });

/** What was set otherwise than in the lab, as the command takes it. */
const commandOf = ({ changed }) =>
  `npx lanewise lab ${boundary.name} --set ${Object.entries(changed)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')}`;

/** The net's weights and what is needed to compute with them. */
const weightsOf = (model, { input, train }, settings) => ({
  classes: train.classes,
  about: 'The inputs are (x - mean) / deviation. A layer is activation(weight · input + bias).',
  activation: settings.activation,
  mean: input.mean,
  deviation: input.deviation,
  weights: Object.fromEntries([...model.weights].map(([name, values]) => [name, [...values]])),
});

async function learn({ id, text, settings, view, side }) {
  const pixels = pixelsOf(view, side);
  let [parts, held, model] = [undefined, [], undefined];
  const watch = async ({ isLine, step, loss, newLoss, stepper }) => {
    await pause();
    if (id !== wanted) throw new DOMException('stopped', 'AbortError');
    if (isLine) return;
    const { scores } = await stepper.predict(pixels);
    const seen = { kind: 'seen', id, step, loss, newLoss, scores };
    postMessage(seen, [scores.buffer]);
    if (step === settings.steps) model = await stepper.model();
  };
  // The lab looks at the settings before it runs.
  const run = (given) => {
    parts = ownParts(text, FILE, given.settings);
    const { train, test } = parts;
    // Without points held out the test is on those that were learned.
    held = test.rows[0] === train.rows[0] ? [] : test.rows;
    postMessage({ kind: 'started', id, held, classes: train.classes });
    return learnBoundary(parts, given.settings, watch);
  };
  const result = await runLab({ ...boundary, run }, { settings: { ...settings, points: FILE } });
  postMessage({
    kind: 'learned',
    id,
    figures: result.figures.map(({ value }) => value),
    held: held.length,
    sha256: result.sha256,
    command: commandOf(result),
    model: encodeModel(model),
    json: JSON.stringify(weightsOf(model, parts, result.settings)),
  });
}

addEventListener('message', ({ data }) => {
  wanted = data.id;
  if (data.kind !== 'learn') return;
  learn(data).catch(({ name, message, hint }) => {
    if (name !== 'AbortError')
      postMessage({
        kind: 'refused',
        id: data.id,
        message: hint ? `${message}; ${hint}` : message,
      });
  });
});

/** The first run finds everything loaded and compiled, and the page needs the network no more. */
const { points, ...settings } = boundary.settings;
const trial = ownParts('0,0,a\n1,1,b\n', points, settings);
await learnBoundary(trial, { ...boundary.settings, steps: 1 }, () => {});
postMessage({ kind: 'ready', settings });
