/** Writes 100 lines to a log in spite of failures, and prints the warnings. */
import { openMetricsLog } from '../../src/runs/metrics-log.js';
import { stepEvent } from './sample-events.js';

const log = openMetricsLog(process.argv[2]!, { onError: ({ message }) => console.log(message) });
for (let step = 1; step <= 100; step++) log.write(stepEvent(step));
log.close();
console.log(log.lost);
