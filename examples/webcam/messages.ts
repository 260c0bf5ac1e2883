/** The messages between the page, which draws and takes pictures, and its engine, which trains and predicts. */

/** Height and width of the pictures. */
export const SIDE = 48;

/** Pictures of one class, each 3 × SIDE × SIDE bytes. */
export interface TakenClass {
  readonly name: string;
  readonly pictures: readonly Uint8Array[];
}

export type ToEngine =
  | { readonly kind: 'train'; readonly classes: readonly TakenClass[] }
  | { readonly kind: 'stop' }
  | { readonly kind: 'predict'; readonly picture: Uint8Array }
  | { readonly kind: 'save' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'load'; readonly file: File };

export type FromEngine =
  /** The engine can be used; `classes` are those of the model that an earlier visit left. */
  | { readonly kind: 'ready'; readonly classes?: readonly string[] }
  /** What is being done, and how much of it is done, from 0 to 1. */
  | { readonly kind: 'progress'; readonly what: string; readonly done: number }
  | {
      readonly kind: 'trained';
      readonly classes: readonly string[];
      /** The share of right answers on pictures that were held out, and their number; absent if there are too few. */
      readonly held?: { readonly accuracy: number; readonly count: number };
      /** The share that always saying the most frequent class gets right. */
      readonly baseline: number;
      readonly sha256: string;
    }
  | { readonly kind: 'prediction'; readonly scores: readonly number[] }
  | { readonly kind: 'saved'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly message: string };
