/** The table of a profile that `lanewise bench --profile` prints. */
import type { Profile, ProfiledCall, ProfiledSum } from '../benchmark/index.js';

/** A program's calls, the slowest first, then sums over kernels; percentages at the end are of the bound. */
export function profileTable(
  name: string,
  { program, microseconds, calls, kernels, total }: Profile,
): string {
  const rows = calls.toSorted((a, b) => b.microseconds - a.microseconds).map(callRow);
  return [
    `${name}, ${program}: ${microseconds.toFixed(0)} µs`,
    `${'time'.padStart(12)} ${'share'.padStart(7)}  ${'layer'.padEnd(16)} ${'kernel'.padEnd(22)} ${'speed'.padStart(14)}  of its bound`,
    ...rows,
    '',
    ...[...kernels, total].map(sumRow),
    '',
  ].join('\n');
}

const timeCells = (microseconds: number, share: number): string =>
  `${microseconds.toFixed(1).padStart(9)} µs ${percent(share, 1).padStart(7)}`;

const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;

function callRow(call: ProfiledCall): string {
  const speed =
    call.bound === 'arithmetic'
      ? `${call.gflops.toFixed(1)} GFLOP/s`
      : `${call.gigabytes.toFixed(1)} GB/s   `;
  const bound = `${percent(call.ofBound).padStart(5)} ${call.bound}`;
  return `${timeCells(call.microseconds, call.share)}  ${call.label.padEnd(16)} ${call.kernel.padEnd(22)} ${speed.padStart(14)} ${bound}`;
}

function sumRow({ kernel, calls, microseconds, share, gflops, ofBound }: ProfiledSum): string {
  const count = calls === 1 ? '1 call' : `${calls} calls`;
  const speed = gflops ? `${gflops.toFixed(1)} GFLOP/s` : '';
  return `${timeCells(microseconds, share)}  ${count.padEnd(16)} ${kernel.padEnd(22)} ${speed.padStart(14)} ${percent(ofBound).padStart(5)}`;
}
