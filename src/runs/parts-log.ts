/**
 * The log parts.jsonl (Node): which machine computed which part of each step, with the part's hash, one JSON object a line.
 * Steps that this machine took alone have no line. It is only ever read from its end, as it grows as long as the run.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { extent, natural, refuse, text, type Check } from '../base/check.js';
import { fields, listed, parseJson, readAs } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import type { PartRecord, StepParts } from '../crew/machines.js';
import { fileError } from '../node/atomic.js';
import {
  createAppender,
  endOfLastLine,
  LINE_FEED,
  openWhole,
  type AppendOptions,
} from './append.js';

export interface PartsLog {
  /**
   * Appends a step's line. It has left this process when the call returns.
   * @throws LanewiseError kind 'file' if the system refuses, and the log was opened without `onError`.
   */
  write(line: StepParts): void;
  /** Removes the lines of steps after `step`, to which the run went back. */
  cutAfter(step: number): void;
  /** Makes the lines so far survive a power cut. */
  sync(): void;
  close(): void;
}

/** A longer line is none of ours: 65,536 shards in parts of one. */
const MAX_LINE_BYTES = 1 << 24;
/** A longer stretch would not fit into memory with what is made of it. */
const MAX_BYTES = 1 << 29;
const CHUNK_BYTES = 1 << 16;

/** Opens the log at `path` to append to it; there is no file before its first line. */
export function openPartsLog(path: string, options: AppendOptions = {}): PartsLog {
  let file: number | undefined;
  let appender: ReturnType<typeof createAppender> | undefined;
  let isLost = false;
  function open() {
    if (isLost) return undefined;
    try {
      const { file: opened, bytes } = openWhole(path);
      file = opened;
      return createAppender(opened, bytes, path, options);
    } catch (error) {
      if (!options.onError) throw error;
      isLost = true;
      options.onError(error as LanewiseError);
      return undefined;
    }
  }
  return {
    write(line) {
      appender ??= open();
      appender?.append(Buffer.from(`${JSON.stringify(line)}\n`));
    },
    cutAfter(step) {
      if (file === undefined) return;
      appender = createAppender(file, cut(file, path, step), path, options);
    },
    sync: () => appender?.sync(),
    close: () => appender?.close(),
  };
}

/**
 * Removes the lines of steps after `step` from the log at `path`, where a run goes on from a checkpoint. Lines behind the
 * last good one up to there, as a power cut leaves them, are removed as well. Nothing happens if there is no log.
 * @throws LanewiseError kind 'file'.
 */
export function cutPartsLog(path: string, step: number): void {
  let file: number | undefined;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw fileError(`cannot write '${path}'`, error);
  }
  try {
    cut(file, path, step);
  } finally {
    closeSync(file);
  }
}

/** Cuts the file behind the last line of a step up to `step`; returns its bytes. */
function cut(file: number, path: string, step: number): number {
  try {
    const { size } = fstatSync(file);
    let bytes = 0;
    for (const { end, line } of linesFromEnd(file, endOfLastLine(file, size))) {
      const found = stepOfLine(line);
      if (found === undefined || found > step) continue;
      bytes = end;
      break;
    }
    if (bytes < size) ftruncateSync(file, bytes);
    return bytes;
  } catch (error) {
    throw fileError(`cannot write '${path}'`, error);
  }
}

/** The step of a line, if it is a whole one. */
function stepOfLine(line: Buffer): number | undefined {
  try {
    return readLine(line, '').step;
  } catch {
    return undefined;
  }
}

/**
 * The lines of steps `after` + 1 to `until` in the log at `path`, in order; none if there is no log. Text after the last
 * line feed was being written when its process died.
 * @throws LanewiseError kind 'file' if it cannot be read; kind 'data' with the number of a line that is none, or out of
 * order.
 */
