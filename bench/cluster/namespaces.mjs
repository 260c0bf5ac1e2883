// Two machines with a core each, as namespaces of the network with a link of 1 Gbit/s between them, against one core alone, in turns.
// The first has the server and the coordinator, the second a worker. As root, on Linux with two cores; needs nats-server and taskset.
//   node bench/cluster/namespaces.mjs [--rounds 3] [--batch 512] [--steps 4]
import { parseArgs } from 'node:util';
import { measureRate, openNetwork } from './network.mjs';
import { median, startServer, startWorker, train } from './processes.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    batch: { type: 'string', default: '512' },
    steps: { type: 'string', default: '4' },
  },
});
const network = openNetwork('1gbit');
const cores = network.ends.map((end, i) => [...end, 'taskset', '-c', `${i}`]);
const gigabits = await measureRate(network);
const server = await startServer(cores[0], network.host);
const worker = await startWorker(server.url, { before: cores[1], args: ['--insecure'] });
const run = {
  model: 'resnet20',
  batch: Number(values.batch),
  steps: Number(values.steps),
  warm: 2,
};
try {
  const ratios = [];
  const hashes = new Set();
  for (let round = 0; round < Number(values.rounds); round++) {
    const alone = [];
    for (const core of cores) alone.push(await train(run, core));
    const shared = { ...run, url: server.url, minWorkers: 1, insecure: true, check: 0 };
    const both = await train(shared, cores[0]);
    // The cores of a machine are not equally free: one core alone is the mean of both.
    const [one, two] = alone.map(({ times }) => run.batch / median(times));
    const together = run.batch / median(both.times);
    ratios.push((2 * together) / (one + two));
    for (const { sha256 } of [...alone, both]) hashes.add(sha256);
    console.log(
      `${(one * 1000).toFixed(1)} and ${(two * 1000).toFixed(1)} images/s alone, ${(together * 1000).toFixed(1)} together; wire ${(both.figures.wire * 100).toFixed(0)} %, shares ${JSON.stringify(both.figures.shares)}`,
    );
  }
  console.log(
    `ResNet-20, batch ${run.batch}, at ${gigabits.toFixed(2)} Gbit/s: ${median(ratios).toFixed(2)} times one core (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}), at least 1.7; ${hashes.size === 1 ? 'the same weights' : 'OTHER WEIGHTS'}`,
  );
} finally {
  worker.close();
  server.close();
  network.close();
}
process.exit(0);
