/** The messages between the page, which draws and takes pictures, and its engine, which reads, trains and predicts. */

/** Pictures of one class, each channels × height × width bytes. */
export interface TakenClass {
  readonly name: string;
  readonly pictures: readonly Uint8Array[];
}

/** How bytes of pictures become the numbers that the net was trained on. */
export type ScaleName = 'own' | 'imagenet' | 'unit' | 'signed' | 'bytes';

/** What the page asks for beside the file, where the file leaves it open. */
export interface Reading {
  /** The shape of one sample, `3,224,224`, where the file does not say it. */
  readonly shape?: string;
  /** The value up to which the file is read; default its outputs. */
  readonly output?: string;
}

export interface Learning {
  readonly classes: readonly TakenClass[];
  /** Everything but the new head keeps its weights. */
  readonly isFrozen: boolean;
  readonly epochs: number;
  readonly scale: ScaleName;
}

export type ToEngine =
  | { readonly kind: 'open'; readonly files: readonly File[]; readonly reading: Reading }
  /** A small net, trained on drawn digits and written as ONNX, for whom has no file. */
  | { readonly kind: 'example' }
  | ({ readonly kind: 'train' } & Learning)
  | { readonly kind: 'stop' }
  | { readonly kind: 'predict'; readonly picture: Uint8Array; readonly scale: ScaleName }
  | { readonly kind: 'save' };

export interface LayerAbout {
  readonly name: string;
  readonly kind: string;
  readonly shape: readonly number[];
  readonly parameters: number;
}

/** What was read of a file. */
export interface Opened {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly layers: readonly LayerAbout[];
  readonly parameters: number;
  readonly warnings: readonly string[];
  readonly classes?: readonly string[];
  /** Channels, height and width of the pictures it takes; absent if it takes something else. */
  readonly picture?: readonly [channels: 1 | 3, height: number, width: number];
  /** The layer that is replaced for other classes; absent if there is none that can be. */
  readonly head?: string;
  /** Whether the file says how pictures are scaled. */
  readonly hasScale: boolean;
}

export interface Trained {
  readonly classes: readonly string[];
  /** The pictures that were trained on. */
  readonly samples: number;
  /** The share of right answers on pictures that were held out, and their number; absent if there are too few. */
  readonly held?: { readonly accuracy: number; readonly count: number };
  /** The share of the held-out pictures (of all, if none are) that always saying the most frequent class gets right. */
  readonly baseline: number;
  readonly sha256: string;
}

export type FromEngine =
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'opened' } & Opened)
  /** What is being done, and how much of it is done, from 0 to 1; absent if that is not known. */
  | { readonly kind: 'progress'; readonly what: string; readonly done?: number }
  | ({ readonly kind: 'trained' } & Trained)
  | { readonly kind: 'prediction'; readonly scores: readonly number[] }
  | { readonly kind: 'saved'; readonly bytes: Uint8Array; readonly name: string }
  /** What could not be done, in sentences, and the way out. */
  | {
      readonly kind: 'refused';
      readonly of: ToEngine['kind'];
      readonly message: string;
      readonly hint?: string;
    };
