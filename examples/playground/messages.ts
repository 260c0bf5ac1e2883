/** The messages between the page and its engine worker: plain data, and files. */
import type { Runtime } from 'lanewise';

/** One row of the layer editor: a kind, and the settings that do not follow from the layer before. */
export interface LayerChoice {
  readonly kind: string;
  readonly settings: Readonly<Record<string, number>>;
}

export type ModelChoice =
  | { readonly kind: 'lenet5' | 'mlp' | 'loaded' }
  | { readonly kind: 'layers'; readonly layers: readonly LayerChoice[] };

/** Generated digits, or the files that were opened last. */
export type DataChoice =
  { readonly kind: 'digits'; readonly count: number } | { readonly kind: 'files' };

export interface TrainChoice {
  readonly model: ModelChoice;
  readonly data: DataChoice;
  readonly optimizer: 'momentum' | 'adam' | 'sgd';
  readonly learningRate: number;
  readonly schedule: 'linear' | 'constant';
  readonly batch: number;
  readonly epochs: number;
  readonly workers: number;
  readonly seed: number;
}

/** The subject of a refusal, which says where on the page it is shown. */
export type Subject = 'engine' | 'train' | 'data' | 'model' | 'file' | 'predict';

export type ToEngine =
  | { readonly kind: 'check'; readonly layers: readonly LayerChoice[] }
  | { readonly kind: 'open'; readonly files: readonly File[] }
  | { readonly kind: 'train'; readonly choice: TrainChoice }
  | { readonly kind: 'pause' | 'resume' | 'stop' | 'save' | 'sample' }
  | { readonly kind: 'load'; readonly file: File }
  | { readonly kind: 'predict'; readonly id: number; readonly pixels: Uint8Array };

/** How the engine runs here. */
export type EngineFacts = Runtime;

/** What the editor shows beside a layer: its output, or the reason why it is not possible. */
export interface CheckedLayer {
  readonly shape?: readonly number[];
  readonly error?: string;
}

/** Means over some steps, at the end of them. */
export interface CurvePoint {
  /** The place in the run, in epochs. */
  readonly at: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** The share of the whole run that is done, 0 … 1. */
  readonly share: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

/** The weights of the first layer's filters, one after another, each height × width (the first channel's). */
export interface Filters {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array<ArrayBuffer>;
}

/** Figures of the validation samples. */
export interface Validation {
  readonly loss: number;
  readonly accuracy: number;
  readonly samples: number;
  readonly classes: readonly string[];
  /** counts[truth][predicted] */
  readonly counts: readonly (readonly number[])[];
}

export interface ModelFacts {
  readonly name: string;
  readonly parameters: number;
}

export type FromEngine =
  | { readonly kind: 'ready'; readonly facts: EngineFacts }
  | {
      readonly kind: 'checked';
      readonly layers: readonly CheckedLayer[];
      readonly parameters?: number;
    }
  | {
      readonly kind: 'opened';
      readonly name: string;
      readonly training: number;
      readonly validation: number;
    }
  | { readonly kind: 'preparing'; readonly done: number; readonly total: number }
  | { readonly kind: 'started'; readonly model: ModelFacts; readonly validation: number }
  | {
      readonly kind: 'progress';
      readonly progress: Progress;
      readonly points: readonly CurvePoint[];
      readonly filters?: Filters;
    }
  | { readonly kind: 'validated'; readonly at: number; readonly validation: Validation }
  | {
      readonly kind: 'finished';
      readonly isStopped: boolean;
      readonly seconds: number;
      readonly sha256: string;
    }
  | { readonly kind: 'saved'; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: 'loaded';
      readonly name: string;
      readonly model: ModelFacts;
      readonly sha256: string;
      readonly filters?: Filters;
      readonly validation?: Validation;
    }
  | { readonly kind: 'sample'; readonly pixels: Uint8Array<ArrayBuffer>; readonly label: string }
  | {
      readonly kind: 'prediction';
      readonly id: number;
      readonly classes: readonly string[];
      readonly scores: readonly number[];
    }
  | {
      readonly kind: 'refused';
      readonly about: Subject;
      readonly message: string;
      readonly hint?: string;
    };
