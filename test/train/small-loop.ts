/** A loop of eight steps, in a process of its own: a step that fails is taken again from the state before it. */
import { digits } from '../../src/data/digits/index.js';
import { subset } from '../../src/data/subset.js';
import { lenet5 } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { createStepper } from '../../src/train/stepper.js';

const data = digits({ count: 96 });
const stepper = await createStepper(lenet5(), {
  optimizer: adam({ lr: 0.003 }),
  batch: 48,
  workers: 2,
  numerics: 'strict',
});
const messages: string[] = [];
const note = (error: unknown) => void messages.push((error as Error).message);
while (stepper.steps < 8) {
  const from = (stepper.steps % 2) * 48;
  const batch = subset(
    data,
    Array.from({ length: 48 }, (_, i) => from + i),
  );
  const before = stepper.steps > 0 ? await stepper.state() : undefined;
  try {
    await stepper.step(batch);
  } catch (error) {
    note(error);
    await stepper.step(batch).catch(note);
    await stepper.restore(before!);
  }
}
const sha256 = await (await stepper.model()).sha256();
await stepper.close();
console.log(JSON.stringify({ messages, sha256 }));
