/** The clock and turns of a browser's thread, or of an edge worker. */

/**
 * Lets events through: by a message, since a page's timers wait 4 ms after the fifth. An edge worker's do not, and there
 * a channel costs more and its memory stays a while.
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

/** An edge worker ends a request that waits for a promise of another request; it has no threads, by which it is known. */
export const mayWaitForOthers = (): boolean => typeof Worker !== 'undefined';

/** Pages are not told. */
export const cpuMs = (): number => 0;

export const warn = (sentence: string): void => console.warn(`Lanewise: ${sentence}`);

export const environment = (_name: string): string | undefined => undefined;
