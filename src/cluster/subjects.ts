/**
 * The subjects of a cluster's messages. A server's permissions follow from them: a worker's credential may publish on
 * `lw.up.*.<user>.*` and nothing else of `lw.>`, so the user in a subject is who the server let in, whatever a message says.
 */

/** A word of a subject. */
export const WORD = /^[A-Za-z0-9_-]{1,64}$/;

/** Where coordinators call; every worker listens. */
export const CALLS = 'lw.call';

/** The steps of a run, and its end, to all of its workers. */
export const runSubject = (run: string): string => `lw.run.${run}`;

/** What is for one worker alone. */
export const workerSubject = (user: string, id: string): string => `lw.to.${user}.${id}`;

/** What a worker tells the coordinator of a run. */
export const upSubject = (run: string, user: string, id: string): string =>
  `lw.up.${run}.${user}.${id}`;

/** All that a run's coordinator hears. */
export const upPattern = (run: string): string => upSubject(run, '*', '*');

/** Who speaks on a subject of `upSubject`; undefined if its words are none, as `*` is, which a server lets pass. */
export function speakerOf(
  subject: string,
): { readonly user: string; readonly id: string } | undefined {
  const [, , , user = '', id = '', ...more] = subject.split('.');
  return WORD.test(user) && WORD.test(id) && more.length === 0 ? { user, id } : undefined;
}

/** What the inboxes of a user's connections begin with: answers to its requests, which no other user may hear. */
export const inboxPrefix = (user: string): string => `_INBOX_${user}`;

/** The bucket of contents and the bucket of leases, in JetStream. */
export const BUCKET = 'LW';

/**
 * The requests by which a worker reads contents: one message of the bucket at a time. It is all of JetStream that a worker
 * needs. A consumer, as the object store's own `get` makes one, is memory at the server and may deliver to any subject.
 */
export const READS = [`$JS.API.DIRECT.GET.OBJ_${BUCKET}`, `$JS.API.DIRECT.GET.OBJ_${BUCKET}.>`];

/** Whether a subject matches a pattern: `*` is one word, a last `>` is one or more. */
export function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const [words, found] = [pattern.split('.'), subject.split('.')];
  const isOpen = words.at(-1) === '>';
  if (isOpen ? found.length < words.length : found.length !== words.length) return false;
  return words.every((word, i) => word === '*' || word === '>' || word === found[i]);
}
