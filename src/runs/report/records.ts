/** A run's events sorted by kind. For a log of several runs in one folder, these are the last run's. */
import type {
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  ProbeEvent,
  LoggedEvent,
  MachineEvent,
  StartEvent,
  StepEvent,
  ValidationEvent,
} from '../../train/events.js';
import type { MachineFigures } from '../../crew/machines.js';
import type { Part } from '../../train/events.js';

/** The figures of a validation, between epochs or at the end of one. */
export type Validated = Partial<Pick<ValidationEvent, 'valLoss' | 'valAccuracy' | 'metrics'>> & {
  readonly step: number;
};

/** An epoch whose steps machines shared, with the steps that its totals are of. */
export interface SharedEpoch {
  readonly steps: number;
  readonly cluster: MachineFigures;
}

export interface RunRecords {
  readonly start: StartEvent | undefined;
  /** The role of the samples that `validations` score. */
  readonly part: Part;
  readonly steps: readonly StepEvent[];
  readonly epochs: readonly EpochEvent[];
  /** All validations, with those of epochs. */
  readonly validations: readonly Validated[];
  readonly probes: readonly ProbeEvent[];
  readonly checkpoints: readonly CheckpointEvent[];
  /** What machines did that shared steps. */
  readonly machines: readonly MachineEvent[];
  /** The last epoch with figures of machines in each process that the run took: totals begin anew in each. */
  readonly shared: readonly SharedEpoch[];
  /** How often the run was resumed. */
  readonly resumes: number;
  readonly done: DoneEvent | undefined;
  /** The step of the last event. */
  readonly lastStep: number;
}

/** Steps that a resumed run repeated count once: what was logged after the step it resumed at is dropped. */
export function recordsOf(events: readonly LoggedEvent[]): RunRecords {
  const first = events.findLastIndex((e) => e.event === 'start' && e.resumedAt === undefined);
  let kept: LoggedEvent[] = [];
  for (const event of events.slice(Math.max(0, first))) {
    if (event.event === 'start' && event.resumedAt !== undefined) {
      const { resumedAt } = event;
      kept = kept.filter((e) => e.event === 'start' || (e.event !== 'done' && e.step <= resumedAt));
    }
    kept.push(event);
  }
  const of = <K extends LoggedEvent['event']>(kind: K) =>
    kept.filter((event): event is Extract<LoggedEvent, { event: K }> => event.event === kind);
  const starts = of('start');
  return {
    start: starts.at(-1),
    part: starts.at(-1)?.validation?.part ?? 'validation',
    steps: of('step'),
    epochs: of('epoch'),
    validations: kept.filter((e) => e.event === 'epoch' || e.event === 'validation'),
    probes: of('probe'),
    checkpoints: of('checkpoint'),
    machines: of('machine'),
    shared: sharedEpochs(kept),
    resumes: starts.filter(({ resumedAt }) => resumedAt !== undefined).length,
    done: of('done').at(-1),
    lastStep: kept.reduce((most, e) => (e.event === 'start' ? most : Math.max(most, e.step)), 0),
  };
}

function sharedEpochs(events: readonly LoggedEvent[]): SharedEpoch[] {
  const found: SharedEpoch[] = [];
  let first = 0;
  let last: SharedEpoch | undefined;
  for (const event of events) {
    if (event.event === 'start') {
      if (last) found.push(last);
      last = undefined;
      first = event.resumedAt ?? 0;
    }
    if (event.event === 'epoch' && event.cluster)
      last = { steps: event.step - first, cluster: event.cluster };
  }
  return last ? [...found, last] : found;
}
