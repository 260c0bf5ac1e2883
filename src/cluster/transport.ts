/**
 * What a cluster needs of a network: messages by subject, large contents by their SHA-256, and leases that tell who leads.
 * A transport in memory (for tests) and NATS implement it; nothing else of the cluster knows which it has.
 */

/** A message as it arrives. Its body is only valid until the handler returns. */
export interface Delivery {
  /** Words separated by dots; see subjects.ts. */
  readonly subject: string;
  readonly body: Uint8Array;
}

/** Whether the server can be reached; messages published while it cannot may be lost. */
export type LinkState = 'cut' | 'restored';

/** One end of a connection to the others: messages, contents and leases. */
export interface Transport {
  /** Who this end is to the server, a word: the user of its credentials, otherwise the name of its machine. */
  readonly user: string;
  /** Bytes of the largest body that may be published. */
  readonly maxBody: number;
  /** Sends a body, which is not empty and which nobody changes any more: those of `encode` are new. */
  publish(subject: string, body: Uint8Array): void;
  /**
   * Calls `hear` for each message whose subject matches `pattern` (`*` is one word, a last `>` is all that follow), in the
   * order in which each sender sent them. `hear` must return quickly: it notes, and computes later. Returns a function that ends it.
   */
  subscribe(pattern: string, hear: (delivery: Delivery) => void): () => void;
  /** Resolves when the server has taken all that was published; rejects if the link is cut meanwhile. */
  flush(): Promise<void>;
  /** Calls `onNone` if nobody listens to the subject: the process that did is gone. Nothing is called otherwise. */
  probe(subject: string, onNone: () => void): void;
  /** Calls `hear` when the link is cut, and when it is there again (subscriptions hold). */
  onLink(hear: (state: LinkState) => void): void;
  /** Calls `hear` with a sentence when the server does not permit what this end sends or listens to. */
  onRefused(hear: (reason: string) => void): void;
  readonly blobs: Blobs;
  readonly leases: Leases;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** Contents by the SHA-256 (64 hex digits) of their bytes. */
export interface Blobs {
  /** Whether they are stored. */
  has(sha256: string): Promise<boolean>;
  /** Stores them, whole, under their hash. */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /**
   * The bytes, whose hash has been checked.
   * @throws LanewiseError kind 'data' if there are none, they are not `bytes` long, or have another hash.
   */
  get(sha256: string, bytes: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** The right to lead something, until it is released or not renewed. */
export interface Lease {
  /** Grows with each taking of the name: messages of smaller epochs are old. */
  readonly epoch: number;
  /** Gives it back, for others to take at once. */
  release(): Promise<void>;
}

/** The rights to lead, by name. */
export interface Leases {
  /**
   * Takes the lease, which is then renewed by itself. One whose holder died is free after a few seconds, for which this waits;
   * `onLost` is called if another took it.
   * @throws LanewiseError kind 'platform' naming the holder, if somebody keeps it.
   */
  take(name: string, holder: string, onLost: (holder: string) => void): Promise<Lease>;
}
