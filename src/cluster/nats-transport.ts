/**
 * A cluster's messages over a NATS server. Nothing has headers (they count towards the server's largest payload), and no
 * message is acknowledged: what is lost is asked for again by who needs it.
 *
 * What the server bears, with its defaults: it keeps up to 64 MB (`max_pending`) for a connection that does not read, and
 * closes it as a slow consumer beyond, or when one write has waited for 10 s (`write_deadline`). Who sends has to stay
 * below that with what is on the way to one receiver.
 */
import type { Msg, NatsConnection, Status } from '@nats-io/transport-node';
import { setImmediate } from 'node:timers';
import { LanewiseError } from '../base/errors.js';
import { createNatsBlobs } from './nats-blobs.js';
import { createNatsRegister } from './nats-leases.js';
import { createLeases } from './hold-lease.js';
import { WORD, inboxPrefix } from './subjects.js';
import type { LinkState, Transport } from './transport.js';

/** Code of the server's answer to a request that nobody hears. */
const NOBODY = 503;

/** A connection as a transport of a user, which closes it at its end. */
export function createNatsTransport(nc: NatsConnection, user: string): Transport {
  const maxBody = nc.info!.max_payload;
  const link = watchLink(nc);
  const probes = createProbes(nc, user);
  const leases = createLeases(createNatsRegister(nc));
  return {
    user,
    maxBody,
    publish(subject, body) {
      if (body.length > maxBody)
        throw new LanewiseError(
          'argument',
          `a message to ${subject} has ${body.length} bytes, expected at most ${maxBody}`,
        );
      // The library would keep what is published while the link is cut, without bound.
      if (!link.isCut()) nc.publish(subject, body);
    },
    subscribe(pattern, hear) {
      const subscription = nc.subscribe(pattern, {
        callback(error, message) {
          // Refusals are told by the connection's status; an empty message is a probe.
          if (error || message.data.length === 0 || !isFromPeer(message)) return;
          attempt(() => hear({ subject: message.subject, body: message.data }));
        },
      });
      return () => subscription.unsubscribe();
    },
    async flush() {
      try {
        if (link.isCut()) throw new Error('the link is cut');
        await nc.flush();
      } catch (error) {
        throw new LanewiseError(
          'network',
          `cluster: messages may be lost: ${(error as Error).message}`,
          undefined,
          { cause: error },
        );
      }
    },
    probe(subject, onNone) {
      if (!link.isCut()) probes.send(subject, onNone);
    },
    onLink: link.onLink,
    onRefused: link.onRefused,
    blobs: createNatsBlobs(nc),
    leases,
    async close() {
      leases.stop();
      link.end();
      await nc.flush().catch(() => {});
      await nc.close();
    },
  };
}

/**
 * Whether a client published a message on the subject that it has. A server's answers also come on any subject that somebody
 * names for the reply, whose permissions nobody asks about; what is stored then has headers. A literal `*` is no word.
 */
const isFromPeer = ({ subject, headers }: Msg): boolean =>
  headers === undefined && subject.split('.').every((word) => WORD.test(word));

/** Calls a handler; what it throws is an error of the program, and must not break the connection's reader. */
function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

interface Link extends Pick<Transport, 'onLink' | 'onRefused'> {
  isCut(): boolean;
  /** Tells no more. */
  end(): void;
}

/** Follows the status of a connection. */
function watchLink(nc: NatsConnection): Link {
  const hearers = new Set<(state: LinkState) => void>();
  const refused = new Set<(reason: string) => void>();
  let state: LinkState = 'restored';
  const become = (next: LinkState): void => {
    if (next === state) return;
    state = next;
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
    onLink: (hear) => void hearers.add(hear),
    onRefused: (hear) => void refused.add(hear),
    end() {
      hearers.clear();
      refused.clear();
    },
  };
}

interface Probes {
  send(subject: string, onNone: () => void): void;
}

/**
 * Probes are requests without contents. The server answers those that nobody hears at once; the others are never answered,
 * so that only the last one to each subject is remembered.
 */
function createProbes(nc: NatsConnection, user: string): Probes {
  const inbox = `${inboxPrefix(user)}.probe.${crypto.randomUUID()}`;
  const waiting = new Map<string, () => void>();
  let isListening = false;
  const hear = (error: Error | null, message: Msg): void => {
    if (error || message.headers?.code !== NOBODY) return;
    const subject = message.subject.slice(inbox.length + 1);
    const onNone = waiting.get(subject);
    waiting.delete(subject);
    if (onNone) attempt(onNone);
  };
  return {
    send(subject, onNone) {
      if (!isListening) nc.subscribe(`${inbox}.>`, { callback: hear });
      isListening = true;
      waiting.set(subject, onNone);
      nc.publish(subject, undefined, { reply: `${inbox}.${subject}` });
    },
  };
}
