/**
 * A run of a second, to be disturbed: one linear layer on digits, into a folder if one is given; with `hidden` two, of so
 * many units between them. As a program it prints its events as JSON lines, and the error that it ends with.
 *   node small-run.js '{"folder":"runs/a","resume":true,"everySteps":1,"logEvery":1}'
 */
import { fileURLToPath } from 'node:url';
import type * as Lanewise from '../../src/index.js';

// As users have it: the bundle loads in a third of the time of its sources, a file each.
const bundle = new URL('../../src/bundle/index.js', import.meta.url).href;
const { adam, digits, dropout, flatten, LanewiseError, linear, relu, sequential, trainEvents } =
  (await import(bundle)) as typeof Lanewise;

export interface Options {
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

/** Runs it in this process; resolves to whether it came to its end. */
export async function runSmall(
  { everySteps, epochs = 2, workers = 0, hidden, count = 640, ...options }: Options,
  say: (line: object) => void,
): Promise<boolean> {
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
    // Of processes with and without relaxed SIMD.
    numerics: 'strict',
  } as const;
  try {
    for await (const event of trainEvents(model, settings, {
      report: false,
      stepsPerEvent: 1,
      ...options,
      ...(options.folder ? { checkpoints: everySteps === undefined ? {} : { everySteps } } : {}),
    })) {
      if (!['progress', 'epoch', 'probe'].includes(event.event)) say(event);
    }
    return true;
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    say({ event: 'error', message: error.message, hint: error.hint });
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = JSON.parse(process.argv[2]!) as Options;
  const isWhole = await runSmall(options, (line) => console.log(JSON.stringify(line)));
  process.exitCode = isWhole ? 0 : 1;
}
