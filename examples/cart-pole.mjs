// Learns to balance a pole on a cart: an advantage actor-critic whose loop is made of single steps.
//   node examples/cart-pole.mjs
// The dynamics are those of Barto, Sutton & Anderson 1983 with the constants and limits of Gymnasium's CartPole-v1: an episode
// is over when the pole falls or the cart leaves the track, at 500 steps at the latest, and a mean of 195 steps
// over 100 episodes counts as solved. The same seed gives the same bits on every machine.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adam, createStepper, functional, input, linear, ops, softmax, tanh } from 'lanewise';

const [GRAVITY, FORCE, MASS, POLE_MASS, HALF_LENGTH, SECONDS] = [9.8, 10, 1.1, 0.1, 0.5, 0.02];

/**
 * Sine and cosine as series, because engines round Math.sin and Math.cos differently: exact to 1e-9 up to half a radian.
 */
const sin = (a) => a * (1 - ((a * a) / 6) * (1 - ((a * a) / 20) * (1 - (a * a) / 42)));
const cos = (a) => 1 - ((a * a) / 2) * (1 - ((a * a) / 12) * (1 - (a * a) / 30));

/** The state a fiftieth of a second after a push to the left (0) or to the right (1). */
export function push([x, speed, angle, turn], action) {
  const thrust = (action ? FORCE : -FORCE) + POLE_MASS * HALF_LENGTH * turn * turn * sin(angle);
  const lever = HALF_LENGTH * (4 / 3 - (POLE_MASS * cos(angle) * cos(angle)) / MASS);
  const twist = (GRAVITY * sin(angle) - (cos(angle) * thrust) / MASS) / lever;
  const pull = (thrust - POLE_MASS * HALF_LENGTH * twist * cos(angle)) / MASS;
  return [x, speed, angle, turn].map((v, i) => v + SECONDS * [speed, pull, turn, twist][i]);
}
const isDown = ([x, , angle]) => Math.abs(x) > 2.4 || Math.abs(angle) > (12 * Math.PI) / 180;
const LONGEST = 500;

const [CARTS, STEPS, DISCOUNT, TRACE, REWARD] = [16, 32, 0.98, 0.95, 0.05];
const state = input([4]);
const layers = { hidden: linear(4, 32), scores: linear(32, 2), value: linear(32, 1) };
const hidden = tanh(layers.hidden(state));
const scores = layers.scores(hidden);
const outputs = { policy: softmax(scores), scores, value: layers.value(hidden) };
const actorCritic = functional({ inputs: state, outputs, layers });

/** Actions that went better than expected become likelier, the value approaches the return, and entropy keeps exploring. */
function loss({ scores, value }, { action, advantage, returns }) {
  const logs = ops.logSoftmax(scores);
  const gain = ops.multiply(ops.pick(logs, action), advantage);
  const entropy = ops.negate(ops.sum(ops.multiply(ops.exp(logs), logs), 1));
  const error = ops.square(ops.subtract(ops.reshape(value, [-1]), returns));
  return ops.subtract(ops.scale(error, 0.5), ops.add(gain, ops.scale(entropy, 0.01)));
}

/** Carts that are played side by side; `episodes` are the lengths of finished episodes. */
function createCarts(random) {
  const upright = () => Array.from({ length: 4 }, () => random() * 0.1 - 0.05);
  const carts = Array.from({ length: CARTS }, () => ({ state: upright(), age: 0 }));
  const episodes = [];
  /** Each cart's state after its action, and how its episode ended, if it did. */
  const move = (cart, action) => {
    cart.state = push(cart.state, action);
    cart.age++;
    const end = isDown(cart.state) ? 'down' : cart.age === LONGEST ? 'over' : undefined;
    if (end) episodes.push(cart.age);
    if (end) Object.assign(cart, { state: upright(), age: 0 });
    return end;
  };
  return {
    episodes,
    states: () => carts.map((cart) => cart.state),
    move: (actions) => carts.map((cart, i) => move(cart, actions[i])),
  };
}

/** Generalized advantages (Schulman et al. 2016), from the last step to the first. */
function weigh(steps, valuesAfter) {
  let [next, trace] = [valuesAfter, valuesAfter.map(() => 0)];
  for (const step of steps.toReversed()) {
    const { values, ends } = step;
    // After a fall the value is 0; an episode that reached its limit would have gone on.
    const after = ends.map((end, i) => (end === 'down' ? 0 : end ? values[i] : next[i]));
    const gain = (i) => REWARD + DISCOUNT * after[i] - values[i];
    trace = ends.map((end, i) => gain(i) + (end ? 0 : DISCOUNT * TRACE * trace[i]));
    step.advantages = trace;
    step.returns = trace.map((advantage, i) => advantage + values[i]);
    next = values;
  }
}

/** The values scaled to mean 0 and deviation 1. */
function standardized(values) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length;
  return values.map((v) => (v - mean) / Math.sqrt(square));
}

/** Learns until 100 episodes last `goal` steps on average; yields each update, with how long the last 100 lasted. */
export async function* learn({ seed = 1, goal = 195, updates = 500, ...settings } = {}) {
  let draws = seed;
  const random = () => (draws = (Math.imul(draws, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const { episodes, states, move } = createCarts(random);
  const optimizer = adam({ lr: 0.005 });
  const common = { optimizer, seed, numerics: 'strict', ...settings };
  const stepper = await createStepper(actorCritic, { ...common, loss, batch: CARTS * STEPS });
  const read = async (output) =>
    Array.from((await stepper.predict(states(), undefined, output)).scores);
  for (let update = 1; update <= updates; update++) {
    const steps = [];
    for (let t = 0; t < STEPS; t++) {
      const [policy, values, seen] = [await read('policy'), await read('value'), states()];
      const actions = seen.map((_, i) => (random() < policy[2 * i + 1] ? 1 : 0));
      steps.push({ seen, values, actions, ends: move(actions) });
    }
    weigh(steps, await read('value'));
    const all = (name) => steps.flatMap((step) => step[name]);
    await stepper.step({
      inputs: all('seen'),
      labels: { action: all('actions') },
      targets: { advantage: standardized(all('advantages')), returns: all('returns') },
    });
    const last = episodes.slice(-100);
    const lasting = last.reduce((sum, length) => sum + length, 0) / last.length;
    yield { update, episodes: episodes.length, lasting, stepper };
    if (last.length === 100 && lasting >= goal) break;
  }
  await stepper.close();
}

async function main() {
  const start = performance.now();
  let last;
  for await (last of learn()) {
    const line = `${last.episodes} episodes, of which the last 100 lasted ${last.lasting.toFixed(1)} steps`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line} `);
    else if (last.update % 10 === 0) console.log(line);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const found = last.lasting >= 195 ? 'The pole stays up' : 'The pole still falls';
  const steps = last.update * CARTS * STEPS;
  console.log(
    `\n${found}: ${last.lasting.toFixed(1)} steps on average after ${last.episodes} episodes (${steps} steps, ${seconds} s)`,
  );
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await main();
