/**
 * The log metrics.jsonl (Node): a run's events, one JSON object a line. Each line is handed to the system whole and at
 * once, so a killed process loses nothing; at worst the last line is torn, which readers skip and the next writer cuts
 * off.
 */
import { open, stat } from 'node:fs/promises';
import { parseJson } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import { writeFileAtomic } from '../node/atomic.js';
import { createAppender, LINE_FEED, openWhole, type AppendOptions } from './append.js';
import type { LoggedEvent } from '../train/events.js';
import { readEvent } from './read-event.js';

export interface MetricsLog {
  /**
   * Appends a line. It has left this process when the call returns.
   * @throws LanewiseError kind 'file' if the system refuses, and the log was opened without `onError`.
   */
  write(event: LoggedEvent): void;
  /** Makes the lines so far survive a power cut. */
  sync(): void;
  /** Lines that the system refused. */
  readonly lost: number;
  close(): void;
}

/** A longer line is not an event. */
const MAX_LINE_BYTES = 1 << 24;
/** A larger file would not fit into memory with what is made of it. */
const MAX_BYTES = 1 << 29;

/**
 * Opens, or creates, the log at `path` to append to it. A torn last line is cut off.
 * @throws LanewiseError kind 'file'.
 */
export function openMetricsLog(path: string, options: AppendOptions = {}): MetricsLog {
  const { file, bytes } = openWhole(path);
  const appender = createAppender(file, bytes, path, options);
  return {
    write: (event) => appender.append(Buffer.from(`${JSON.stringify(event)}\n`)),
    sync: () => appender.sync(),
    get lost() {
      return appender.lost;
    },
    close: () => appender.close(),
  };
}

/** A line, parsed, and as it is in the file with its line feed. */
interface Line {
  readonly event: LoggedEvent;
  readonly bytes: Uint8Array;
}

/**
 * The events in the log at `path`. Text after the last line feed was being written when its process died, or is being
 * written now, and is left out.
 * @throws LanewiseError kind 'file' if it cannot be read; kind 'data' with the number of a line that is not an event.
 */
export async function readMetrics(path: string): Promise<LoggedEvent[]> {
  return (await readLines(path)).map(({ event }) => event);
}

/**
 * Removes what a run logged after `step`, where it goes on from a checkpoint, and its end if it had one, so that the log
 * becomes that of a run without interruption. Lines of the step itself stay: a checkpoint is written after them. Returns
 * the remaining events, none if there is no log; the file is replaced whole or not at all. `onDamaged` is called for lines
 * that a power cut turned into NULs, which are dropped.
 */
export async function truncateAfter(
  path: string,
  step: number,
  onDamaged?: (message: string) => void,
): Promise<LoggedEvent[]> {
  if (!(await exists(path))) return [];
  const lines = await readLines(path, onDamaged).catch((error: LanewiseError) => {
    const way = 'move it away, and the run goes on with a new one';
    throw new LanewiseError(error.kind, error.message, way, { cause: error });
  });
  const kept = lines.filter(({ event }) => event.event !== 'done' && stepOf(event) <= step);
  await writeFileAtomic(path, Buffer.concat(kept.map(({ bytes }) => bytes)));
  return kept.map(({ event }) => event);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );

/** The steps finished when an event was written. */
const stepOf = (event: LoggedEvent): number =>
  event.event === 'start' ? (event.resumedAt ?? 0) : event.step;

async function readLines(path: string, onDamaged?: (message: string) => void): Promise<Line[]> {
  const bytes = await readBounded(path);
  const lines: Line[] = [];
  let number = 0;
  for (let start = 0; ;) {
    const end = bytes.indexOf(LINE_FEED, start) + 1;
    if (end === 0) return lines;
    const line = bytes.subarray(start, end);
    start = end;
    number++;
    const whole = onDamaged && line.includes(0) ? withoutNuls(line) : line;
    if (whole !== line)
      onDamaged?.(`'${path}', line ${number}: NULs, as a power cut leaves them, are left out`);
    if (whole) lines.push({ event: parseLine(path, number, whole), bytes: whole });
  }
}

/** The line's content after NULs, if that is whole. */
function withoutNuls(line: Buffer): Buffer | undefined {
  const rest = line.subarray(line.lastIndexOf(0) + 1);
  try {
    readEvent(JSON.parse(rest.toString('utf8')), '');
    return rest;
  } catch {
    return undefined;
  }
}

/** Most levels of nesting in a line: its reader calls itself for each bracket. */
const MAX_DEPTH = 200;

function isDeep(line: Buffer): boolean {
  let depth = 0;
  for (const byte of line) {
    // Brackets inside texts count too; they come in pairs or are few.
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function parseLine(path: string, number: number, line: Buffer): LoggedEvent {
  const what = `'${path}', line ${number}`;
  if (line.length > MAX_LINE_BYTES) {
    throw new LanewiseError(
      'data',
      `${what}: ${line.length} bytes, expected at most ${MAX_LINE_BYTES}`,
    );
  }
  if (isDeep(line))
    throw new LanewiseError('data', `${what} nests more than ${MAX_DEPTH} brackets`);
  return readEvent(parseJson('data', what, line.toString('utf8')), what);
}

/** Reads as many bytes as the file has now: it may grow meanwhile. */
async function readBounded(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, expected at most ${MAX_BYTES}`);
    const file = await open(path, 'r');
    try {
      const bytes = Buffer.alloc(size);
      let count = 0;
      while (count < size) {
        const { bytesRead } = await file.read(bytes, count, size - count);
        if (bytesRead === 0) break;
        count += bytesRead;
      }
      return bytes.subarray(0, count);
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new LanewiseError('file', `cannot read metrics '${path}': ${reason}`, undefined, {
      cause: error,
    });
  }
}
