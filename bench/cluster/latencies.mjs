// How soon a run goes on after a machine's process has died, after its link was cut (as root, by namespaces of the network), and how
// soon a machine that comes late is at work.
//   node bench/cluster/latencies.mjs [--rounds 10]
import { parseArgs } from 'node:util';
import { openNetwork } from './network.mjs';
import { median, sleep, startServer, startTrainer, startWorker } from './processes.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const rounds = Number(values.rounds);
const long = { model: 'lenet5', batch: 256, steps: 100_000, perEpoch: 20 };
const tell = (what, times, limit) =>
  console.log(
    `${what}: median ${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} of ${times.length} (${limit})`,
  );

/** Milliseconds until the run tells of a change, after what is done. */
async function until(trainer, change, act) {
  const seen = trainer.count(change);
  const start = Date.now();
  await act();
  return (await trainer.when(change, seen + 1)) - start;
}

async function deaths() {
  const server = await startServer();
  const stays = await startWorker(server.url);
  const trainer = startTrainer({ ...long, url: server.url, minWorkers: 1, tellMachines: true });
  await trainer.when('joined', 1);
  const [redone, begun, joined] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    let worker;
    const start = Date.now();
    const times = trainer.count('joined');
    worker = await startWorker(server.url);
    const reached = Date.now();
    const there = await trainer.when('joined', times + 1);
    begun.push(there - start);
    joined.push(there - reached);
    await sleep(300);
    // It owes a part whenever it is stopped amid steps that follow each other without a pause.
    worker.child.kill('SIGSTOP');
    await sleep(60);
    redone.push(await until(trainer, 'left', () => worker.close()));
    await sleep(200);
  }
  trainer.close();
  stays.close();
  server.close();
  tell('a process died, and its part is computed by others', redone, '100 ms');
  tell('a worker has reached the server, and takes part', joined, '2 s');
  tell('the same from the start of its process', begun, 'no limit');
}

async function cuts() {
  const network = openNetwork('');
  const server = await startServer(network.ends[0], network.host);
  const stays = await startWorker(server.url, { before: network.ends[0], args: ['--insecure'] });
  const far = await startWorker(server.url, { before: network.ends[1], args: ['--insecure'] });
  const given = { ...long, url: server.url, minWorkers: 2, insecure: true, tellMachines: true };
  const trainer = startTrainer(given, network.ends[0]);
  await trainer.when('joined', 2);
  const times = [];
  for (let round = 0; round < Math.min(5, rounds); round++) {
    await sleep(500);
    const joined = trainer.count('joined');
    times.push(await until(trainer, 'redone', async () => network.set('down')));
    await sleep(2000);
    network.set('up');
    await trainer.when('joined', joined + 1);
  }
  for (const one of [trainer, stays, far, server, network]) one.close();
  tell('a link was cut, and its part is computed by others', times, '3 s');
}

await deaths();
await cuts();
process.exit(0);
