/** Writes to a log as fast as it can, until it is killed. */
import { openMetricsLog } from '../../src/runs/metrics-log.js';
import { stepEvent } from './sample-events.js';

const log = openMetricsLog(process.argv[2]!);
for (let step = 1; ; step++) {
  log.write(stepEvent(step));
  if (step === 100) console.log('written');
  if (step % 100 === 0) await new Promise(setImmediate);
}
