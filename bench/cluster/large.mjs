// A net of 47 MB of weights over the wire, with a coordinator that is busy for three seconds at a time: no link may be cut, and
// memory is bounded. Prints the peaks of memory.
//   node bench/cluster/large.mjs [--steps 6]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startServer, startWorker, train } from './processes.mjs';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '6' } } });
const server = await startServer();
const workers = [];
for (let i = 0; i < 2; i++) workers.push(await startWorker(server.url));

/** The most memory that a process has had, in MB. */
const peakOf = (pid) =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

try {
  const run = { model: 'resnet18', batch: 4, shards: 4, steps: Number(values.steps), warm: 1 };
  const alone = await train(run);
  const shared = { ...run, url: server.url, minWorkers: 2, busy: { every: 2, ms: 3000 } };
  const both = await train(shared);
  const cuts = workers.flatMap((worker) => worker.output().match(/.*cannot be reached.*/g) ?? []);
  const left = both.machines.filter(({ change }) => change === 'left');
  const { sent, received } = both.figures;
  const steps = run.steps + run.warm;
  console.log(
    [
      `ResNet-18, ${steps} steps, ${(sent / steps / 1e6).toFixed(0)} MB down and ${(received / steps / 1e6).toFixed(0)} MB up a step`,
      `links cut: ${cuts.length}; machines that left: ${left.length}`,
      `peak memory: ${(alone.peak / 2 ** 20).toFixed(0)} MB alone, ${(both.peak / 2 ** 20).toFixed(0)} MB as coordinator, workers ${workers.map(({ child }) => peakOf(child.pid).toFixed(0)).join(' and ')} MB, server ${peakOf(server.child.pid).toFixed(0)} MB`,
      alone.sha256 === both.sha256 ? 'the same weights' : 'OTHER WEIGHTS',
    ].join('\n'),
  );
  for (const { machine, reason } of left) console.log(`  ${machine}: ${reason}`);
  for (const line of cuts) console.log(`  ${line}`);
} finally {
  for (const worker of workers) worker.close();
  server.close();
}
process.exit(0);
