/** What an ONNX file holds, for `lanewise inspect`: also of files that can be read in part, or not at all. */
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { parameterCount } from '../layers/index.js';
import type { OnnxFile, OnnxNode, OnnxValueInfo } from '../onnx/messages.js';
import type { FileContents } from './file-contents.js';
import { layerRows, layerTable } from './layer-table.js';
import { modelIn, type ModelRead } from './model-source.js';
import { formatBytes, formatCount } from './terminal.js';

/** Longest list of names on a line. */
const MOST = 300;

/** @throws LanewiseError kind 'file' for a damaged file. */
export async function onnxContents(path: string, bytes: Uint8Array): Promise<FileContents> {
  const { decodeOnnx } = await import('../onnx/messages.js');
  const file = decodeOnnx(bytes, path);
  const read = await modelIn(path, bytes).catch((error: unknown) => {
    if (error instanceof LanewiseError) return error;
    throw error;
  });
  const about = describe(path, bytes, file, read);
  return { about, text: textOf(about, read) };
}

const isRefused = (read: ModelRead | LanewiseError): read is LanewiseError =>
  read instanceof LanewiseError;

function describe(
  path: string,
  bytes: Uint8Array,
  { graph, opsets, irVersion, producer, producerVersion, functions, metadata }: OnnxFile,
  read: ModelRead | LanewiseError,
) {
  const stored = new Set(graph.initializers.keys());
  return {
    event: 'inspect' as const,
    file: path,
    holds: 'onnx' as const,
    bytes: bytes.length,
    producer: [producer, producerVersion].filter((one) => one !== '').join(' '),
    ir: irVersion,
    opsets: Object.fromEntries(
      [...opsets].map(([domain, version]) => [domain === '' ? 'ai.onnx' : domain, version]),
    ),
    inputs: graph.inputs.filter(({ name }) => !stored.has(name)).map(valueOf),
    outputs: graph.outputs.map(valueOf),
    ops: countsOf([graph.nodes, ...functions.map(({ nodes }) => nodes)].flat()),
    initializers: stored.size,
    numbers: [...graph.initializers.values()].reduce(
      (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
      0,
    ),
    metadata: [...metadata.keys()],
    ...(isRefused(read) ? { refused: read.message, hint: read.hint } : readable(read)),
  };
}

/** What is known of a model that can be trained. */
const readable = ({ trained: { model, classes }, warnings }: ModelRead) => ({
  parameters: parameterCount(model),
  layers: layerRows(model),
  classes,
  warnings,
});

type About = ReturnType<typeof describe>;

const valueOf = ({ name, type, shape }: OnnxValueInfo) => ({
  name,
  type: type ?? 'unknown',
  /** An extent is a number, a name, or unknown. */
  ...(shape ? { shape: shape.map((extent) => extent ?? null) } : {}),
});

/** How many nodes of each op there are, the most frequent first; ops of other domains have theirs in front. */
function countsOf(nodes: readonly OnnxNode[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { op, domain } of nodes) {
    const name = domain === '' ? op : `${domain}.${op}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

/** `input float N×3×224×224` */
const inWords = ({ name, type, shape }: About['inputs'][number]): string =>
  `${name} ${type} ${shape ? (shape.length === 0 ? 'a number' : shape.map((one) => one ?? '?').join('×')) : 'of unknown shape'}`;

function textOf(about: About, read: ModelRead | LanewiseError): string {
  const { file, bytes, producer, ir, opsets, inputs, outputs, ops, initializers, numbers } = about;
  const { metadata } = about;
  const { classes } = isRefused(read) ? {} : read.trained;
  const versions = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const rows: readonly (readonly [string, string])[] = [
    ['file', `${formatBytes(bytes)}${producer === '' ? '' : `, written by ${producer}`}`],
    ['opsets', `${versions.join(', ')}; IR ${ir}`],
    ['inputs', inputs.map(inWords).join('; ')],
    ['outputs', outputs.map(inWords).join('; ')],
    [
      'ops',
      Object.entries(ops)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    ],
    ['weights', `${formatCount(numbers)} numbers in ${formatCount(initializers)} initialisers`],
    ['metadata', shorten(metadata.join(', '), MOST)],
    ['classes', classes ? `${classes.length}: ${shorten(classes.join(', '), MOST)}` : ''],
  ];
  const nodes = Object.values(ops).reduce((sum, count) => sum + count, 0);
  return [
    `${file}: an ONNX model of ${formatCount(nodes)} nodes`,
    '',
    ...rows.flatMap(([name, words]) => (words === '' ? [] : [`  ${name.padEnd(12)}${words}`])),
    '',
    ...(isRefused(read)
      ? [
          'what is in the way of training and predicting:',
          ...read.message.split('\n').map((line) => `  ${line}`),
          ...(read.hint ? [`  ${read.hint}`] : []),
        ]
      : [
          `as layers: ${layerTable(file, read.trained.model)}`,
          ...read.warnings.map((line) => `warning: ${line}`),
          'train --weights this file goes on from it; import makes a model file of it',
        ]),
  ].join('\n');
}
