// What a step costs a cluster of 10, 100 and 1,000 machines, computed from sizes and speeds: bytes at the coordinator's and the
// server's links, for a star, for a star of leaf servers, for a tree that folds on its way in, and for machines that update a slice each.
// The parts of each machine are those of the code that assigns them; additions are timed here.
//   node scripts/build.mjs --tests && node bench/cluster/simulate.mjs [--gigabits 10] [--images 64] [--cores 8] [--fan 32]
// Speeds are README's, of one core.
import { parseArgs } from 'node:util';
import { assignShards } from '../../dist/src/cluster/assignment.js';
import { nodesOf } from '../../dist/src/step/shards.js';

const { values } = parseArgs({
  options: {
    gigabits: { type: 'string', default: '10' },
    images: { type: 'string', default: '64' },
    cores: { type: 'string', default: '8' },
    fan: { type: 'string', default: '32' },
  },
});
const [gigabits, images, cores, fan] = ['gigabits', 'images', 'cores', 'fan'].map((name) =>
  Number(values[name]),
);
/** Bytes a millisecond. */
const link = (gigabits * 1e9) / 8 / 1000;

/** Bytes of weights, and of a part; images a second of one core. */
const NETS = {
  'LeNet-5': { bytes: 247_040, speed: 13_800 },
  'ResNet-20': { bytes: 1_096_192, speed: 390 },
  'ResNet-18, 224': { bytes: 46_796_480, speed: 11 },
};

function add(to, from) {
  for (let i = 0; i < to.length; i++) to[i] = to[i] + from[i];
}

/** Bytes a millisecond of additions as the fold does them. */
function addingSpeed() {
  const [to, from] = [new Float32Array(250_000), new Float32Array(250_000)];
  const times = [];
  for (let round = 0; round < 400; round++) {
    const start = performance.now();
    add(to, from);
    times.push(performance.now() - start);
  }
  return (to.length * 4) / Math.min(...times);
}

/** The parts of all machines but the first, which is the coordinator, of speeds that differ by up to a fifth. */
function partsOf(machines, shards) {
  const hands = Array.from({ length: machines }, (_, i) => ({
    machine: `m${i}`,
    speed: 1 - ((i * 7919) % 1000) / 5000,
  }));
  const ranges = assignShards([0, shards], hands);
  const parts = [...ranges].map(([machine, range]) => [machine, nodesOf(range, shards).length]);
  const busiest = Math.max(
    ...[...ranges].map(
      ([machine, [first, end]]) => (end - first) / hands[Number(machine.slice(1))].speed,
    ),
  );
  return {
    parts: parts.reduce((sum, [machine, count]) => sum + (machine === 'm0' ? 0 : count), 0),
    /** How many times as long as an even cut would take. */
    uneven: busiest / (shards / hands.reduce((sum, { speed }) => sum + speed, 0)),
  };
}

/** Ways of a step through the network: bytes at the busiest link down and up, and bytes that one machine adds. */
const WAYS = {
  star: (net, machines, parts) => ({
    down: (machines - 1) * net.bytes,
    up: parts * net.bytes,
    added: parts * net.bytes,
  }),
  // One server in each rack takes the broadcast once; parts still go to the coordinator one by one.
  'leaf servers': (net, machines, parts) => ({
    down: Math.max(Math.min(machines - 1, fan), Math.ceil(machines / fan)) * net.bytes,
    up: parts * net.bytes,
    added: parts * net.bytes,
  }),
  // One machine in each rack folds what its rack sends: aligned ranges of shards, so the tree of sums is the same.
  'folding tree': (net, machines, parts) => {
    const levels = Math.ceil(Math.log(Math.max(2, machines)) / Math.log(fan));
    const width = Math.min(machines - 1, fan);
    const each = (parts / Math.max(1, machines - 1)) * width * net.bytes;
    return { down: levels * width * net.bytes, up: levels * each, added: levels * each };
  },
  // Each machine folds and updates a slice of the weights, for which it receives that slice of all parts.
  'slices of all': (net, machines, parts) => {
    const own = (parts / Math.max(1, machines - 1)) * net.bytes;
    return { down: net.bytes, up: own, added: own };
  },
};

const adding = addingSpeed();
const ms = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const megabytes = (value) => `${ms(value / 1e6)} MB`;
console.log(
  `${gigabits} Gbit/s, ${images} images a machine and step, ${cores} cores each; additions ${(adding / 1e6).toFixed(1)} GB/s; racks of ${fan}`,
);
for (const [name, net] of Object.entries(NETS)) {
  console.log(`\n${name}: ${megabytes(net.bytes)} of weights`);
  const compute = (images / (net.speed * cores)) * 1000;
  for (const machines of [10, 100, 1000]) {
    const shards = (images / 16) * machines;
    const { parts, uneven } = partsOf(machines, shards);
    for (const [way, costOf] of Object.entries(WAYS)) {
      const { down, up, added } = costOf(net, machines, parts);
      const [downMs, upMs, addMs] = [down / link, up / link, added / adding];
      const step = compute * uneven + downMs + upMs + addMs;
      console.log(
        `${String(machines).padStart(5)} machines, ${way.padEnd(13)}: down ${megabytes(down).padStart(10)}, up ${megabytes(up).padStart(10)} (${parts} parts); compute ${ms(compute * uneven)} ms, wire ${ms(downMs + upMs)} ms, additions ${ms(addMs)} ms: ${((compute / step) * machines).toFixed(1)} times one machine`,
      );
    }
  }
}
