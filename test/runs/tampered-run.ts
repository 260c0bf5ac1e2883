/** Receipts of runs of which one step was tampered with, for tests of disputes. */
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { arrays } from '../../src/data/arrays.js';
import { linear, relu, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { describeRun } from '../../src/train/describe-run.js';
import { trainingLoop } from '../../src/train/loop.js';
import type { ReceiptKeeper } from '../../src/train/receipt.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import type { TrainSettings } from '../../src/train/settings.js';
import type { Session } from '../../src/crew/session.js';
import { openWriter } from '../../src/runs/receipt-file.js';
import { EVERY } from '../../src/runs/receipt-format.js';
import { createKeeper } from '../../src/runs/receipt-keeper.js';
import { runHash } from '../../src/runs/run-receipt.js';
import { numbers } from '../support/numbers.js';

export const model = sequential([linear(6, 5), relu(), linear(5, 3)], { input: [6] });

const SAMPLES = 1000;
const BATCH = 4;

/** A run of so many steps, 250 an epoch. */
export const settingsOf = (steps: number, seed = 1): TrainSettings => ({
  data: arrays({
    samples: numbers(SAMPLES * 6, 7),
    labels: Uint8Array.from({ length: SAMPLES }, (_, i) => (i * 5) % 3),
    shape: [6],
  }),
  optimizer: adam({ lr: 0.01 }),
  epochs: steps / (SAMPLES / BATCH),
  batch: BATCH,
  shards: 2,
  workers: 0,
  numerics: 'strict',
  seed,
});

/** What is tampered with before a step. */
export type Tampering = 'weights' | 'state' | 'samples';

export interface Tampered {
  readonly step: number;
  readonly how: Tampering;
  /** A number that the place follows from. */
  readonly place: number;
}

/** Flips a bit of an array's mantissa that rounding does not lose. */
function flip(values: Float32Array, place: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  words[place % words.length]! ^= 1 << 21;
}

/** A keeper whose session is tampered with before a step. */
function tampering(keeper: ReceiptKeeper, { step, how, place }: Tampered): ReceiptKeeper {
  let isDue = false;
  let order = new Uint32Array(0);
  let session: Session;
  const alterOrder = () => {
    const altered = order.slice();
    const first = ((step - 1) * BATCH) % altered.length;
    // One of another minibatch in place of one of this.
    const other = first + BATCH + (place % (altered.length - BATCH));
    altered[first + (place % BATCH)] = altered[other % altered.length]!;
    session.writeOrder(altered);
  };
  const tamper = () => {
    if (how === 'samples') {
      isDue = true;
      if (order.length > 0) alterOrder();
    } else if (how === 'weights') flip([...session.viewWeights().values()][place % 4]!, place);
    else flip([...session.viewState().values()][place % 4]!, place);
  };
  return {
    ...keeper,
    async begin(own, at) {
      session = own;
      await keeper.begin(own, at);
      if (step === 1) tamper();
    },
    writeOrder(given) {
      order = given!.slice();
      keeper.writeOrder(given);
      if (isDue) alterOrder();
    },
    async add(own, taken) {
      await keeper.add(own, taken);
      isDue = false;
      if (taken.before + taken.metrics.length === step - 1) tamper();
    },
  };
}

/** Trains, and resolves to the path of the receipt; a step may be tampered with. */
export async function receiptOf(
  folder: string,
  settings: TrainSettings,
  tampered?: Tampered,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'receipt');
  const resolved = resolveSettings(model, settings);
  const run = await runHash(await describeRun(model, resolved));
  const writer = openWriter(path, { run, every: EVERY });
  const honest = createKeeper(writer, resolved, () => Promise.resolve());
  const receipt = tampered ? tampering(honest, tampered) : honest;
  const stepsPerEvent = tampered && tampered.step > 1 ? { stepsPerEvent: tampered.step - 1 } : {};
  for await (const _ of trainingLoop(model, resolved, { receipt, ...stepsPerEvent }));
  honest.flush();
  writer.close();
  return path;
}
