/** Decides whether a run's figures are of validation or of test samples, so that logs and reports name them correctly. */
import type { AnyDataset } from '../data/dataset.js';
import type { Part } from '../train/events.js';
import type { ResolvedSettings } from '../train/settings.js';

/** Figures of the training samples: choosing by these is not choosing by others. */
const OF_TRAINING: readonly unknown[] = ['loss', 'accuracy'];

/** Whether the run chooses something by its validation data: its weights, its end or its learning rate. */
function chooses({ monitor, schedule }: ResolvedSettings): boolean {
  if (monitor && !OF_TRAINING.includes(monitor.name)) return true;
  const follows = typeof schedule === 'string' ? undefined : schedule.follows;
  return follows !== undefined && !OF_TRAINING.includes(follows);
}

/** The role of a run's validation data: `test` if both are the same data and nothing is chosen by them. */
export const partScored = (
  validation: AnyDataset | undefined,
  test: AnyDataset | undefined,
  settings: ResolvedSettings,
): Part => (validation && validation === test && !chooses(settings) ? 'test' : 'validation');
