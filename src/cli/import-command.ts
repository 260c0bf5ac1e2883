/** The command `lanewise import`: makes a model file of another program's model. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { readSource } from '../data/file-source.js';
import { encodeSafetensors } from '../formats/safetensors.js';
import type { TensorFile } from '../formats/tensor-file.js';
import { showShape } from '../graph/tensor.js';
import { modelBytes } from '../trained/model-file.js';
import { writeFileAtomic } from '../node/atomic.js';
import { openTensors } from './file-contents.js';
import { checkOutName } from './file-kind.js';
import { scaleOption, withScale, type ImageScale } from './image-scale.js';
import { layerTable } from './layer-table.js';
import { foreignModel, modelIn, warned } from './model-source.js';
import { addOptions, choice, option } from './options.js';
import { formatBytes, note, quoted } from './terminal.js';

interface Options {
  readonly out: string;
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly outputs?: readonly string[];
  readonly batch?: 'first' | 'none';
  readonly scale?: ImageScale;
}

/** `input=3x224x224`, several by commas or by several options. */
function inputShapes(
  text: string,
  before: Readonly<Record<string, readonly number[]>> = {},
): Record<string, readonly number[]> {
  const pairs = text.split(/,(?=[^,]*=)/).map((part) => {
    const at = part.lastIndexOf('=');
    const extents = part.slice(at + 1).split(/[x×]/);
    if (at > 0 && extents.every((one) => /^\d{1,9}$/.test(one) && Number(one) > 0))
      return [part.slice(0, at).trim(), extents.map(Number)] as const;
    throw new InvalidArgumentError(
      'Expected the name of an input, =, and the shape of one sample, such as input=3x224x224.',
    );
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

const readingOptions = () => [
  option(
    '--inputs <name=shape>',
    'the shape of one sample for inputs whose file leaves it open, such as input=3x224x224; separate several by commas',
    inputShapes,
  ),
  option<readonly string[]>(
    '--outputs <names>',
    'the values up to which an ONNX file is read, separated by commas (its outputs)',
    (text, before = []) => [...before, ...text.split(',').map((one) => one.trim())],
  ),
  choice(
    '--batch <axis>',
    'where samples stand in an ONNX file: first (default), or none, for a file that takes one sample at a time without an axis of samples',
    ['first', 'none'],
  ),
];

export const importCommand = (): Command =>
  addOptions(new Command('import'), [...readingOptions(), scaleOption()])
    .description(
      'make a model file of another program’s model, such as an ONNX file, to be trained and used here',
    )
    .argument('<file>', 'the other program’s file; what belongs to it lies beside it')
    .requiredOption('-o, --out <file>', 'the model file, model.safetensors')
    .action(runImport);

async function runImport(path: string, options: Options): Promise<void> {
  const { out, scale, ...reading } = options;
  if (!out.endsWith('.safetensors'))
    checkOutName(out, 'import writes model files', '--out model.safetensors');
  if (samePath(path, out))
    throw new LanewiseError('argument', `--out ${out} would replace the file that is read`);
  const given = await readSource('model', path);
  const tensors = foreignModel(path, given) ? undefined : await openTensors(path, given);
  if (tensors && tensors.metadata['lanewise'] === undefined)
    return importWeights(path, tensors, options);
  const read = await modelIn(path, given, reading);
  const model = scale === undefined ? read.trained : withScale(read.trained, scale);
  const bytes = modelBytes(model, out);
  await writeFileAtomic(out, bytes);
  const { classes } = model;
  const { outputs } = model.model;
  const inputs = Object.entries(model.model.architecture.inputs);
  console.log(
    [
      layerTable(path, model.model),
      `  inputs      ${inputs.map(([name, { shape }]) => `${name} ${showShape(shape)}`).join(', ')}`,
      `  outputs     ${[...outputs].map(([name, shape]) => `${name} ${showShape(shape)}`).join(', ')}`,
      ...(classes ? [`  classes     ${classes.length}: ${shorten(classes.join(', '), 300)}`] : []),
      '',
    ].join('\n'),
  );
  warned({ ...read, trained: model, knowsSamples: read.knowsSamples || scale !== undefined });
  console.log(`wrote ${out}, ${formatBytes(bytes.length)}, sha256 ${await model.sha256()}`);
  console.log(nextAfter(out, model.samples?.type === 'uint8'));
}

/** Writes weights alone, which say of no model, as a safetensors file. */
async function importWeights(
  path: string,
  { tensors, others, notes = [] }: TensorFile,
  { out, ...options }: Options,
): Promise<void> {
  const [unused] = Object.keys(options);
  if (unused !== undefined)
    throw new LanewiseError(
      'argument',
      `--${unused} says how a model is read, and '${path}' holds weights alone`,
      `leave --${unused} out`,
    );
  const bytes = encodeSafetensors(tensors, { format: 'pt' });
  await writeFileAtomic(out, bytes);
  for (const line of notes) note(line);
  if (others.size > 0)
    note(`left out, as not of floats: ${shorten([...others.keys()].join(', '), 300)}`);
  console.log(
    [
      `wrote ${out}, ${formatBytes(bytes.length)}: weights of ${tensors.size} tensors, without a model`,
      'next, with the model that they belong to:',
      `  npx lanewise train resnet18 --weights ${quoted(out)} --data FOLDER`,
    ].join('\n'),
  );
}

const samePath = (a: string, b: string): boolean => resolve(a) === resolve(b);

/** The commands to try next. */
const nextAfter = (out: string, isOfImages: boolean): string =>
  [
    'next:',
    ...(isOfImages
      ? [
          `  npx lanewise predict ${quoted(out)} image.png`,
          `  npx lanewise train --weights ${quoted(out)} --data FOLDER --freeze backbone`,
        ]
      : [`  npx lanewise train --weights ${quoted(out)} --data FILE`]),
    `  npx lanewise export ${quoted(out)} --onnx --out model.onnx`,
  ].join('\n');
