/**
 * The command `lanewise receipt`: shows a run's receipt, finds the step where two part, and settles who is right about it.
 */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import type { Comparison, Difference } from '../runs/first-difference.js';
import { RECEIPT } from '../runs/folder.js';
import type { Receipt } from '../runs/receipt-file.js';
import type { ReceiptEntry } from '../runs/receipt-format.js';
import type { Verdict } from '../runs/settle.js';
import { option, wholeNumber } from './options.js';
import { findData, inMemory, preparedRun } from './prepared-run.js';
import { formatCount, note, quoted } from './terminal.js';
import { describeTraining, type TrainOptions } from './train-options.js';

export const receiptCommand = (): Command =>
  new Command('receipt')
    .description('the receipts of runs: show one, find where two part, settle who is right')
    .addCommand(
      new Command('show')
        .description('check that a receipt is whole, and show its hash')
        .argument('<receipt>', 'a run’s folder, or the file')
        .option('--step <n>', 'show the entry of this step (the last)', wholeNumber(0))
        .option('--json', 'the result as one line of JSON')
        .action(runShow),
    )
    .addCommand(
      new Command('compare')
        .description('find the first step in which two receipts differ; exit code 1 if they do')
        .argument('<a>', 'a run’s folder, or the file')
        .argument('<b>', 'the other')
        .option('--json', 'the result as one line of JSON')
        .action(runCompare),
    )
    .addCommand(stateCommand())
    .addCommand(settleCommand());

/** An option that must be given. */
const needed = (flags: string, about: string, read?: (text: string) => unknown) => {
  const one = option(flags, about);
  if (read) one.argParser(read);
  return one.makeOptionMandatory();
};

const FROM =
  'a run’s folder or a checkpoint, from before the step, to go on from (the run’s beginning)';

const stateCommand = (): Command =>
  describeTraining(
    'state',
    'take a run again up to a step and write its state, on which the next step is settled; the options are those that it was trained with',
    [
      needed('--step <n>', 'the step after which the state is kept', wholeNumber(1)),
      needed('--out <file>', 'where it is written, a checkpoint'),
      option('--from <path>', FROM),
    ],
  ).action(runState);

const settleCommand = (): Command =>
  describeTraining(
    'settle',
    'take the first step in which two receipts differ again, and say which is right; the options are those that both were trained with',
    [
      needed('--a <receipt>', 'a run’s folder, or the file'),
      needed('--b <receipt>', 'the other'),
      option('--from <path>', FROM),
      option('--json', 'the result as one line of JSON'),
    ],
  ).action(runSettle);

/** The receipt in a run's folder, or in a file. */
async function pathOf(given: string): Promise<string> {
  const found = await stat(given).catch(() => undefined);
  if (!found)
    throw new LanewiseError('file', `there is no receipt '${given}', and no run's folder`);
  if (!found.isDirectory()) return given;
  const path = join(given, RECEIPT);
  const isKept = await stat(path).then(
    () => true,
    () => false,
  );
  if (isKept) return path;
  throw new LanewiseError(
    'file',
    `'${given}' holds no receipt`,
    'a run keeps one if it is trained with --receipt from its first step on',
  );
}

async function openAt(
  given: string,
): Promise<{ readonly path: string; readonly receipt: Receipt }> {
  const { openReceipt } = await import('../runs/receipt-file.js');
  const path = await pathOf(given);
  return { path, receipt: openReceipt(path) };
}

async function runShow(
  given: string,
  { step, json }: { readonly step?: number; readonly json?: boolean },
): Promise<void> {
  const { path, receipt } = await openAt(given);
  const { run, every, steps, sha256 } = receipt;
  if (step !== undefined && step > steps)
    throw new LanewiseError('argument', `--step ${step}, and '${path}' ends with step ${steps}`);
  await checkChain(path, receipt);
  const entry = await receipt.entry(step ?? steps);
  if (json) return console.log(JSON.stringify({ file: path, run, every, steps, sha256, entry }));
  const lines = [
    `${quoted(path)}: ${formatCount(steps)} steps, each of which follows from the one before`,
    `run     ${run}`,
    `sha256  ${sha256}`,
    '',
    ...linesOf(entry),
  ];
  console.log(lines.join('\n'));
}