export function readPartsLog(path: string, after: number, until: number): StepParts[] {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(`cannot read '${path}'`, error);
  }
  try {
    const found: StepParts[] = [];
    const size = endOfLastLine(file, fstatSync(file).size);
    let next = Infinity;
    for (const { start, line } of linesFromEnd(file, size)) {
      if (size - start > MAX_BYTES)
        throw new Error(`steps ${after + 1} to ${until} take more than ${MAX_BYTES} bytes`);
      const one = lineAt(file, path, start, line);
      if (one.step >= next) {
        const what = `line ${numberOf(file, start)}: step ${one.step} is before step ${next}`;
        throw new LanewiseError('data', `'${path}', ${what}, expected steps in order`);
      }
      next = one.step;
      if (one.step <= after) break;
      if (one.step <= until) found.push(one);
    }
    return found.toReversed();
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    throw fileError(`cannot read '${path}'`, error);
  } finally {
    closeSync(file);
  }
}

/** A line with the places of its first byte, and of the one behind its line feed. */
interface PlacedLine {
  readonly start: number;
  readonly end: number;
  readonly line: Buffer;
}

/** The lines in the first `size` bytes, which end with a line feed, from the last to the first. */
function* linesFromEnd(file: number, size: number): Generator<PlacedLine> {
  let rest = Buffer.alloc(0);
  for (let at = size; at > 0 || rest.length > 0;) {
    // The last byte is the line's own line feed.
    const before = rest.length < 2 ? -1 : rest.lastIndexOf(LINE_FEED, rest.length - 2);
    if (rest.length > 0 && (before >= 0 || at === 0)) {
      const line = rest.subarray(before + 1, -1);
      yield { start: at + before + 1, end: at + rest.length, line };
      rest = rest.subarray(0, before + 1);
      continue;
    }
    if (rest.length > MAX_LINE_BYTES)
      throw new Error(`it has a line of more than ${MAX_LINE_BYTES} bytes`);
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, at));
    at -= chunk.length;
    for (let done = 0; done < chunk.length;) {
      const count = readSync(file, chunk, done, chunk.length - done, at + done);
      if (count === 0) throw new Error('it was cut while it was read');
      done += count;
    }
    rest = Buffer.concat([chunk, rest]);
  }
}

function lineAt(file: number, path: string, start: number, line: Buffer): StepParts {
  try {
    return readLine(line, `'${path}'`);
  } catch (error) {
    // Only then is it worth counting.
    if (error instanceof LanewiseError) readLine(line, `'${path}', line ${numberOf(file, start)}`);
    throw error;
  }
}

/** The number of the line that begins at a byte, counted from 1. */
function numberOf(file: number, start: number): number {
  let number = 1;
  for (const _ of linesFromEnd(file, start)) number++;
  return number;
}

const readLine = (line: Buffer, what: string): StepParts =>
  readAs('data', what, '', parseJson('data', what, line.toString('utf8')), stepParts);

const SHA256 = /^[0-9a-f]{64}$/;
/** Two words of a subject, and more. */
const MAX_NAME = 200;

const part: Check = (owner, name, value) => {
  if (!Array.isArray(value) || value.length !== 4)
    refuse(owner, name, value, '[first, end, machine, sha256]');
  const [first, end, machine, sha256] = value as unknown as PartRecord;
  natural(owner, `${name}: first`, first);
  natural(owner, `${name}: end`, end);
  if (end <= first) refuse(owner, `${name}: end`, end, `more than ${first}, its first shard`);
  text(owner, `${name}: machine`, machine);
  if (machine.length > MAX_NAME)
    refuse(owner, `${name}: machine`, machine, `at most ${MAX_NAME} letters`);
  if (typeof sha256 !== 'string' || !SHA256.test(sha256))
    refuse(owner, `${name}: sha256`, sha256, '64 hexadecimal digits');
};

/** Most parts of a step: each has a shard. */
const MAX_PARTS = 65_536;

const stepParts = fields({ step: extent, parts: listed(part, MAX_PARTS) });
