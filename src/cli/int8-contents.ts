/** What a model in int8 holds, for `lanewise inspect`. */
import { shorten } from '../base/check.js';
import { showShape } from '../graph/tensor.js';
import { readQuantized } from '../inference/run-quantized.js';
import { describeTerms } from '../losses/terms.js';
import { decodeQuantized } from '../quantize/index.js';
import type { FileContents } from './file-contents.js';
import { formatBytes, formatCount } from './terminal.js';

/** Longest list of names on a line. */
const MOST = 300;

export async function int8Contents(path: string, bytes: Uint8Array): Promise<FileContents> {
  const model = decodeQuantized(bytes, path);
  const { inputs, outputs } = readQuantized(bytes, path);
  const { classes, samples, report, terms } = model;
  const about = {
    event: 'inspect' as const,
    file: path,
    holds: 'int8 model',
    bytes: bytes.length,
    sha256: await model.sha256(),
    inputs: inputs.map(({ name, shape }) => ({ name, shape })),
    outputs: outputs.map(({ output: { name, shape } }) => ({ name, shape })),
    layers: report.map(({ name, bytes: own }) => ({ name, bytes: own })),
    loss: describeTerms(terms),
    ...(classes ? { classes } : {}),
    ...(samples ? { samples } : {}),
  };
  const named = (list: typeof about.inputs) =>
    list.map(({ name, shape }) => `${name} ${showShape(shape)}`).join('; ');
  const width = Math.max(...report.map(({ name }) => name.length), 0) + 2;
  const rows: [string, string][] = [
    ['file', `a model in int8, ${formatBytes(bytes.length)}`],
    ['all of it', `sha256 ${about.sha256}`],
    ['loss', about.loss.map(({ output, kind }) => `${kind} of ${output}`).join(', ')],
    ['inputs', named(about.inputs)],
    ['outputs', named(about.outputs)],
  ];
  if (classes) rows.push(['classes', `${classes.length}: ${shorten(classes.join(', '), MOST)}`]);
  return {
    about,
    text: [
      `${path}: layers with int8 weights, and their bytes`,
      '',
      ...report.map((one) => `  ${one.name.padEnd(width)}${formatCount(one.bytes).padStart(12)}`),
      '',
      ...rows.map(([name, words]) => `  ${name.padEnd(12)}${words}`),
    ].join('\n'),
  };
}
