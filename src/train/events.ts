/**
 * What a run tells of itself. Each happening is one record, the same whether it is yielded, handed to its callback,
 * written as a line of metrics.jsonl or printed by the command line. Steps are counted from 1; the `step` of an event
 * is the last one finished, unless it says otherwise. What can be called on an event is left out where it becomes JSON.
 */
import type { Weights } from '../crew/session.js';
import type { LayerFigures, WeightFigures } from '../look/probe.js';
import type { Best, EpochRecord, Validation } from './history.js';
import type { TrainResult } from './result.js';

/** Samples to choose by, or to be tested on once; none are both. */
export type Part = 'validation' | 'test';

/** A data set of the run; with a folder also what a resume compares of it. */
export interface RunData {
  readonly name: string;
  readonly samples: number;
  readonly [more: string]: unknown;
}

/** Everything is checked and allocated, and no step has run. A log has one such line for each time that its run was resumed. */
export interface StartEvent {
  readonly event: 'start';
  /** ISO 8601. */
  readonly time: string;
  /** The version of Lanewise. */
  readonly version: string;
  /** The option `name`. */
  readonly model: string;
  readonly parameters: number;
  /** Where the run is kept, if it is. */
  readonly folder?: string;
  /** The data trained on. */
  readonly data: RunData;
  /** What `valLoss`, `valAccuracy` and metrics are of, if there is any: test samples only if nothing is chosen by them. */
  readonly validation?: RunData & { readonly part: Part };
  /** As plain data, by the names of the settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The step of the checkpoint from which the run goes on, if it was resumed. */
  readonly resumedAt?: number;
}

/** One step: an update by one minibatch. A line of the log is several of them, as one. */
export interface StepEvent {
  readonly event: 'step';
  readonly step: number;
  readonly epoch: number;
  /** The mean over the samples, before the update; in the log over those of all steps since the last such line. */
  readonly loss: number;
  /** The same; absent where the loss knows no right answers. */
  readonly accuracy?: number;
  /** The learning rate of the step, for the parameters that are in no group. */
  readonly rate: number;
  /** How many there were, and how long they took; NaN where a log of before does not say. */
  readonly samples: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Share of the time that reading data has cost, 0 to 1: training waited, or decoders took its processors. */
  readonly waiting: number;
}

/** How far the run is, after each chunk of steps (some 150 ms, or `stepsPerEvent`). Not in the log. */
export interface ProgressEvent {
  readonly event: 'progress';
  readonly step: number;
  readonly epoch: number;
  readonly epochs: number;
  /** Samples of the epoch that are done. */
  readonly samplesDone: number;
  /** Samples per epoch. */
  readonly samples: number;
  /** Means over the epoch so far; the accuracy is absent where the loss knows no right answers. */
  readonly loss: number;
  readonly accuracy?: number;
  /** Over the run so far, as is `waiting`. */
  readonly imagesPerSecond: number;
  /** Share of the training time that reading data has cost, 0 to 1. */
  readonly waiting: number;
  /** Until the run ends, estimated. */
  readonly secondsLeft: number;
}

/** Validation data was scored between epochs. */
export interface ValidationEvent extends Validation {
  readonly event: 'validation';
  readonly step: number;
  readonly epoch: number;
}

/** An epoch has ended, and the validation that was due after it. */
export interface EpochEvent extends EpochRecord {
  readonly event: 'epoch';
  readonly step: number;
  /** Time spent in the training steps of the epoch. */
  readonly seconds: number;
}

/** A look into the model: figures of its layers and weights. Of runs with a folder, at their start and after each epoch. */
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
  /** Its name in the folder of the run. */
  readonly file: string;
}

/** Something that one should know, and that did not stop the run; after `start`, what a resume repeats or begins anew. */
export interface WarningEvent {
  readonly event: 'warning';
  readonly step: number;
  readonly message: string;
}

/** A worker thread failed; the run went back to a state that it knows, and comes to the same result. */
export interface RecoveryEvent {
  readonly event: 'recovery';
  /** The step that failed. */
  readonly step: number;
  readonly reason: string;
}

/** The steps are done, or the signal has ended them, and the checkpoint is written: resuming can do again what is left. Not in the log. */
export interface TrainedEvent {
  readonly event: 'trained';
  readonly step: number;
  readonly interrupted: boolean;
}

/** The last event. With a folder, the model is saved and the report written. */
export interface DoneEvent {
  readonly event: 'done';
  readonly step: number;
  /** Time of the whole run; with a folder, that of the runs which this one goes on with is part of it. */
  readonly seconds: number;
  /** The hash of the trained model's weights. */
  readonly sha256: string;
  readonly numerics: string;
  /** Whether the signal has ended the run. */
  readonly interrupted: boolean;
  /** Why `earlyStopping` has ended it. */
  readonly stopped?: string;
  readonly best?: Best;
  /** The model and the report by their names in the folder; absent if there is none, as before a first step. */
  readonly file?: string;
  readonly report?: string;
}

/** What a line of metrics.jsonl says. */
export type LoggedEvent =
  | StartEvent
  | StepEvent
  | ValidationEvent
  | EpochEvent
  | ProbeEvent
  | CheckpointEvent
  | WarningEvent
  | RecoveryEvent
  | DoneEvent;

/** The weights as they are until the run goes on: the average's where there is one. Copied when called. */
interface Weighed {
  readonly weights: () => Weights;
}

/** What the run has led to. */
interface Finished {
  /** The result that `train` resolves to. */
  readonly result: () => TrainResult;
}

/** What happens in a run, by `event`; in the order in which it first happens. */
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
  | TrainedEvent
  | (DoneEvent & Finished);

/** What happens in a run, by name. */
export type EventName = RunEvent['event'];

/** The event of a name: `EventOf<'epoch'>`. */
export type EventOf<Name extends EventName> = Extract<RunEvent, { event: Name }>;

/** For each happening a callback, `on` and its name: `onEpoch(event)`. The run waits for what it returns. */
export type Callbacks = {
  readonly [Name in EventName as `on${Capitalize<Name>}`]?: (event: EventOf<Name>) => unknown;
};
