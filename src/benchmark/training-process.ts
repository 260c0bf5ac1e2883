/**
 * A process that trains through the public names and prints its peak of memory: what `bench coldstart`
 * times from start to end, and what `bench memory` asks. Its one argument is a `TrainingTask` as JSON.
 */
import { readFileSync } from 'node:fs';
import { train } from '../index.js';
import { benchmarkModels, noise } from './models.js';
import type { TrainingTask } from './processes.js';

const task = JSON.parse(process.argv[2]!) as TrainingTask;
const { workload, batch, steps, epochs, workers, numerics } = task;
const { create, loss, optimizer } = benchmarkModels[workload];
const model = create();
const data = noise(model, batch * steps);
await train(model, { data, loss, optimizer, batch, epochs, workers, numerics });
console.log(peakBytes());

/**
 * Of resident memory. Linux hands the `maxRSS` of the process that started this one on to it, hence
 * the look into /proc where there is one.
 */
function peakBytes(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
