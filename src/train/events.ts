/**
 * The events of a run. Each is one record, the same whether it is yielded, handed to its callback, written as a line of
 * metrics.jsonl or printed by the command line. Steps are counted from 1; the `step` of an event is the last one
 * finished, unless it says otherwise. Methods of an event are left out where it becomes JSON.
 */
import type { MachineFigures, MachineNews } from '../crew/machines.js';
import type { Weights } from '../crew/session.js';
import type { LayerFigures, WeightFigures } from '../look/probe.js';
import type { Best, EpochRecord, Validation } from './history.js';
import type { TrainResult } from './result.js';

/** What scored samples are for: to choose by (`validation`), or to be tested on once (`test`); never both. */
export type Part = 'validation' | 'test';

/** A data set of the run; with a folder also what a resume compares. */
export interface RunData {
  readonly name: string;
  readonly samples: number;
  readonly [more: string]: unknown;
}

/** Everything is checked and allocated, and no step has run. A log has one such line for each time its run was resumed. */
export interface StartEvent {
  readonly event: 'start';
  /** ISO 8601. */
  readonly time: string;
  /** Lanewise's version. */
  readonly version: string;
  /** The option `name`. */
  readonly model: string;
  readonly parameters: number;
  /** The folder that the run is kept in, if any. */
  readonly folder?: string;
  /** The training data. */
  readonly data: RunData;
  /** The data of `valLoss`, `valAccuracy` and metrics, if any: test samples only if nothing is chosen by them. */
  readonly validation?: RunData & { readonly part: Part };
  /** The settings as plain data, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The step of the checkpoint from which the run goes on, if it was resumed. */
  readonly resumedAt?: number;
}

/** One step: an update by one minibatch. A line of the log sums up several steps. */
export interface StepEvent {
  readonly event: 'step';
  readonly step: number;
  readonly epoch: number;
  /** Mean over the samples, before the update; in the log, over all steps since the last such line. */
  readonly loss: number;
  /** Share of right answers over the same samples; absent where the loss knows no right answers. */
  readonly accuracy?: number;
  /** The learning rate of the step, for the parameters that are in no group. */
  readonly rate: number;
  /** Number of samples and their time; NaN where an earlier release's log does not say. */
  readonly samples: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Share of the time that reading data cost, 0 to 1: training waited, or decoders took its processors. */
  readonly waiting: number;
  /** Share of the time in which this machine waited for others, 0 to 1; only of a run whose steps are shared. */
  readonly wire?: number;
}

/** How far the run is, after each chunk of steps (about 150 ms, or `stepsPerEvent`). Not logged. */
export interface ProgressEvent {
  readonly event: 'progress';
  readonly step: number;
  readonly epoch: number;
  readonly epochs: number;
  /** Samples of the epoch processed so far. */
  readonly samplesDone: number;
  /** Samples per epoch. */
  readonly samples: number;
  /** Means over the epoch so far; the accuracy is absent where the loss knows no right answers. */
  readonly loss: number;
  readonly accuracy?: number;
  /** Throughput over the run so far; `waiting` is over the same time. */
  readonly imagesPerSecond: number;
  /** Share of the training time that reading data cost, 0 to 1. */
  readonly waiting: number;
  /** Estimated time until the run ends. */
  readonly secondsLeft: number;
  /** Of a run whose steps are shared with other machines. */
  readonly cluster?: MachineFigures;
}

/** Validation data was scored. */
export interface ValidationEvent extends Validation {
  readonly event: 'validation';
  readonly step: number;
  readonly epoch: number;
}

/** An epoch has ended, with the validation that was due after it. */
export interface EpochEvent extends EpochRecord {
  readonly event: 'epoch';
  readonly step: number;
  /** Time spent in the training steps of the epoch. */
  readonly seconds: number;
  /** Of a run whose steps are shared with other machines; `wire` is that of the whole epoch. */
  readonly cluster?: MachineFigures;
}

/** A look into the model: figures of its layers and weights. Runs with a folder have one at the start and after each epoch. */
export interface ProbeEvent {
  readonly event: 'probe';
  readonly step: number;
  readonly layers: readonly LayerFigures[];
  readonly weights: readonly WeightFigures[];
}

/** A checkpoint was written. */
export interface CheckpointEvent {
  readonly event: 'checkpoint';
  readonly step: number;
  readonly epoch: number;
  /** The file's name in the run's folder. */
  readonly file: string;
}

/** Something worth knowing that did not stop the run; after `start`, what a resume repeats or starts over. */
export interface WarningEvent {
  readonly event: 'warning';
  readonly step: number;
  readonly message: string;
}

/** A worker thread failed, or a machine was caught; the run went back to an earlier state and reaches the same result. */
export interface RecoveryEvent {
  readonly event: 'recovery';
  /** The step that failed. */
  readonly step: number;
  /** The steps finished in the state from which the run goes on; absent in logs of earlier releases. */
  readonly from?: number;
  readonly reason: string;
}

/** Something became of a machine that shares the run's steps. */
export interface MachineEvent extends MachineNews {
  readonly event: 'machine';
}

/** All steps are done, or the signal stopped them, and the checkpoint is written: a resume can redo the rest. Not logged. */
export interface TrainedEvent {
  readonly event: 'trained';
  readonly step: number;
  readonly interrupted: boolean;
}

/** The last event. With a folder, the model is saved and the report written. */
export interface DoneEvent {
  readonly event: 'done';
  readonly step: number;
  /** Time of the whole run; with a folder, it includes the runs that this one resumed. */
  readonly seconds: number;
  /** The hash of the trained model's weights. */
  readonly sha256: string;
  readonly numerics: string;
  /** Whether the signal stopped the run. */
  readonly interrupted: boolean;
  /** Why `earlyStopping` stopped the run. */
  readonly stopped?: string;
  readonly best?: Best;
  /** Names of the model and the report in the folder; absent without one, and if there was no step. */
  readonly file?: string;
  readonly report?: string;
  /** The hash of the run's receipt, if it kept one: two runs with the same took the same steps. */
  readonly receipt?: string;
}

/** The events that metrics.jsonl holds. */
export type LoggedEvent =
  | StartEvent
  | StepEvent
  | ValidationEvent
  | EpochEvent
  | ProbeEvent
  | CheckpointEvent
  | WarningEvent
  | RecoveryEvent
  | MachineEvent
  | DoneEvent;

/** The weights as they are until the run goes on (the average, if there is one), copied when called. */
interface Weighed {
  readonly weights: () => Weights;
}

/** The result of the run. */
interface Finished {
  /** The result that `train` resolves to. */
  readonly result: () => TrainResult;
}

/** The events of a run, by `event`, in the order in which they first occur. */
export type RunEvent =
  | (StartEvent & Weighed)
  | StepEvent
  | (ProgressEvent & Weighed)
  | ValidationEvent
  | (EpochEvent & Weighed)
  | ProbeEvent
  | CheckpointEvent
  | WarningEvent
  | RecoveryEvent
  | MachineEvent
  | TrainedEvent
  | (DoneEvent & Finished);

/** The events of a run, by name. */
export type EventName = RunEvent['event'];

/** The event with this name: `EventOf<'epoch'>`. */
export type EventOf<Name extends EventName> = Extract<RunEvent, { event: Name }>;

/** One callback for each event, named `on` and the event: `onEpoch(event)`. The run awaits what it returns. */
export type Callbacks = {
  readonly [Name in EventName as `on${Capitalize<Name>}`]?: (event: EventOf<Name>) => unknown;
};
