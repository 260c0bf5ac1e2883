/**
 * The source of NumPy's .npz files: arrays x and y, or x_train, y_train, x_test and y_test as Keras names them, and
 * x_val and y_val.
 */
import type { Dataset, Field, IndexedDataset, TensorDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { labelsIn } from '../data/samples.js';
import { npzDataset, readNpz } from '../data/npz.js';
import { LanewiseError } from '../base/errors.js';
import { readZip } from '../formats/zip.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import { areQuantities, checkNoQuantity } from './tables.js';
import { holdOut, partsOf } from './data-paths.js';
import type { DataRequest, DataSets } from './data-sources.js';
import type { Task } from './task.js';

/** @throws LanewiseError kind 'data' or 'file' for a file that is damaged, or has no such arrays. */
export async function loadNumpy(request: DataRequest, path: string): Promise<DataSets> {
  const names = await namesIn(path);
  const has = (...wanted: string[]) => wanted.every((name) => names.includes(name));
  const isKnown = request.known?.table?.targets?.every(({ type }) => type === 'number') ?? false;
  let areValues = request.task === 'values' || isKnown;
  const read = async (part: string): Promise<IndexedDataset> => {
    const found = await readPart(path, part, request, areValues);
    areValues ||= !('labels' in found);
    return found;
  };
  const withTask = (parts: DataSets): DataSets =>
    'labels' in parts.train ? parts : { ...parts, task: taskFor(parts.train, request) };
  if (has('x_train', 'y_train')) {
    const other = async (...parts: string[]) => {
      const part = parts.find((one) => has(`x${one}`, `y${one}`));
      return part === undefined ? undefined : read(part);
    };
    const train = await read('_train');
    const validation = await other('_val', '_valid', '_validation');
    return withTask(partsOf(train, train, validation, await other('_test'), request));
  }
  if (has('x', 'y')) return withTask(holdOut(await read(''), request));
  throw new LanewiseError(
    'data',
    `'${path}' has arrays ${names.join(', ') || 'none'}, expected x and y, or x_train, y_train, x_test and y_test`,
  );
}

async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  const wanted = (name: string) => {
    if (name.endsWith('.npy')) names.push(name.slice(0, -4));
    return false;
  };
  await readZip(path, path, { wanted, limitBytes: 0 });
  return names;
}

async function readPart(
  path: string,
  part: string,
  { shape, columns, known, task }: DataRequest,
  areValues: boolean,
): Promise<IndexedDataset> {
  const [samples, targets] = [`x${part}`, `y${part}`];
  const { shape: all, dtype } = (await readNpz(path, { names: [samples] })).get(samples)!;
  const stored = all.slice(1);
  const row = rowShape(stored, dtype);
  // What a model has of rows is told by its table: they may have become more features.
  const wanted = row && known?.table ? row : (shape ?? row);
  const data = await npzDataset(path, {
    samples,
    targets,
    name: `${path}${part && ` ${part.slice(1)}`}`,
    ...layoutOf(stored, wanted),
  });
  const labels = labelsIn(samplesOf(data));
  const isOfRows = row !== undefined && wanted === row;
  const areClasses = columns?.[targets] === 'class' || task === 'classes';
  if (isOfRows && (areValues || (!areClasses && (!labels || areQuantities(labels)))))
    return numbersOf(data);
  if (labels && !areValues) {
    if (!areClasses) checkNoQuantity(data.name, labels, targets);
    return isOfRows ? withTable(data as Dataset, targets) : (data as Dataset);
  }
  throw new LanewiseError(
    'data',
    `'${path}': ${samples} holds samples of ${showShape(stored)}, but ${targets} does not hold their classes, expected whole numbers`,
    'numbers are predicted for rows, whose samples have one extent; in a program npzDataset takes others',
  );
}

/** Columns of numbers that are named by their places. */
const placed = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: String(i), type: 'number' as const }));

/** Rows of numbers as those of a table, whose columns are named by their places, so that `predict` takes new ones. */
function withTable(data: Dataset, target: string): Dataset {
  const { shape, samples, classes } = data;
  if (!(samples instanceof Float32Array)) return data;
  return {
    ...data,
    table: { columns: placed(shape[0]), targets: [{ name: target, type: 'class', classes }] },
  };
}

/** Rows with a number or several to predict: `y`, or `y0`, `y1` …. */
function numbersOf(data: Dataset | TensorDataset): TensorDataset {
  const samples = samplesOf(data);
  const [input] = Object.values(samples.inputs) as [Field];
  const [target] = Object.values(samples.targets) as [Field];
  const width = sizeOf(input.shape);
  const outputs = sizeOf(target.shape);
  return {
    name: data.name,
    inputs: { input: { shape: [width, 1, 1], values: input.values } },
    targets: { output: { shape: [outputs], values: Float32Array.from(target.values) } },
    table: {
      columns: placed(width),
      targets:
        outputs === 1
          ? [{ name: 'y', type: 'number' }]
          : placed(outputs).map(({ name, type }) => ({ name: `y${name}`, type })),
    },
  };
}

const taskFor = (train: IndexedDataset, { task, intervals }: DataRequest): Task => ({
  kind: 'values',
  unit: 'rows',
  ...(task
    ? {}
    : {
        said: `y of ${train.name} holds numbers: regression; --task classes makes a class of each`,
      }),
  ...(intervals ? { spread: intervals } : {}),
});

/** The shape of rows of numbers, as tables have them. */
const rowShape = (stored: Shape, dtype: string): Shape | undefined =>
  stored.length < 2 && dtype !== 'u1' ? [stored[0] ?? 1, 1, 1] : undefined;

/** How stored samples become channels × height × width: extents with 1 or 3 last, and not first, have channels last. */
function layoutOf(
  stored: Shape,
  wanted: Shape | undefined,
): { shape?: Shape; channelsLast?: boolean } {
  const isColour = (extent: number | undefined) => extent === 1 || extent === 3;
  if (stored.length === 3 && isColour(stored[2]) && !isColour(stored[0]))
    return { channelsLast: true };
  if (wanted) return { shape: wanted };
  if (stored.length === 3) return {};
  const [height, width] = stored.length === 2 ? stored : [1, stored[0] ?? 1];
  return stored.length > 2 ? {} : { shape: [1, height!, width!] };
}
