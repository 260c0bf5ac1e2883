/** Warnings on a file that is read: what is other than it was in training, and what to do about it. */
import type { Model } from '../layers/model.js';
import { joined } from './layer-names.js';
import type { OnnxFile } from './messages.js';

const RECIPE =
  'export with model.eval() and torch.onnx.export(…, training=TrainingMode.PRESERVE, do_constant_folding=False)';

/** How the advice on an output begins that cannot be trained as it is. */
export const adviceOn = (output: string, kind: 'softmax' | 'sigmoid'): string =>
  `output '${output}' is a ${kind}: to train with `;

/** The sentences that notes and the file itself give rise to. */
export function warningsOf(
  file: OnnxFile,
  notes: ReadonlyMap<string, readonly string[]>,
  model: Model,
): string[] {
  const { layers, outputs } = model.architecture;
  const count = (kind: string) => notes.get(kind)?.length ?? 0;
  const first = (kind: string) => notes.get(kind)?.[0];
  const warnings: string[] = [];
  const convolutions = file.graph.nodes.filter(
    ({ op, inputs }) => op === 'Conv' && (inputs[1] ?? '').startsWith('onnx::Conv_'),
  );
  if (convolutions.length > 0)
    warnings.push(
      `${convolutions.length} convolutions have lost their names, as batch norms were folded into them: the model predicts as it did, but does not train as it did; ${RECIPE}`,
    );
  if (count('moved') > 0)
    warnings.push(
      `${count('moved')} batch norms stand in training mode (the first '${first('moved')}'): the export has moved their running statistics, which are read as they are; ${RECIPE}`,
    );
  if (count('merged') > 0)
    warnings.push(
      `${count('merged')} parameters that the export had merged with equal ones (the first '${first('merged')}') are parameters of their own again`,
    );
  if (count('rewritten') > 0)
    warnings.push(
      `${count('rewritten')} nodes have the number of samples written into a shape (the first '${first('rewritten')}'), which is read as any number; export with dynamic_axes to be sure`,
    );
  if (count('gru') > 0)
    warnings.push(
      `${count('gru')} GRU nodes have linear_before_reset 0 (the first '${first('gru')}'), which PyTorch's GRU is not: PyTorch's newer exporter leaves the attribute out by mistake; compare the predictions with PyTorch's`,
    );
  for (const [name, from] of Object.entries(outputs)) {
    const layer = layers.find((one) => one.name === from);
    const before = layer && (layer.inputs?.[0] ?? layers[layers.indexOf(layer) - 1]?.name);
    if (layer?.kind !== 'softmax' && layer?.kind !== 'sigmoid') continue;
    const node = file.graph.nodes.find((one) => one.outputs.includes(name));
    const logits = node ? `outputs: ['${node.inputs[0]}']` : `the output of '${before}'`;
    const loss = layer.kind === 'softmax' ? 'crossEntropy' : 'binaryCrossEntropyWithLogits';
    warnings.push(
      `${adviceOn(name, layer.kind)}${loss}, which takes the values before it, read with ${logits}`,
    );
  }
  const gone = missingModules(file);
  const hasDropout = file.graph.nodes.some(({ op }) => op === 'Dropout');
  if (gone.length > 0 && convolutions.length === 0 && !hasDropout)
    warnings.push(
      `the modules ${gone
        .slice(0, 4)
        .map((name) => `'${name}'`)
        .join(
          ', ',
        )}${gone.length > 4 ? ` and ${gone.length - 4} more` : ''} are not in the file, as PyTorch leaves dropout out of models in eval(); put it back if it was there`,
    );
  return warnings;
}

/** Numbers that are missing among the modules of PyTorch's sequences, which nodes and parameters name. */
function missingModules({ graph, producer }: OnnxFile): string[] {
  if (producer !== 'pytorch' || !graph.nodes.some(({ name }) => name.startsWith('/'))) return [];
  const found = new Map<string, Set<number>>();
  const paths = [
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ op, name, outputs }) => {
      const modules = name.startsWith('/') ? name.split('/').slice(1, -1) : [];
      return [
        ...(op === 'Identity' ? outputs : []),
        ...modules.map((_, i) => joined(modules.slice(0, i + 1))),
      ];
    }),
  ];
  for (const path of paths) {
    const parts = path.startsWith('onnx::') || path.startsWith('/') ? [] : path.split('.');
    parts.forEach((part, i) => {
      if (i === 0 || !/^\d{1,3}$/.test(part)) return;
      const prefix = parts.slice(0, i).join('.');
      found.set(prefix, (found.get(prefix) ?? new Set()).add(Number(part)));
    });
  }
  return [...found].flatMap(([prefix, numbers]) =>
    Array.from({ length: Math.max(...numbers) }, (_, i) => i)
      .filter((i) => !numbers.has(i))
      .map((i) => `${prefix}.${i}`),
  );
}
