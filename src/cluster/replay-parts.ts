/**
 * Steps that machines have shared, computed again by this one alone: in the parts that a log names, whose hashes are compared,
 * and what is between them.
 */
import { LanewiseError } from '../base/errors.js';
import type {
  Machines,
  PartRecord,
  SharedPool,
  ShareRequest,
  StepParts,
} from '../crew/machines.js';
import { computeRange, type NodeSum, type RangeRequest } from '../crew/shard-ranges.js';
import { STEP_FIGURES } from '../feed/layout.js';
import { stepKey, type ShardRange, type TrainJob } from '../step/jobs.js';
import { CONTROL } from '../step/meeting.js';
import { isNode } from '../step/shards.js';
import { isRight } from './checks.js';
import { createFold } from './fold.js';
import { hashOfPart, isFinitePart } from './part-values.js';

/** A part whose hash is not that of what this machine computes. */
export interface WrongPart {
  /** The step, counted from 1. */
  readonly step: number;
  /** The part's shards [first, end). */
  readonly shards: ShardRange;
  readonly machine: string;
  /** The SHA-256 that was logged. */
  readonly sha256: string;
  /** Parts of the step, and those of them that are right: if none is, the weights before it were other ones. */
  readonly parts: number;
  readonly right: number;
}

export interface Replay {
  /** What takes the place of the machines that shared the steps. */
  readonly machines: Machines;
  /** Parts that were right so far, by machine. */
  readonly right: ReadonlyMap<string, number>;
  /** The first part that was not. */
  wrong(): WrongPart | undefined;
}

/** A replay of steps by their lines in the log at `path`. */
export function replayParts(log: readonly StepParts[], path: string): Replay {
  const lines = new Map(log.map(({ step, parts }) => [step, parts]));
  const right = new Map<string, number>();
  let wrong: WrongPart | undefined;

  async function takeSteps(request: ShareRequest, job: TrainJob): Promise<void> {
    const { run, own } = request;
    const { batch, epochSamples } = run.plan;
    for (let i = 0; i < job.steps; i++) {
      const [step, row] = [job.step + i, (job.row ?? 0) + i];
      const parts = lines.get(step + 1);
      if (parts) {
        const start = (job.first + i) * batch;
        const size = Math.min(batch, epochSamples - start);
        const found = await takeStep(
          request,
          parts,
          { size, start, row, step, key: job.key },
          path,
        );
        wrong ??= found;
        if (!found)
          for (const [, , machine] of parts) right.set(machine, (right.get(machine) ?? 0) + 1);
      } else await own.run({ ...job, first: job.first + i, step, row, steps: 1 });
      if (run.control[CONTROL.diverged] !== 0) return;
    }
  }

  return {
    right,
    wrong: () => wrong,
    machines: {
      share: async (request): Promise<SharedPool> => ({
        run: (job) => (job.kind === 'train' ? takeSteps(request, job) : request.own.run(job)),
        begin: () => {},
        news: () => [],
        figures: () => ALONE,
        prove() {},
        isProven: () => true,
        close: () => Promise.resolve(),
      }),
      close: () => Promise.resolve(),
    },
  };
}

const ALONE = {
  machines: 1,
  threads: 0,
  wire: 0,
  sent: 0,
  received: 0,
  gain: 1,
  redone: 0,
  shares: {},
} as const;

/** Takes a step in its parts; the first that is wrong, if any. */
async function takeStep(
  request: ShareRequest,
  parts: readonly PartRecord[],
  at: Omit<RangeRequest, 'range'>,
  path: string,
): Promise<WrongPart | undefined> {
  const { run, own } = request;
  const count = run.plan.steps[stepKey(at.size)]!.schedule.shards.length;
  const step = at.step + 1;
  const fold = createFold(count, () => {});
  const add = (sums: readonly NodeSum[]): void => {
    for (const { node, sum } of sums) fold.add(node, sum.slice());
  };
  const wrong: PartRecord[] = [];
  for (const part of parts) {
    const [first, end, , sha256] = part;
    const node = [first, end] as const;
    // Only nodes of the tree are parts, and each shard is in one of them.
    const isFree = fold.missing(node).some((gap) => gap[0] === first && gap[1] === end);
    if (!isNode(node, count) || !isFree)
      throw new LanewiseError(
        'data',
        `'${path}', step ${step}: shards ${first} to ${end} of ${count} are not a part of it`,
      );
    const compute = async (range: ShardRange): Promise<string> => {
      const sums = await computeRange(run, own, { ...at, range });
      if (!fold.has(node)) add(sums);
      return hashOf(request, at.row ?? 0, sums[0]!);
    };
    if (!(await isRight(step, node, sha256, compute))) wrong.push(part);
  }
  for (const range of fold.missing()) add(await computeRange(run, own, { ...at, range }));
  if (run.control[CONTROL.diverged] === 0) {
    const sum = fold.sum()!;
    run.viewOf('gradients', 0, sum.length).set(sum);
    await own.run({ kind: 'update', row: at.row });
  }
  if (wrong.length === 0) return undefined;
  const [first, end, machine, sha256] = wrong[0]!;
  const right = parts.length - wrong.length;
  return { step, shards: [first, end], machine, sha256, parts: parts.length, right };
}

/** The hash of a part as a machine sends it: the figures of its shards, then its sum. */
function hashOf(
  { run: { plan, viewOf } }: ShareRequest,
  row: number,
  { node, sum }: NodeSum,
): string {
  const [first, end] = node;
  const count = (end - first) * STEP_FIGURES;
  const whole = new Float32Array(count + sum.length);
  whole.set(viewOf('metrics', (row * plan.shards + first) * STEP_FIGURES * 4, count));
  whole.set(sum, count);
  const bytes = new Uint8Array(whole.buffer);
  return hashOfPart(bytes, isFinitePart(bytes));
}
