/** What the samples of a run's figures are, so that logs and reports call them by the right name. */
import type { AnyDataset } from '../data/dataset.js';
import type { Part } from '../train/events.js';
import type { ResolvedSettings } from '../train/settings.js';

/** Figures of the training samples: what goes by them does not choose by others. */
const OF_TRAINING: readonly unknown[] = ['loss', 'accuracy'];

/** Whether the run chooses something by its validation data: its weights, its end or its learning rate. */
function chooses({ monitor, schedule }: ResolvedSettings): boolean {
  if (monitor && !OF_TRAINING.includes(monitor.name)) return true;
  const follows = typeof schedule === 'string' ? undefined : schedule.follows;
  return follows !== undefined && !OF_TRAINING.includes(follows);
}

/** What a run's figures of validation data are of: test samples if it is given the same for both, and chooses nothing by them. */
export const partScored = (
  validation: AnyDataset | undefined,
  test: AnyDataset | undefined,
  settings: ResolvedSettings,
): Part => (validation && validation === test && !chooses(settings) ? 'test' : 'validation');
