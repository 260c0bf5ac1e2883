/** Entries of the public table of records on the command line: `--record` writes one, `--check` runs one again. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { machineParallelism } from '#platform/threads';
import { LanewiseError } from '../base/errors.js';
import { version } from '../base/version.js';
import type { Lab } from '../lab/lab.js';
import {
  checkEntry,
  differencesFrom,
  entryOf,
  printEntry,
  readEntry,
  showAccuracy,
  showSeconds,
  type RecordEntry,
} from '../lab/record-entry.js';
import type { LabResult } from '../lab/run-lab.js';
import { ensureReplaceable, ensureWritableFolder, writeFileAtomic } from '../node/atomic.js';
import { cannotRead } from '../node/files.js';
import { cpuModel, engineOfProcess } from '../node/engine-name.js';

/** What the command line says of records. */
export interface RecordOptions {
  readonly record?: string;
  readonly check?: string;
  readonly by?: string;
  readonly workers?: number;
}

/**
 * The entry that is to be checked, if one is; refuses before work starts what cannot become or be an entry.
 * @throws LanewiseError kind 'argument' for a lab without records and for options that exclude each other; kind 'file' for a
 * file that is no entry of this lab.
 */
export async function recordAsked(
  lab: Lab,
  { record, check, by }: RecordOptions,
): Promise<RecordEntry | undefined> {
  if (by !== undefined && record === undefined)
    throw new LanewiseError('argument', '--by is for --record FILE, which is missing');
  if (record === undefined && check === undefined) return undefined;
  if (record !== undefined && check !== undefined)
    throw new LanewiseError('argument', '--record and --check exclude each other', 'leave one out');
  if (lab.group !== 'Records')
    throw new LanewiseError(
      'argument',
      `lab '${lab.name}' keeps no records: it is of the group ${lab.group}`,
      'lanewise lab lists those of the group Records',
    );
  if (record !== undefined) {
    await ensureWritableFolder(dirname(record));
    await ensureReplaceable(record);
    return undefined;
  }
  const entry = readEntry(await textIn(check!), check!);
  if (entry.lab !== lab.name)
    throw new LanewiseError(
      'file',
      `'${check}' is an entry of lab '${entry.lab}', and the lab is '${lab.name}'`,
      `npx lanewise lab ${entry.lab} --check ${check}`,
    );
  return entry;
}

async function textIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw cannotRead('entry', file, error);
  }
}

/** The entry of a run that has just ended on this machine. */
const entryHere = (result: LabResult, { by, workers }: RecordOptions): RecordEntry =>
  entryOf(result, {
    ...(by === undefined ? {} : { by }),
    date: new Date().toISOString().slice(0, 10),
    lanewise: version,
    engine: engineOfProcess(),
    cpu: cpuModel(),
    cores: machineParallelism(),
    threads: workers ?? machineParallelism(),
  });

/** What is to be said of records after a run. */
export interface RecordNews {
  readonly lines: readonly string[];
  /** Whether a checked entry holds. */
  readonly holds?: boolean;
}

/** Writes the entry that was asked for, or says whether the checked one holds. */
export async function recordAfter(
  result: LabResult,
  entry: RecordEntry | undefined,
  options: RecordOptions,
): Promise<RecordNews> {
  const { record, check } = options;
  if (record !== undefined) {
    await writeFileAtomic(record, Buffer.from(printEntry(entryHere(result, options))));
    return { lines: [`record: ${record}`] };
  }
  if (!entry) return { lines: [] };
  const found = entryHere(result, options);
  const differences = differencesFrom(entry, found);
  // Hash and figures may be right, and the words beside them not.
  const own = await checkEntry(entry, result.lab, check!).catch((error: unknown) => error as Error);
  if (own instanceof Error) differences.push(`${own.message}.`);
  const holds = differences.length === 0;
  const lines = holds
    ? [
        `The entry holds: the SHA-256 is the same, and with it the accuracy of ${showAccuracy(entry.accuracy, entry.evidence.length)} and every seed’s weights.`,
        `A training takes ${showSeconds(found.seconds, found.evidence.length)} here, and ${showSeconds(entry.seconds, entry.evidence.length)} in the entry (${entry.cpu ?? 'a processor without a name'}, ${entry.threads} threads).`,
      ]
    : ['The entry does not hold.', ...differences];
  return { lines, holds };
}
