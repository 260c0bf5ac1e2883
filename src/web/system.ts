/** The clock and event turns of a browser's thread, or of an edge worker. */

/**
 * Gives events a turn: by a message, since a page's timers wait 4 ms after the fifth. In an edge worker they do not,
 * while a channel costs more and keeps its memory for a while.
 */
export function pause(): Promise<void> {
  if (typeof Worker === 'undefined' || typeof MessageChannel === 'undefined')
    return new Promise((resolve) => setTimeout(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * Whether a caller may wait for another's work. An edge worker ends a request that waits for a promise of another
 * request; it is recognised by its lack of threads.
 */
export const mayWaitForOthers = (): boolean => typeof Worker !== 'undefined';

/** Pages cannot read it. */
export const cpuMs = (): number => 0;

export const warn = (sentence: string): void => console.warn(`Lanewise: ${sentence}`);

export const environment = (_name: string): string | undefined => undefined;
