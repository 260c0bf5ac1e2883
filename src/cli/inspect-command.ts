/** The command `lanewise inspect`: prints a model's layers and what it costs, before anything runs. */
import { Command } from 'commander';
import { samplesOf } from '../data/forms.js';
import { digits } from '../data/digits/index.js';
import { topologicalOrder } from '../graph/order.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import { parameterCount, type Model } from '../layers/index.js';
import { lossTerms } from '../losses/terms.js';
import { momentum } from '../optimizers/index.js';
import { columnsOf } from '../feed/columns.js';
import { planRun, type RunPlan } from '../step/run-plan.js';
import { defaultShards } from '../step/shards.js';
import { printProgram } from '../program/print.js';
import { pickNumerics } from '../engine/numerics.js';
import { machineParallelism } from '#platform/threads';
import { recipeNamed } from './model-name.js';
import { modelNames, wholeNumber, workersOption } from './options.js';
import { formatBytes, formatCount } from './terminal.js';

interface Options {
  readonly program?: boolean;
  readonly batch: number;
  readonly shards?: number;
  readonly workers?: number;
}

export const inspectCommand = (): Command =>
  new Command('inspect')
    .description('print a model’s layers, parameters, work and memory')
    .argument('<model>', modelNames())
    .option('--program', 'print the kernel calls of one shard')
    .option('--batch <n>', 'samples in a minibatch', wholeNumber(1), 64)
    .option('--shards <n>', 'parts of a minibatch (one for every 16 samples)', wholeNumber(1))
    .addOption(workersOption())
    .action(runInspect);

function runInspect(name: string, { program, batch, shards, workers }: Options): void {
  const recipe = recipeNamed(name);
  const model = recipe.create();
  const terms = lossTerms(recipe.loss, [...model.outputs.keys()]);
  const plan = planRun({
    model,
    terms,
    numerics: pickNumerics(),
    workers: Math.max(1, workers ?? machineParallelism()),
    // The cost is that of one full minibatch of images of MNIST's size.
    datasets: [{ ...columnsOf(model, terms, samplesOf(digits({ count: 1 }))), count: batch }],
    training: {
      optimizer: momentum({ lr: 0 }),
      batch,
      shards: shards ?? defaultShards(model, batch),
    },
  });
  if (program) {
    for (const step of Object.values(plan.steps)) {
      for (const gradients of Object.values(step.programs)) console.log(printProgram(gradients));
    }
    return;
  }
  console.log(layerTable(name, model));
  console.log(memoryTable(plan));
}

/** One line a layer: name, kind, output of one sample, parameters, operations forward. */
function layerTable(name: string, model: Model): string {
  const graph = model.graph(1, 'evaluation');
  const order = topologicalOrder([...graph.outputs.values()]);
  const flopsOf = (layer: string): number =>
    order.reduce((sum, output) => {
      const { source } = output;
      if (source.kind !== 'op' || source.layer !== layer) return sum;
      const node = { inputs: source.inputs, output, attributes: source.attributes };
      return sum + (source.op.flops?.(node) ?? 0);
    }, 0);
  const parametersOf = (layer: string): number =>
    model.parameters
      .filter(
        ({ name, role }) => role === 'trained' && name.slice(0, name.lastIndexOf('.')) === layer,
      )
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const inputs = Object.values(model.architecture.inputs)
    .map(({ shape }) => showShape(shape))
    .join(', ');
  const rows = graph.activations.map(({ layer, kind, output }) => ({
    layer,
    kind,
    shape: showShape(output.shape.slice(1)),
    parameters: parametersOf(layer),
    flops: flopsOf(layer),
  }));
  const total = rows.reduce((sum, { flops }) => sum + flops, 0);
  /** The width of a column of text: two more than its longest cell. */
  const widthOf = (cells: readonly string[], least: number): number =>
    cells.reduce((width, cell) => Math.max(width, cell.length + 2), least);
  const widths = [
    widthOf(
      rows.map(({ layer }) => layer),
      10,
    ),
    widthOf(
      rows.map(({ kind }) => kind),
      12,
    ),
    widthOf(
      rows.map(({ shape }) => shape),
      14,
    ),
  ];
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

/** Bytes by region, and what liveness analysis saved. */
function memoryTable(plan: RunPlan): string {
  const programs = Object.values(plan.steps).flatMap((step) => Object.values(step.programs));
  const largest = programs.reduce((a, b) => (a.activationBytes > b.activationBytes ? a : b));
  const { schedule } = plan.steps[plan.batch]!;
  const sizes = schedule.shards.map(({ count }) => count);
  const regions = plan.memory.regions.filter(({ bytes }) => bytes > 0);
  return [
    `memory for minibatches of ${plan.batch} in ${sizes.length} shards (${sizes.join(', ')} samples), momentum, ${plan.workers} ${plan.workers === 1 ? 'worker' : 'workers'}, ${plan.numerics}`,
    '',
    ...regions.map(
      ({ name, base, bytes }) =>
        `  ${name.padEnd(14)}${formatBytes(bytes).padStart(12)}   at ${base}`,
    ),
    `  ${'total'.padEnd(14)}${formatBytes(plan.memory.bytes).padStart(12)}`,
    '',
    `activations of a shard: ${formatBytes(largest.activationBytes)}, ${formatBytes(largest.unsharedBytes)} without reuse; workspace ${formatBytes(largest.workspaceBytes)}`,
  ].join('\n');
}
