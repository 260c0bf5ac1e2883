/**
 * A run of a second, to be disturbed: one linear layer on digits, into a folder if one is given; with `hidden` two, of so
 * many units between them. Prints its events as JSON lines, and the error that it ends with.
 *   node small-run.js '{"folder":"runs/a","resume":true,"everySteps":1,"logEvery":1}'
 */
import type * as Lanewise from '../../src/index.js';

// As users have it: the bundle loads in a third of the time of its sources, a file each.
const bundle = new URL('../../src/bundle/index.js', import.meta.url).href;
const { adam, digits, dropout, flatten, LanewiseError, linear, relu, sequential, trainEvents } =
  (await import(bundle)) as typeof Lanewise;

interface Options {
  readonly folder?: string;
  readonly hidden?: number;
  readonly count?: number;
  readonly resume?: boolean;
  readonly fresh?: boolean;
  readonly report?: boolean;
  readonly epochs?: number;
  readonly workers?: number;
  readonly logEvery?: number;
  readonly everySteps?: number;
}

const {
  everySteps,
  epochs = 2,
  workers = 0,
  hidden,
  count = 640,
  ...options
} = JSON.parse(process.argv[2]!) as Options;
const say = (line: object) => console.log(JSON.stringify(line));

const model = sequential(
  {
    flat: flatten(),
    drop: dropout(0.2),
    ...(hidden ? { hidden: linear(784, hidden), act: relu() } : {}),
    dense: linear(hidden ?? 784, 10),
  },
  { input: [1, 28, 28] },
);
const settings = {
  data: digits({ count, seed: 1 }),
  validation: digits({ count: 64, seed: 1, first: 10_000 }),
  optimizer: adam({ lr: 0.002 }),
  epochs,
  batch: 32,
  workers,
};
try {
  for await (const event of trainEvents(model, settings, {
    report: false,
    stepsPerEvent: 1,
    ...options,
    ...(options.folder ? { checkpoints: everySteps === undefined ? {} : { everySteps } } : {}),
  })) {
    if (!['progress', 'epoch', 'probe'].includes(event.event)) say(event);
  }
} catch (error) {
  if (!(error instanceof LanewiseError)) throw error;
  say({ event: 'error', message: error.message, hint: error.hint });
  process.exitCode = 1;
}
