/** What `lanewise quantize` shows: the layers of a model that predicts on integers, and its figures beside the float model's. */
import type { EvaluationSummary } from '../metrics/summary.js';
import type { LayerReport } from '../quantize/index.js';
import { formatBytes, formatCount, formatPercent, quoted } from './terminal.js';

type Figures = EvaluationSummary & { readonly predictions?: Uint32Array };

export interface Compared {
  readonly model: string;
  readonly out: string;
  readonly data: string;
  /** Number of samples scored. */
  readonly samples: number;
  readonly words: string;
  /** Bytes of both files. */
  readonly bytes: Both<number>;
  readonly float: Figures;
  readonly int8: Figures;
  readonly layers: readonly LayerReport[];
  readonly sha256: string;
}

interface Both<T> {
  readonly float: T;
  readonly int8: T;
}

/** The share of samples for which both models favour the same class. */
function agreementOf({ float, int8 }: Compared): number | undefined {
  const { predictions: before } = float;
  const { predictions: after } = int8;
  if (!before || !after) return undefined;
  return before.reduce((sum, one, i) => sum + Number(one === after[i]), 0) / before.length;
}

/** The record that `--json` prints. */
export function quantizedRecord(compared: Compared): object {
  const { model, out, data, samples, bytes, float, int8, layers, sha256 } = compared;
  return {
    event: 'quantize',
    model,
    out,
    sha256,
    data,
    samples,
    loss: { float: float.loss, int8: int8.loss },
    ...(float.accuracy === undefined
      ? {}
      : { accuracy: { float: float.accuracy, int8: int8.accuracy } }),
    agreement: agreementOf(compared),
    bytes,
    layers,
  };
}

/** Cells in columns: the first three to the left, the others to the right. */
function table(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((cells) => cells[i]!.length)));
  return rows.map((cells) =>
    cells
      .map((cell, i) => (i < left ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The lines for people; `all` is what was asked. */
export function quantizedText(compared: Compared, { data }: { readonly data: string }): string {
  const { model, out, samples, words, bytes, float, int8, layers, sha256 } = compared;
  const agreement = agreementOf(compared);
  const figures = [
    ['', 'float', 'int8'],
    ...(float.accuracy === undefined
      ? []
      : [['accuracy', formatPercent(float.accuracy), formatPercent(int8.accuracy!)]]),
    ['loss', float.loss.toFixed(4), int8.loss.toFixed(4)],
    ['file', formatBytes(bytes.float), formatBytes(bytes.int8)],
  ];
  const error = ({ error: one }: LayerReport) => (one === undefined ? '–' : formatPercent(one));
  const rows = layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.reason === undefined ? layer.computed : `${layer.computed}: ${layer.reason}`,
    error(layer),
    layer.bytes ? formatCount(layer.bytes) : '–',
  ]);
  return [
    ...table([['layer', 'kind', 'computed', 'error', 'bytes'], ...rows], 3),
    '',
    `${model} on ${compared.data}, ${formatCount(samples)} samples`,
    ...(words ? [words] : []),
    ...table(figures, 1),
    ...(agreement === undefined
      ? []
      : [`both favour the same class for ${formatPercent(agreement)} of the samples`]),
    `wrote ${out}, ${formatPercent(bytes.int8 / bytes.float, 0)} of ${model}, sha256 ${sha256}`,
    `next: npx lanewise eval ${quoted(out)} --data ${quoted(data)}`,
  ].join('\n');
}
