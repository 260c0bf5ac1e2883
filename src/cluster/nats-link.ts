/** Whether a connection's server can be reached, what it refuses, and waiting that ends with the link. */
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { setImmediate } from 'node:timers';
import type { LinkState, Transport } from './transport.js';

/** Calls a handler; what it throws is an error of the program, and must not break the connection's reader. */
export function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** Waits for an answer, which does not come any more when the link is cut: it then rejects. */
export type OrCut = <T>(answer: Promise<T>) => Promise<T>;

/** The link of a connection to its server. */
export interface Link extends Pick<Transport, 'onLink' | 'onRefused'> {
  isCut(): boolean;
  readonly orCut: OrCut;
  /** Tells no more. */
  end(): void;
}

/** Follows the status of a connection. */
export function watchLink(nc: NatsConnection): Link {
  const hearers = new Set<(state: LinkState) => void>();
  const refused = new Set<(reason: string) => void>();
  /** Ends the waiting for each answer. */
  const waiting = new Set<() => void>();
  let state: LinkState = 'restored';
  const become = (next: LinkState): void => {
    if (next === state) return;
    state = next;
    if (next === 'cut') for (const give of waiting) give();
    for (const hear of hearers) attempt(() => hear(next));
  };
  const follow = (status: Status): void => {
    if (status.type === 'disconnect' || status.type === 'close') become('cut');
    else if (status.type === 'reconnect') become('restored');
    else if (status.type === 'error') {
      const { operation, subject } = status.error as { operation?: string; subject?: string };
      // Other errors of the server come with a cut.
      if (operation === undefined) return;
      const what = operation === 'publish' ? 'send to' : 'listen to';
      for (const hear of refused)
        attempt(() => hear(`the server does not permit this user to ${what} ${subject}`));
    }
  };
  const read = async (): Promise<void> => {
    for await (const status of nc.status()) follow(status);
  };
  void read().catch(() => become('cut'));
  return {
    isCut: () => state === 'cut',
    orCut: (answer) =>
      new Promise((resolve, reject) => {
        const give = (): void => reject(new Error('the link is cut'));
        waiting.add(give);
        answer.then(resolve, reject).finally(() => waiting.delete(give));
        if (state === 'cut') give();
      }),
    onLink: (hear) => void hearers.add(hear),
    onRefused: (hear) => void refused.add(hear),
    end() {
      hearers.clear();
      refused.clear();
    },
  };
}
