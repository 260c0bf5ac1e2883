/** Ctrl-C and SIGTERM: the first ends a run after the steps at hand, with a checkpoint; the second at once. */

export interface Stop {
  readonly signal: AbortSignal;
  /** The shell's code of a process that a signal ended: 128 and the signal's number. */
  exitCode(): number;
  release(): void;
}

const codes = { SIGINT: 130, SIGTERM: 143 } as const;

export function stopOnSignals(): Stop {
  const controller = new AbortController();
  let code: number = codes.SIGINT;
  const listeners = Object.entries(codes).map(([name, exitCode]) => {
    const onSignal = () => {
      if (controller.signal.aborted) process.exit(exitCode);
      code = exitCode;
      controller.abort();
      const again = name === 'SIGINT' ? '; Ctrl-C again quits at once' : '';
      console.error(`\nstopping after the steps at hand and saving${again}`);
    };
    process.on(name, onSignal);
    return { name, onSignal };
  });
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => listeners.forEach(({ name, onSignal }) => process.off(name, onSignal)),
  };
}
