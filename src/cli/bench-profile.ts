/** What `lanewise bench --profile` profiles by name, and the table that it prints. */
import { existsSync } from 'node:fs';
import { lookUp } from '../base/errors.js';
import {
  trainingOf,
  workloads,
  type Profile,
  type ProfiledCall,
  type Profiled,
  type ProfiledSum,
} from '../benchmark/index.js';
import { lossTerms } from '../losses/terms.js';
import { allRecipes } from '../models/recipes.js';
import { momentum } from '../optimizers/index.js';
import { usualRules } from '../optimizers/usual-rules.js';
import { isFileName, paperImages } from './model-name.js';
import { openModel } from './model-source.js';

/** Samples of a minibatch of a model in a file, which does not say how many it was trained on. */
const FILE_BATCH = 32;

/**
 * A training workload, a model by its name, trained as its recipe says, or the model in a file, with momentum.
 * @throws LanewiseError kind 'argument' for an unknown name, with the nearest known one; kind 'file' as `openModel`.
 */
export async function profiledNamed(name: string): Promise<Profiled & { readonly batch: number }> {
  const recipes = allRecipes();
  if (Object.hasOwn(workloads, name)) return trainingOf(name);
  if (isFileName(name) || (!Object.hasOwn(recipes, name) && existsSync(name))) {
    const { model, terms } = await openModel(name);
    return { model, terms, optimizer: momentum({ lr: 0.01 }), batch: FILE_BATCH };
  }
  lookUp('workload or model', { ...workloads, ...recipes }, name);
  const { create, loss, optimizer, learningRate, weightDecay, batch, sized } = recipes[name]!;
  const model = create(sized && paperImages(sized));
  return {
    model,
    terms: lossTerms(loss, [...model.outputs.keys()]),
    optimizer: usualRules[optimizer]!.make({ lr: learningRate, weightDecay }),
    batch,
  };
}

/** A program's calls, the slowest first, then sums over kernels; percentages at the end are of the bound. */
export function profileTable(
  name: string,
  { program, microseconds, calls, kernels, total }: Profile,
): string {
  const widths = {
    label: widest(16, ['layer', ...calls.map(({ label }) => label)]),
    kernel: widest(22, ['kernel', ...kernels.map(({ kernel }) => kernel)]),
  };
  const rows = calls.toSorted((a, b) => b.microseconds - a.microseconds);
  return [
    `${name}, ${program}: ${microseconds.toFixed(0)} µs`,
    `${'time'.padStart(12)} ${'share'.padStart(7)}  ${'layer'.padEnd(widths.label)} ${'kernel'.padEnd(widths.kernel)} ${'speed'.padStart(14)}  of its bound`,
    ...rows.map((call) => callRow(call, widths)),
    '',
    ...[...kernels, total].map((sum) => sumRow(sum, widths)),
    '',
  ].join('\n');
}

/** Widths of the columns of text. */
interface Widths {
  readonly label: number;
  readonly kernel: number;
}

const widest = (least: number, texts: readonly string[]): number =>
  Math.max(least, ...texts.map(({ length }) => length));

const timeCells = (microseconds: number, share: number): string =>
  `${microseconds.toFixed(1).padStart(9)} µs ${percent(share, 1).padStart(7)}`;

const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;

function callRow(call: ProfiledCall, widths: Widths): string {
  const speed =
    call.bound === 'arithmetic'
      ? `${call.gflops.toFixed(1)} GFLOP/s`
      : `${call.gigabytes.toFixed(1)} GB/s   `;
  const bound = `${percent(call.ofBound).padStart(5)} ${call.bound}`;
  const names = `${call.label.padEnd(widths.label)} ${call.kernel.padEnd(widths.kernel)}`;
  return `${timeCells(call.microseconds, call.share)}  ${names} ${speed.padStart(14)} ${bound}`;
}

function sumRow(
  { kernel, calls, microseconds, share, gflops, ofBound }: ProfiledSum,
  widths: Widths,
): string {
  const count = calls === 1 ? '1 call' : `${calls} calls`;
  const speed = gflops ? `${gflops.toFixed(1)} GFLOP/s` : '';
  const names = `${count.padEnd(widths.label)} ${kernel.padEnd(widths.kernel)}`;
  return `${timeCells(microseconds, share)}  ${names} ${speed.padStart(14)} ${percent(ofBound).padStart(5)}`;
}
