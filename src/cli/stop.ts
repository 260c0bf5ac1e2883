/**
 * Ctrl-C, SIGTERM, and a terminal that is closed: the first ends a run after the steps at hand, with a checkpoint; the second
 * at once. Where nothing would be lost, the first does too.
 */
import { constants } from 'node:os';

export interface Stop {
  readonly signal: AbortSignal;
  /** Whether steps are under way, of which only a checkpoint keeps something. Default false. */
  guard(isAtWork: boolean): void;
  /** The shell's code of a process that a signal ended: 128 and the signal's number. */
  exitCode(): number;
  release(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @param onQuit last words of a process that ends at once. */
export function stopOnSignals(onQuit: () => void): Stop {
  const controller = new AbortController();
  let isAtWork = false;
  let code = 0;
  const quit = () => {
    onQuit();
    process.exit(code);
  };
  const listeners = signals.map((name) => {
    const onSignal = () => {
      const isFirst = code === 0;
      code = 128 + constants.signals[name];
      if (!isAtWork || !isFirst) return quit();
      controller.abort();
      const again = name === 'SIGINT' ? '; Ctrl-C again quits at once' : '';
      console.error(`\nstopping after the steps at hand and saving${again}`);
    };
    process.on(name, onSignal);
    return { name, onSignal };
  });
  return {
    signal: controller.signal,
    guard: (value) => (isAtWork = value),
    exitCode: () => code,
    release: () => listeners.forEach(({ name, onSignal }) => process.off(name, onSignal)),
  };
}
