/** The way back when another machine's part of a step was wrong. */
import { LanewiseError } from '../base/errors.js';
import type { MachineCaught } from '../crew/worker-pool.js';
import type { RunEvent } from './events.js';
import { rollBack, takeSnapshot, type Run } from './live-run.js';

/**
 * Takes the run back to its newest state without a part of the machine that may be wrong, and returns what there is to say.
 * @throws LanewiseError kind 'engine' for a net so large that no copy is kept, if there is no checkpoint from before either.
 */
export async function leaveBehind(run: Run, caught: MachineCaught): Promise<readonly RunEvent[]> {
  const { machine, step, since, message: reason } = caught;
  const isGood = run.saved !== undefined && run.saved.state.step < since;
  if (!isGood && (await takeUpEarlier(run, since))) takeSnapshot(run);
  else if (run.saved) rollBack(run);
  else {
    run.isSpoiled = true;
    throw new LanewiseError(
      'engine',
      `${reason}: from step ${since} on the weights may hold wrong parts of it, and of so large a net no copy is kept`,
      run.options.earlier
        ? 'there is no checkpoint from before: start the run over (fresh: true)'
        : 'give a folder: a run goes back to its checkpoints',
      { cause: caught },
    );
  }
  run.savesAnew = true;
  const { step: from } = run.state;
  const recovery = { event: 'recovery', step, from, reason } as const;
  if (from < since) return [recovery];
  const message = `the weights may hold wrong parts of machine ${machine} from step ${since} on: no state from before is kept`;
  return [recovery, { event: 'warning', step: from, message }];
}

/** Goes on from the run's newest checkpoint before a step, if there is one. */
async function takeUpEarlier(run: Run, step: number): Promise<boolean> {
  const { session, settings, size, options } = run;
  const earlier = await options.earlier?.(step);
  if (!earlier) return false;
  run.state = earlier.takeUp(earlier, session, settings, size).state;
  run.orderOf = undefined;
  return true;
}
