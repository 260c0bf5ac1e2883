/** The process and its clock, in Node, Deno and Bun. */

/** Gives timers and signals a turn. */
export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether a caller may wait for work that another caller began. */
export const mayWaitForOthers = (): boolean => true;

/** Processor time of the whole process, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Programs ask `init` for notes, and the command line prints them. */
export const warn = (_sentence: string): void => {};

/** A variable of the environment that is not empty. */
export const environment = (name: string): string | undefined => process.env[name] || undefined;
