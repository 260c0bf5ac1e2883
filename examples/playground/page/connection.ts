/** The connection to the engine's thread, and the messages to and from it. */
import type { FromEngine, ToEngine } from '../messages.js';

export type Send = (message: ToEngine, transfer?: Transferable[]) => void;

/** `failed` receives the reason why the thread could not be started, or died. */
export function connect(use: (message: FromEngine) => void, failed: (why: string) => void): Send {
  const worker = new Worker(new URL('./engine.js', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => use(data));
  worker.addEventListener('error', ({ message }) =>
    failed(message || 'its module could not be loaded'),
  );
  return (message, transfer = []) => worker.postMessage(message, transfer);
}
