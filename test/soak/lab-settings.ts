/**
 * Every setting of every lab, changed alone in a small form: what the lab finds has to change, or the value has to be refused.
 * `npm run soak` runs it.
 *   node dist/test/soak/lab-settings.js [lab …]
 */
import { labNames } from '../support/lab.js';
import { effectsOf } from '../support/lab-settings.js';

const asked = process.argv.slice(2);
let idle = 0;
for (const name of asked.length > 0 ? asked : labNames()) {
  for (const { setting, value, effect, reason } of await effectsOf(name)) {
    if (effect === 'none') idle++;
    const said = reason === undefined ? effect : `${effect}: ${reason}`;
    console.log(`${name} ${setting}=${String(value)}: ${said}`);
  }
}
console.log(`${idle} settings had no effect`);
process.exitCode = idle > 0 ? 1 : 0;
