/**
 * A cluster's messages over a NATS server. Nothing has headers (they count towards the server's largest payload), and no
 * message is acknowledged: what is lost is asked for again by who needs it.
 *
 * What a server bears, with its defaults, of a receiver that does not read (test/cluster/nats-faults.test.ts): it keeps 64 MiB
 * for it (`max_pending`) and closes the connection beyond; from half of that on it holds up whoever sends, with all else
 * that they say; and it closes a connection on which one write has waited for 10 s (`write_deadline`). So at most AHEAD =
 * 24 MiB may be under way to one receiver, which may be busy for 9 s. Beyond, its link is cut and comes back.
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { LanewiseError } from '../base/errors.js';
import { createNatsBlobs } from './nats-blobs.js';
import { createNatsRegister } from './nats-leases.js';
import { createLeases } from './hold-lease.js';
import { attempt, watchLink } from './nats-link.js';
import { WORD, inboxPrefix } from './subjects.js';
import type { Transport } from './transport.js';

/** Milliseconds for what was published last to reach the server at the end. */
const LAST_WORDS = 2000;

/** Code of the server's answer to a request that nobody hears. */
const NOBODY = 503;

/** A connection as a transport of a user, which closes it at its end. */
export function createNatsTransport(nc: NatsConnection, user: string): Transport {
  const maxBody = nc.info!.max_payload;
  const link = watchLink(nc);
  const probes = createProbes(nc, user);
  const leases = createLeases(createNatsRegister(nc, link.orCut));
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
        await link.orCut(nc.flush());
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
    blobs: createNatsBlobs(nc, link.orCut),
    leases,
    async close() {
      leases.stop();
      link.end();
      // A server that stands still takes no last words.
      const flushed = link.orCut(nc.flush()).catch(() => {});
      await Promise.race([flushed, sleep(LAST_WORDS, undefined, { ref: false })]);
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
