/** The source of MATLAB's files: an array of samples, X, and one of their classes, y. */
import type { Dataset } from '../data/dataset.js';
import { matDataset, namesInMat } from '../data/mat-set.js';
import { LanewiseError } from '../base/errors.js';
import { showShape } from '../graph/tensor.js';
import { checkNoQuantity } from './tables.js';
import { holdOut } from './data-paths.js';
import type { DataRequest, DataSets } from './data-sources.js';

const SAMPLES = ['X', 'x', 'data', 'images', 'fea'];
const TARGETS = ['y', 'Y', 'labels', 'label', 'gnd'];

/** @throws LanewiseError as `matDataset` does, and kind 'data' without arrays of usual names. */
export async function loadMat(request: DataRequest, path: string): Promise<DataSets> {
  const { shape, target, columns } = request;
  const names = await namesInMat(path);
  const [samples, targets] = [SAMPLES, target === undefined ? TARGETS : [target]].map((usual) =>
    usual.find((name) => names.includes(name)),
  );
  if (samples === undefined || targets === undefined)
    throw new LanewiseError(
      'data',
      `'${path}' has variables ${names.join(', ') || 'none'}, expected samples in ${SAMPLES.join(', ')} and classes in ${(target === undefined ? TARGETS : [target]).join(', ')}`,
      '--target names the variable of classes; in a program matDataset takes others',
    );
  const found = await matDataset(path, {
    samples,
    targets,
    as: 'classes',
    ...(shape ? { shape } : {}),
  });
  const data = 'samples' in found ? found : rowsOf(found);
  if (columns?.[targets] !== 'class') checkNoQuantity(data.name, data.labels, targets);
  return holdOut(data, request);
}

/** Rows as samples of one pixel, which dense nets take; bytes as a line of pixels. */
function rowsOf(found: Exclude<Awaited<ReturnType<typeof matDataset>>, Dataset>): Dataset {
  const { name, inputs, targets, classes } = found;
  const { shape, values } = inputs['input']!;
  const labels = targets['output']!.values as Int32Array;
  if (shape.length !== 1)
    throw new LanewiseError(
      'data',
      `'${name}' holds samples of ${showShape(shape)}, expected rows`,
    );
  const isBytes = values instanceof Uint8Array;
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  return {
    name,
    shape: isBytes ? [1, 1, shape[0]!] : [shape[0]!, 1, 1],
    samples: values as Dataset['samples'],
    labels,
    classes:
      (classes as readonly string[]) ?? Array.from({ length: most + 1 }, (_, i) => String(i)),
  };
}
