/**
 * A process that trains through the public API and prints its peak of memory. `bench coldstart`
 * times it from start to end, and `bench memory` reads the peak. Its one argument is a `TrainingTask` as JSON.
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
 * The peak of resident memory. On Linux a process inherits the `maxRSS` of the one that started it, so
 * /proc is read if there is one.
 */
function peakBytes(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
