/** Faults of labs as sentences: what is thrown, in a lab or beside it, and a process that ends before its lab does. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { cannotRead } from '../node/files.js';

/**
 * What `work` of a lab gives. What it throws, or what is thrown meanwhile where nobody waits for it, becomes a sentence. So
 * does the process's end before the work is done, which a promise that nothing settles brings, and a call of exit.
 * @throws LanewiseError for anything that is thrown.
 */
export async function untilItEnds<T>(what: string, work: () => Promise<T>): Promise<T> {
  const onExit = (): void => {
    console.error(`${what} ended without findings: nothing is written`);
    process.exitCode = 1;
  };
  let onLost!: (error: unknown) => void;
  const lost = new Promise<never>((_, reject) => {
    onLost = (error) => {
      // The work goes on where nobody waits for it, and would keep the process.
      setImmediate(() => process.exit(1));
      reject(error as Error);
    };
  });
  process.on('exit', onExit);
  process.on('uncaughtException', onLost);
  process.on('unhandledRejection', onLost);
  try {
    return await Promise.race([work(), lost]);
  } catch (error) {
    throw asFault(what, error);
  } finally {
    process.off('exit', onExit);
    process.off('uncaughtException', onLost);
    process.off('unhandledRejection', onLost);
  }
}

/** Anything thrown as a LanewiseError: those of the package, of which the lab may have another copy, and all others. */
function asFault(what: string, error: unknown): LanewiseError {
  if (error instanceof LanewiseError) return error;
  if (error instanceof Error && error.name === LanewiseError.name) {
    const { kind, message, hint } = error as LanewiseError;
    return new LanewiseError(kind, message, hint, { cause: error });
  }
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined) return cannotRead('file or folder', path, error);
  const thrown =
    error instanceof Error ? shorten(String(error).replace(/\s+/g, ' '), 400) : quote(error);
  return new LanewiseError('argument', `${what} failed: ${thrown}`, placeOf(error), {
    cause: error,
  });
}

const ours = new URL('../', import.meta.url).href;

/** Where an error was thrown: the innermost place of its trace that is neither ours nor, if there is another, a library's. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const places = String(error.stack)
    .split('\n')
    .filter((line) => line.includes('file://') && !line.includes(ours));
  const place = places.find((line) => !line.includes('/node_modules/')) ?? places[0];
  if (place !== undefined) return place.trim().replace('file://', '');
  return error instanceof SyntaxError ? 'node --check FILE shows where' : undefined;
}