/** @throws LanewiseError kind 'file' with the first entry that does not follow from the one before. */
async function checkChain(path: string, receipt: Receipt): Promise<void> {
  const { entriesOf } = await import('../runs/receipt-file.js');
  const { isLinked } = await import('../runs/receipt-format.js');
  let before: string | undefined;
  for (const entry of entriesOf(path, receipt)) {
    if (!isLinked(entry, before, receipt.every))
      throw new LanewiseError(
        'file',
        `receipt '${path}' was altered: step ${entry.step} does not follow from the one before`,
      );
    before = entry.chain;
  }
}

const linesOf = ({ step, epoch, place, loss, samples, digest, state, chain }: ReceiptEntry) => [
  step === 0
    ? 'before the first step'
    : `step ${formatCount(step)}: epoch ${epoch}, minibatch ${place + 1}`,
  ...(step === 0 ? [] : [`  loss    ${loss}`, `  samples ${samples}`]),
  `  digest  ${digest}`,
  ...(state === undefined ? [] : [`  state   ${state}`]),
  `  chain   ${chain}`,
];

async function runCompare(
  a: string,
  b: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const { firstDifference } = await import('../runs/first-difference.js');
  const [one, other] = [await openAt(a), await openAt(b)];
  const found = await firstDifference(one.receipt, other.receipt);
  // Bisection asks for few entries: where these are the same, another may have been altered all the same.
  if (!found.difference)
    for (const { path, receipt } of [one, other]) await checkChain(path, receipt);
  if (found.difference) process.exitCode = 1;
  if (json) return console.log(JSON.stringify(found));
  const isOtherRun = one.receipt.run !== other.receipt.run;
  const lines = [
    ...(isOtherRun ? await runsDiffer(dirname(one.path), dirname(other.path)) : []),
    ...(found.difference
      ? differenceLines(found, found.difference, isOtherRun)
      : sameLines(found, one.receipt, other.receipt)),
  ];
  console.log(lines.join('\n'));
}

/** What differs in the descriptions of two runs, as far as their checkpoints are there to say it. */
async function runsDiffer(a: string, b: string): Promise<string[]> {
  const { readCheckpoint } = await import('../runs/checkpoint-files.js');
  const { differences } = await import('../train/describe-run.js');
  const found = await Promise.all([a, b].map(readCheckpoint)).catch(() => undefined);
  const [one, other] = found ?? [];
  const names = differences(
    one?.checkpoint.description ?? {},
    other?.checkpoint.description ?? {},
  ).map(({ text }) => text.split(':')[0]);
  return [
    `the two are not the same run: ${names.length === 0 ? 'their models, data or settings differ' : `they differ in ${names.join(', ')}`}`,
  ];
}

const exchangesOf = ({ exchanges }: Pick<Comparison, 'exchanges'>): string =>
  `${exchanges} ${exchanges === 1 ? 'exchange' : 'exchanges'}`;

const sameLines = (found: Comparison, a: Receipt, b: Receipt): string[] => [
  a.steps === b.steps
    ? `the same in all ${formatCount(found.steps)} steps (${exchangesOf(found)})`
    : `the same in the ${formatCount(found.steps)} steps that both have (${exchangesOf(found)}); a has ${formatCount(a.steps)}, b ${formatCount(b.steps)}`,
];

