/**
 * The handling of Ctrl-C, SIGTERM and a closed terminal: the first signal ends a run after the current steps, with a
 * checkpoint, and the second ends it at once. If nothing would be lost, the first ends it at once too.
 */
import { constants } from 'node:os';

export interface Stop {
  readonly signal: AbortSignal;
  /** Whether steps are under way, whose result only a checkpoint keeps. Default false. */
  guard(isAtWork: boolean): void;
  /** The shell's code of a process that a signal ended: 128 and the signal's number. */
  exitCode(): number;
  release(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @param onQuit is called before a process ends at once. */
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
      console.error(`\nstopping after the current steps and saving${again}`);
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
