// A run in a process of its own, as users have the package; prints figures of its steps as one line of JSON.
//   node trainer.mjs '{"model":"lenet5","batch":64,"steps":50,"url":"nats://127.0.0.1:4222","minWorkers":1}'
// Other settings: `warm` steps that are not counted (default 5), `busy` { every, ms } keeps this thread so long every so many steps.
import {
  digits,
  lenet5,
  momentum,
  resNet18,
  resnet20,
  trainEvents,
} from '../../dist/src/bundle/index.js';

const given = JSON.parse(process.argv[2]);
const {
  model,
  batch,
  shards,
  steps,
  warm = 5,
  workers = 1,
  url,
  minWorkers = 0,
  deadline,
  busy,
} = given;
const { insecure, check, share = 'always', numerics = 'fused' } = given;

/** Random pixels with labels, since no accuracy is measured. */
function noise(shape, count, classes) {
  const samples = new Uint8Array(shape.reduce((a, b) => a * b, count));
  let state = 1;
  for (let i = 0; i < samples.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    samples[i] = state >>> 24;
  }
  const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
  return {
    name: 'noise',
    shape,
    classes: Array.from({ length: classes }, (_, i) => `${i}`),
    samples,
    labels,
  };
}

const MODELS = {
  lenet5: () => [lenet5(), (count) => digits({ count })],
  resnet20: () => [resnet20(), (count) => noise([3, 32, 32], count, 10)],
  resnet18: () => [resNet18(), (count) => noise([3, 224, 224], count, 1000)],
};
const [net, data] = MODELS[model]();
const perEpoch = given.perEpoch ?? steps + warm;
const settings = {
  data: data(batch * perEpoch),
  optimizer: momentum({ lr: 0.01 }),
  batch,
  ...(shards ? { shards } : {}),
  epochs: Math.ceil((steps + warm) / perEpoch),
  seed: 1,
  numerics,
  workers,
};
const cluster =
  url === undefined ? {} : { cluster: { url, minWorkers, deadline, insecure, check, share } };
const times = [];
let last;
let machines = [];
let figures;
let peak = 0;
let sha256;
for await (const event of trainEvents(net, settings, { stepsPerEvent: 1, ...cluster })) {
  if (event.event !== 'step' || event.step % 50 === 0)
    peak = Math.max(peak, process.memoryUsage.rss());
  if (event.event === 'machine') {
    const { machine, change, step, reason } = event;
    machines.push({ machine, change, step, reason, at: Date.now() });
    if (given.tellMachines) console.log(JSON.stringify(machines.pop()));
  }
  if (event.event === 'progress' && event.cluster) figures = event.cluster;
  if (event.event === 'epoch' && event.cluster) figures = event.cluster;
  if (event.event === 'done') ({ sha256 } = event);
  if (event.event !== 'step') continue;
  const now = performance.now();
  if (last !== undefined) times.push(now - last);
  if (busy && event.step % busy.every === 0) {
    const end = performance.now() + busy.ms;
    while (performance.now() < end);
  }
  last = performance.now();
}
console.log(
  JSON.stringify({
    times: times.slice(warm - 1),
    sha256,
    machines,
    figures,
    peak,
    settings: given,
  }),
);
