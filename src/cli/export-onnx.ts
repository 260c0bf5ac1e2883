/** `lanewise export --onnx`: writes a model as an ONNX file. */
import { resolve } from 'node:path';
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { featureNames } from '../data/table-match.js';
import { writeFileAtomic } from '../node/atomic.js';
import { showShape } from '../graph/tensor.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { checkOutName } from './file-kind.js';
import { openModel } from './model-source.js';
import { formatBytes, quoted } from './terminal.js';

export interface ExportOnnxOptions {
  readonly out: string;
}

/** @throws LanewiseError kind 'argument' for several models, and as `writeOnnx`. */
export async function exportOnnx(
  files: readonly string[],
  { out }: ExportOnnxOptions,
): Promise<void> {
  const [file, ...others] = files;
  if (others.length > 0)
    throw new LanewiseError(
      'argument',
      `${files.length} models are given, and an ONNX file holds one`,
      'export them one by one',
    );
  if (!/\.onnx$/i.test(out)) checkOutName(out, 'export --onnx writes ONNX', '--out model.onnx');
  if (resolve(file!) === resolve(out))
    throw new LanewiseError(
      'argument',
      `--out ${out} would replace the file that is read`,
      'give another name',
    );
  const trained = await openModel(file!);
  const { writeOnnx } = await import('../onnx/index.js');
  // What is no class has the values of `predict`, such as a deviation rather than its logarithm.
  const bytes = writeOnnx(trained, { logits: trained.givesProbabilities });
  await writeFileAtomic(out, bytes);
  console.log(`wrote ${file} as ONNX to ${out}, ${formatBytes(bytes.length)}`);
  console.log(howToRun(out, trained));
}

/** What a table's rows are as numbers: the file's input holds these, one after another, and its scaling is in the file. */
const rowsOf = ({ table }: TrainedModel): string[] =>
  table
    ? [
        `  features    ${shorten(featureNames(table).join(', '), MOST)}: in this order, not scaled`,
        `  targets     ${shorten((table.targets ?? []).map(({ name }) => name).join(', '), MOST)}`,
      ]
    : [];

/** Longest list of names on a line. */
const MOST = 1000;

/** Python that runs the file, with inputs of zeros. */
function howToRun(out: string, trained: TrainedModel): string {
  const { model, givesProbabilities, classes } = trained;
  const inputs = Object.entries(model.architecture.inputs);
  const outputs = [...model.outputs].map(([name, shape]) => `${name} N×${showShape(shape)}`);
  const feeds = inputs.map(([name, { shape, vocabulary }]) => {
    const type = vocabulary === undefined ? 'float32' : 'int64';
    return `'${name}': numpy.zeros((${[1, ...shape].join(', ')}${shape.length === 0 ? ',' : ''}), '${type}')`;
  });
  return [
    `  gives       ${outputs.join(', ')}${givesProbabilities ? ' (logits: softmax of them are the probabilities)' : ''}`,
    ...rowsOf(trained),
    ...(classes ? [`  classes     ${classes.length}, in the file’s metadata`] : []),
    'run it with onnxruntime, in Python:',
    `  import numpy, onnxruntime; session = onnxruntime.InferenceSession(${JSON.stringify(out)})`,
    `  session.run(None, {${feeds.join(', ')}})`,
    'or look into it here:',
    `  npx lanewise inspect ${quoted(out)}`,
  ].join('\n');
}
