/** What both the planner of a run and its workers know of a plan's regions; workers load nothing else of the planner. */
import type { RunPlan } from './run-plan.js';

/** Regions that a run's first step would be the first to write; each worker has a part of them. */
export const TOUCHED: readonly string[] = ['state', 'gradients', 'activations', 'workspace'];

/** Bytes of a slot of gradients. */
export const slotBytes = ({ parameters, update }: Pick<RunPlan, 'parameters' | 'update'>): number =>
  parameters.gradientBytes - (update?.atOnceBytes ?? 0);
