/** The table of a model's layers: their kinds, outputs, parameters and work. */
import type { ModelGraph } from '../layers/graph.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import { parameterCount, type Model } from '../layers/index.js';
import { operationsOf } from '../look/operations-of.js';
import { formatCount } from './terminal.js';

/** A layer of a model. */
export interface LayerRow {
  readonly layer: string;
  readonly kind: string;
  /** Shape of the output of one sample. */
  readonly shape: Shape;
  /** Trained ones. */
  readonly parameters: number;
  /** Operations forward for one sample. */
  readonly flops: number;
}

/** A layer's name: that of its parameter where it has none. */
const shownName = ({ layer, output: { source } }: ModelGraph['activations'][number]): string =>
  layer || (source.kind === 'parameter' ? source.name : '');

/** The layers in the order of their evaluation. */
export function layerRows(model: Model): LayerRow[] {
  const graph = model.graph(1, 'evaluation');
  const { layers } = operationsOf(model);
  const parameters = new Map<string, number>();
  const shown = new Set(graph.activations.map(shownName));
  for (const { name, role, shape } of model.parameters) {
    if (role !== 'trained') continue;
    const layer = shown.has(name) ? name : name.replace(/\.[^.]*$/, '');
    parameters.set(layer, (parameters.get(layer) ?? 0) + sizeOf(shape));
  }
  return graph.activations.map((one, i) => ({
    layer: shownName(one),
    kind: one.kind,
    shape: one.output.shape.slice(1),
    parameters: parameters.get(shownName(one)) ?? 0,
    flops: layers[i]!.operations,
  }));
}

/** The width of a column of text: two more than its longest cell. */
const widthOf = (cells: readonly string[], least: number): number =>
  cells.reduce((width, cell) => Math.max(width, cell.length + 2), least);

/** One line a layer: name, kind, output of one sample, parameters, operations forward. */
export function layerTable(name: string, model: Model): string {
  const inputs = Object.values(model.architecture.inputs)
    .map(({ shape }) => showShape(shape))
    .join(', ');
  const rows = layerRows(model).map((row) => ({ ...row, shape: showShape(row.shape) }));
  const total = rows.reduce((sum, { flops }) => sum + flops, 0);
  const widths = (
    [
      ['layer', 10],
      ['kind', 12],
      ['shape', 14],
    ] as const
  ).map(([key, least]) =>
    widthOf(
      rows.map((row) => row[key]),
      least,
    ),
  );
  const line = (cells: readonly string[]) =>
    `  ${widths.map((width, i) => cells[i]!.padEnd(width)).join('')}${cells[3]!.padStart(12)}${cells[4]!.padStart(14)}`;
  const zeroAsDash = (value: number) => (value ? formatCount(value) : '–');
  return [
    `${name}: input ${inputs}, ${formatCount(parameterCount(model))} parameters`,
    '',
    line(['layer', 'kind', 'output', 'parameters', 'FLOPs/sample']),
    ...rows.map((row) =>
      line([row.layer, row.kind, row.shape, zeroAsDash(row.parameters), zeroAsDash(row.flops)]),
    ),
    line(['total', '', '', formatCount(parameterCount(model)), formatCount(total)]),
    '',
  ].join('\n');
}
