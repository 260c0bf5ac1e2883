/** The command `lanewise audit`: takes a stretch of a run again on this machine alone, and compares it with what was logged. */
import type { Command } from 'commander';
import type { Audit } from '../runs/audit.js';
import { auditRun } from '../runs/public.js';
import { option } from './options.js';
import { findData, inMemory, preparedRun } from './prepared-run.js';
import { auditBar } from './progress.js';
import { stopOnSignals } from './stop.js';
import { formatCount, note } from './terminal.js';
import { describeTraining, type TrainOptions } from './train-options.js';

type Options = Omit<TrainOptions, 'report'> & { readonly from?: string };

export const auditCommand = (): Command =>
  describeTraining(
    'audit',
    'take the steps between two checkpoints of a run again, on this machine alone, and compare the parts that other machines computed, and the weights; model and options are those of train',
    [
      option(
        '--from <checkpoint>',
        'an earlier checkpoint of the run, or start (the folder’s previous one, or the start if there is none)',
      ),
      option('--json', 'the result as one line of JSON'),
    ],
    ['<run>', 'the run’s folder'],
  ).action(runAudit);

async function runAudit(
  folder: string,
  given: string | undefined,
  options: Options,
): Promise<void> {
  const { from, json } = options;
  const asked: TrainOptions = { ...options, report: true };
  const found = await findData(given, asked);
  const { settings, model, notes } = await preparedRun(await inMemory(found, asked), asked);
  for (const line of [...(found.task.said ? [found.task.said] : []), ...notes]) note(line);
  const stop = stopOnSignals(() => {});
  const line = auditBar(process.stderr);
  try {
    const audit = await auditRun(model, settings, {
      folder,
      ...(from === undefined ? {} : { from }),
      signal: stop.signal,
      onStep: (done, total) => line.update({ done, total }),
    });
    line.stop();
    console.log(json ? JSON.stringify(audit) : linesOf(folder, audit).join('\n'));
    if (!audit.isExact) process.exitCode = 1;
  } finally {
    line.stop();
    stop.release();
  }
}

const steps = (from: number, until: number): string =>
  until - from === 1
    ? `step ${formatCount(until)}`
    : `steps ${formatCount(from + 1)} to ${formatCount(until)}`;

const count = (value: number, one: string): string =>
  `${formatCount(value)} ${one}${value === 1 ? '' : 's'}`;

/** What a person is told. */
export function linesOf(folder: string, audit: Audit): string[] {
  const { from, until, parts, sharedSteps, machines, wrong, other, sha256 } = audit;
  if (wrong) {
    const { step, machine, shards } = wrong;
    const which =
      shards[1] - shards[0] === 1
        ? `shard ${shards[1]}`
        : `shards ${shards[0] + 1} to ${shards[1]}`;
    return [
      `${folder}: step ${formatCount(step)} is wrong: ${which}, as machine ${machine} sent them, are not what this machine computes`,
      ...whyWrong(wrong, from),
      `what was trained from step ${formatCount(step)} on is doubtful: start over without that machine, or go on from an earlier checkpoint`,
    ];
  }
  const names = Object.keys(machines).length;
  const shared =
    parts === 0
      ? 'no parts were logged'
      : `all ${count(parts, 'part')} of ${count(sharedSteps, 'step')} by ${count(names, 'machine')} are right`;
  if (other) {
    const { name, at, stored, computed } = other;
    return [
      `${folder}: ${steps(from, until)}: the result is wrong: ${name}, value ${at + 1}, is ${stored} in the checkpoint and ${computed} here`,
      `${shared}: what the run’s own machine computed or stored is not what this one computes`,
    ];
  }
  return [
    `${folder}: ${steps(from, until)} are right: ${parts === 0 ? '' : `${shared}, and `}the weights are those that this machine computes`,
    ...(parts === 0
      ? [`${shared}: it was trained by one machine, or without checks of parts`]
      : []),
    `weights sha256 ${sha256}`,
  ];
}

function whyWrong({ parts, right }: NonNullable<Audit['wrong']>, from: number): string[] {
  if (parts === 1)
    return [
      `it is the step’s only part, and everything from step ${formatCount(from + 1)} on was right before`,
    ];
  if (right > 0)
    return [
      `the other ${count(parts - 1, 'part')} of the step: ${right} right, ${parts - 1 - right} wrong`,
    ];
  return [
    `no part of the step is right: the run’s own machine may have begun it with other weights than it should have`,
  ];
}