function differenceLines(found: Comparison, difference: Difference, isOtherRun: boolean): string[] {
  const { step, a, b, differs, altered } = difference;
  const first =
    step === 0
      ? `they differ before the first step: they began with other weights`
      : `the same up to step ${formatCount(step - 1)}; step ${formatCount(step)} is the first that differs`;
  return [
    `${first} (${exchangesOf(found)})`,
    ...altered.map((name) => `${name} was altered: its entry does not follow from the one before`),
    '',
    'a:',
    ...linesOf(a).map((line) => `  ${line}`),
    'b:',
    ...linesOf(b).map((line) => `  ${line}`),
    '',
    ...(isOtherRun || step === 0 ? [] : nextLines(step, differs.includes('samples'))),
  ];
}

function nextLines(step: number, isOfSamples: boolean): string[] {
  const before = step - 1;
  const state =
    before === 0 ? [] : [`  npx lanewise receipt state … --step ${before} --out state.safetensors`];
  return [
    isOfSamples
      ? 'they took other samples in this step: look at the data of both first'
      : 'both had the same state and the same samples, and one of them computed the step wrongly',
    'to settle it, take the step again, with the words of train in place of …:',
    ...state,
    `  npx lanewise receipt settle … --a A --b B${before === 0 ? '' : ' --from state.safetensors'}`,
  ];
}

interface StateOptions extends TrainOptions {
  readonly step: number;
  readonly out: string;
  readonly from?: string;
}

/** The model and the settings that the words of train stand for. */
async function runOf(given: string | undefined, options: TrainOptions) {
  const asked = { ...options, report: true };
  const found = await findData(given, asked);
  const { model, settings, notes } = await preparedRun(await inMemory(found, asked), asked);
  for (const line of [...(found.task.said ? [found.task.said] : []), ...notes]) note(line);
  return { model, settings };
}

async function runState(given: string | undefined, options: StateOptions): Promise<void> {
  const { stateAfter } = await import('../runs/replay.js');
  const { model, settings } = await runOf(given, options);
  const { step, out: file, from } = options;
  const kept = await stateAfter(model, settings, {
    step,
    file,
    ...(from === undefined ? {} : { from }),
  });
  const taken = step - kept.from;
  console.log(
    `the state after step ${formatCount(step)} is in ${quoted(file)} (${formatCount(taken)} ${taken === 1 ? 'step' : 'steps'} taken again)`,
  );
}

interface SettleOptions extends TrainOptions {
  readonly a: string;
  readonly b: string;
  readonly from?: string;
}

async function runSettle(given: string | undefined, options: SettleOptions): Promise<void> {
  const { settleDifference } = await import('../runs/settle.js');
  const [a, b] = [await openAt(options.a), await openAt(options.b)];
  const { model, settings } = await runOf(given, options);
  const verdict = await settleDifference(model, settings, {
    a: a.receipt,
    b: b.receipt,
    ...(options.from === undefined ? {} : { from: options.from }),
  });
  if (verdict.right === 'neither') process.exitCode = 1;
  console.log(options.json ? JSON.stringify(verdict) : verdictLines(verdict).join('\n'));
}

function verdictLines(verdict: Verdict): string[] {
  const { difference, right, found, from = 0, isProven, stepsTaken = 0 } = verdict;
  if (!difference)
    return [`the two agree, and there is nothing to settle (${exchangesOf(verdict)})`];
  const { step } = difference;
  const taken =
    stepsTaken === 0
      ? 'the initial weights drawn again'
      : `${formatCount(stepsTaken)} ${stepsTaken === 1 ? 'step' : 'steps'} taken again after step ${formatCount(from)}`;
  return [
    right === 'neither'
      ? `neither is right about step ${formatCount(step)}: this machine gets a third result`
      : `${right} is right about step ${formatCount(step)}`,
    `  ${exchangesOf(verdict)}, ${taken}, from a state checked by its ${isProven ? 'SHA-256' : 'digest, which shows mistakes and not forgery: --from a state after a multiple of 128 steps is proof'}`,
    ...linesOf(found!).map((line) => `  ${line}`),
  ];
}
