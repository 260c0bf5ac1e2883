// The command line of run.mjs.
import { parseArgs } from 'node:util';
import { peers } from './peers.mjs';
import { workloads } from './workloads.mjs';

export const usage = `npm run bench:peers -- [options]
  --workloads A,B   of ${workloads.join(', ')} (all)
  --peers A,B       of ${Object.keys(peers).join(', ')} (all)
  --threads 1,2     how many, one table each (1,2)
  --seconds N       to spend on a measurement (2)
  --rounds N        measurements of a workload and peer, the median counts (3)
  --cores 0,1       to pin to: as many of them as threads; none: no pinning (0,1)
  --python PATH     for PyTorch and numpy (/usr/bin/python3)
  --json FILE       every measurement and every row, as one JSON object
  --help`;

const flags = {
  workloads: { type: 'string', default: workloads.join() },
  peers: { type: 'string', default: Object.keys(peers).join() },
  threads: { type: 'string', default: '1,2' },
  seconds: { type: 'string', default: '2' },
  rounds: { type: 'string', default: '3' },
  cores: { type: 'string', default: '0,1' },
  python: { type: 'string', default: '/usr/bin/python3' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
};

function names(option, text, known) {
  const chosen = text.split(',').filter(Boolean);
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown) throw new Error(`--${option}: unknown '${unknown}', expected ${known.join(', ')}`);
  return chosen;
}

function wholeNumber(option, text, least) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${option} is '${text}', expected a whole number from ${least}`);
}

/** @throws Error that names the option, the value found and what was expected. */
export function parseOptions(args) {
  const { values } = parseArgs({ args, options: flags });
  const numbers = (option, least) =>
    values[option]
      .split(',')
      .filter((text) => text && text !== 'none')
      .map((text) => wholeNumber(option, text, least));
  return {
    ...values,
    workloads: names('workloads', values.workloads, workloads),
    peers: names('peers', values.peers, Object.keys(peers)),
    threads: numbers('threads', 1),
    cores: numbers('cores', 0),
    seconds: wholeNumber('seconds', values.seconds, 1),
    rounds: wholeNumber('rounds', values.rounds, 1),
  };
}
