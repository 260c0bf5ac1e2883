// What sharing a run costs where it can gain nothing: server, coordinator and one worker on one core, against one process on that
// core, in turns; and of a run that goes on alone where that is faster (share: 'auto'). Needs nats-server and taskset.
//   node bench/cluster/overhead.mjs [--core 1] [--rounds 5]
import { parseArgs } from 'node:util';
import { median, startServer, startWorker, train } from './processes.mjs';

const { values } = parseArgs({
  options: {
    core: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});
const pinned = ['taskset', '-c', values.core];
const RUNS = [
  { model: 'lenet5', batch: 64, steps: 150, limit: 1.6 },
  { model: 'resnet20', batch: 128, steps: 6, warm: 2, limit: 1.15 },
].filter(({ model }) => !values.only || model === values.only);
/** Steps in which a run finds out what is faster. */
const FIRST = 30;
const server = await startServer(pinned);
const worker = await startWorker(server.url, { before: pinned });
try {
  for (const { limit, ...run } of RUNS) {
    const alone = [];
    const shared = [];
    const own = [];
    const hashes = new Set();
    let figures;
    for (let round = 0; round < Number(values.rounds); round++) {
      const one = await train(run, pinned);
      const two = await train({ ...run, url: server.url, minWorkers: 1 }, pinned);
      alone.push(median(one.times));
      shared.push(median(two.times));
      const auto = {
        ...run,
        steps: run.steps + FIRST,
        url: server.url,
        minWorkers: 1,
        share: 'auto',
      };
      const three = await train(auto, pinned);
      own.push(median(three.times.slice(FIRST)));
      hashes.add(one.sha256).add(two.sha256);
      ({ figures } = two);
    }
    const ratios = shared.map((ms, i) => ms / alone[i]);
    const [a, b, c] = [alone, shared, own].map(median);
    console.log(
      `${run.model}, batch ${run.batch}: ${a.toFixed(2)} ms alone, ${b.toFixed(2)} ms shared: ${median(ratios).toFixed(3)} times (${ratios.map((r) => r.toFixed(3)).join(' ')}); at most ${limit}; with share: 'auto' from step ${FIRST} on ${c.toFixed(2)} ms, ${median(own.map((ms, i) => ms / alone[i])).toFixed(3)} times; ${hashes.size === 1 ? 'the same weights' : 'OTHER WEIGHTS'}; shares ${JSON.stringify(figures?.shares)}`,
    );
  }
} finally {
  worker.close();
  server.close();
}
process.exit(0);
