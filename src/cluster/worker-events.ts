/** What happens at a worker, for its person. */
export type WorkerEvent =
  /** It is at the server, by the name that coordinators show. */
  | { readonly kind: 'connected'; readonly name: string; readonly threads: number }
  /** The server cannot be reached, or can be again. */
  | { readonly kind: 'link'; readonly state: 'cut' | 'restored' }
  /** It computes steps of a run, with so many bytes of memory. */
  | { readonly kind: 'joined'; readonly run: string; readonly memory: number }
  /** One of the two does not want the other in this run. */
  | {
      readonly kind: 'refused';
      readonly run: string;
      readonly by: 'worker' | 'coordinator';
      readonly reason: string;
      readonly hint?: string;
    }
  /** It has computed samples of a step, counted from 0. */
  | {
      readonly kind: 'computed';
      readonly run: string;
      readonly step: number;
      readonly samples: number;
      readonly ms: number;
    }
  /** The coordinator has not been heard of for five seconds, or is heard again. */
  | { readonly kind: 'silent' | 'heard'; readonly run: string }
  /** The run is over here. */
  | { readonly kind: 'left'; readonly run: string; readonly reason: string }
  /** What it was sent could not be kept on the disk, and will be sent again for the next run. */
  | { readonly kind: 'unkept'; readonly reason: string }
  /** A message was none of a coordinator's. */
  | { readonly kind: 'ignored'; readonly reason: string };
