/** Weights alone, in files that describe no model: under the names and in the layouts that the layers have here. */
import { sizeOf, type Shape } from '../../graph/tensor.js';
import type { TensorFile } from '../../formats/tensor-file.js';
import type { Hdf5Dataset, Hdf5Group } from '../hdf5/hdf5.js';
import { directionWeights, type CellKind } from './keras-recurrents.js';
import { permuted } from './keras-weights.js';

/** The variables of one layer, or of one direction of it. */
interface Owner {
  readonly name: string;
  /** The end of the names of a direction: `_l0`, `_l0_reverse`; empty for other layers. */
  readonly ending: string;
  readonly variables: Map<string, Hdf5Dataset>;
}

/** Variables of classes in the order in which Keras 3 numbers them; the list of as many as there are counts. */
const PLACED: readonly (readonly [class_: RegExp, lists: readonly (readonly string[])[]])[] = [
  [
    /^(batch_normalization)$/,
    [
      ['moving_mean', 'moving_variance'],
      ['gamma', 'beta', 'moving_mean', 'moving_variance'],
    ],
  ],
  [/^layer_normalization$/, [['gamma', 'beta']]],
  [/^embedding$/, [['embeddings']]],
  [/^depthwise_conv/, [['depthwise_kernel'], ['depthwise_kernel', 'bias']]],
  [
    /^separable_conv/,
    [
      ['depthwise_kernel', 'pointwise_kernel'],
      ['depthwise_kernel', 'pointwise_kernel', 'bias'],
    ],
  ],
  [
    /^cell$/,
    [
      ['kernel', 'recurrent_kernel'],
      ['kernel', 'recurrent_kernel', 'bias'],
    ],
  ],
  [/^p_re_lu$/, [['alpha']]],
  [/^(dense|conv\dd(_transpose)?)$/, [['kernel'], ['kernel', 'bias']]],
];

/** The tensors of an HDF5 file without a description of a model. */
export function tensorsInHdf5(root: Hdf5Group): Pick<TensorFile, 'tensors' | 'notes'> {
  const owners = new Map<string, Owner>();
  collect(root, [], owners);
  const tensors: TensorFile['tensors'] = new Map();
  let turned = false;
  for (const owner of owners.values())
    for (const [name, shape, data] of tensorsOf(owner)) {
      turned ||= /weight/.test(name);
      tensors.set(name, { shape: [...shape], data });
    }
  const notes = turned
    ? [
        'weights stand under the names and in the layouts of layers here; a Dense after a Flatten of images keeps its rows in the order height × width × channels',
      ]
    : [];
  return { tensors, notes };
}

/** A group on the way to a variable: its key, and the name of the layer that it is, if the file has it. */
interface Step {
  readonly key: string;
  readonly name: string;
}

const CONTAINER = /^(layers|_layer_checkpoint_dependencies)$/;

function collect(group: Hdf5Group, path: readonly Step[], owners: Map<string, Owner>): void {
  const isPlaced = path.at(-1)?.key === 'vars';
  const order = isPlaced ? placedNames(path.at(-2)?.key ?? '', group) : undefined;
  const inContainer = CONTAINER.test(path.at(-1)?.key ?? '');
  for (const [key, object] of group.members) {
    if ((path[0]?.key ?? key).startsWith('optimizer')) continue;
    if (object.kind === 'group') {
      const named = inContainer
        ? object.members.get('vars')?.attributes.get('name')?.[0]
        : undefined;
      collect(object, [...path, { key, name: typeof named === 'string' ? named : key }], owners);
    }
    if (object.kind !== 'dataset') continue;
    const variable = order?.[Number(key)] ?? key.replace(/:\d+$/, '');
    const { name, ending } = direction(isPlaced ? placedLayer(path) : scopedLayer(path));
    const owner = owners.get(`${name}${ending}`) ?? { name, ending, variables: new Map() };
    owners.set(`${name}${ending}`, owner);
    owner.variables.set(variable, object);
  }
}

function placedNames(folder: string, { members }: Hdf5Group): readonly string[] | undefined {
  const first = members.get('0');
  const isDense = folder === WRAPPED && first?.kind === 'dataset' && first.shape.length === 2;
  const kind = isDense ? 'dense' : folder.replace(/_\d+$/, '');
  const lists = PLACED.find(([pattern]) => pattern.test(kind))?.[1];
  return lists?.find((list) => list.length === members.size);
}

/** The layer in a TimeDistributed, which bears the other's name here. */
const WRAPPED = 'layer';

/** The names on the way to `layers/conv2d_1/vars` of a `.weights.h5` file. */
const placedLayer = (path: readonly Step[]): readonly string[] =>
  path
    .slice(0, -1)
    .filter(({ key }, i) => !CONTAINER.test(key) && !(i > 0 && key === WRAPPED))
    .map(({ name }) => name);

/** Those of `dense/dense/kernel:0`: the group of the layer, and the name of the weight with its scopes. */
const scopedLayer = (path: readonly Step[]): readonly string[] =>
  (path[0]?.key === 'model_weights' ? path.slice(1) : path)
    .map(({ key }) => key)
    .filter((key, i, keys) => i === 0 || key !== keys[i - 1]);

/** A layer's name without its cell, and the ending of the weights of its direction. */
function direction(path: readonly string[]): { name: string; ending: string } {
  const isCell = /^(cell$|(lstm|gru|simple_rnn)_cell|cell_\d+$)/;
  const isRecurrent = isCell.test(path.at(-1) ?? '');
  const outer = isRecurrent ? path.slice(0, -1) : path;
  const way = /^(forward|backward)_/.exec(outer.at(-1) ?? '')?.[1];
  const name = (way === undefined ? outer : outer.slice(0, -1)).join('.');
  return { name, ending: way === 'backward' ? '_l0_reverse' : isRecurrent || way ? '_l0' : '' };
}

type Named = readonly [name: string, shape: Shape, data: Float32Array];

const PLAIN: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
  embeddings: 'weight',
};

function tensorsOf(owner: Owner): Named[] {
  const { name, variables, ending } = owner;
  const before = name === '' ? '' : `${name}.`;
  if (variables.has('recurrent_kernel') && variables.has('kernel')) {
    const found = recurrentTensors(variables, before, ending === '' ? '_l0' : ending);
    if (found) return found;
  }
  const isSeparable = variables.has('pointwise_kernel');
  return [...variables].map(([variable, dataset]): Named => {
    const { shape } = dataset;
    const values = dataset.values();
    const axes = shape.length;
    if (variable === 'kernel' || variable === 'pointwise_kernel') {
      const part = isSeparable ? 'pointwise.weight' : 'weight';
      if (axes < 2 || axes > 5) return [`${before}${part}`, shape, values];
      const dims = [axes - 1, axes - 2, ...shape.slice(2).map((_, i) => i)];
      return [`${before}${part}`, dims.map((axis) => shape[axis]!), permuted(values, shape, dims)];
    }
    if (variable === 'depthwise_kernel' && axes > 2) {
      const dims = [axes - 2, axes - 1, ...shape.slice(2).map((_, i) => i)];
      const [c, m, ...window] = dims.map((axis) => shape[axis]!);
      const part = isSeparable ? 'depthwise.weight' : 'weight';
      return [`${before}${part}`, [c! * m!, 1, ...window], permuted(values, shape, dims)];
    }
    const plain = Object.hasOwn(PLAIN, variable) ? PLAIN[variable]! : variable;
    return [
      `${before}${isSeparable && plain === 'bias' ? 'pointwise.bias' : plain}`,
      shape,
      values,
    ];
  });
}

/** The weights of a recurrent layer, whose kind follows from the number of its columns. */
function recurrentTensors(
  variables: ReadonlyMap<string, Hdf5Dataset>,
  before: string,
  ending: string,
): Named[] | undefined {
  const [kernel, recurrentKernel] = [variables.get('kernel')!, variables.get('recurrent_kernel')!];
  const bias = variables.get('bias');
  const [features, columns] = kernel.shape;
  const [units, others] = recurrentKernel.shape;
  const kinds: Readonly<Record<number, CellKind>> = { 1: 'SimpleRNN', 3: 'GRU', 4: 'LSTM' };
  const kind = kinds[columns! / units!];
  const isBias = !bias || [columns, 2 * columns!].includes(sizeOf(bias.shape));
  if (
    !kind ||
    columns !== others ||
    kernel.shape.length !== 2 ||
    recurrentKernel.shape.length !== 2 ||
    !isBias
  )
    return undefined;
  const given = {
    kernel: kernel.values(),
    recurrentKernel: recurrentKernel.values(),
    bias: bias?.values(),
  };
  return directionWeights(kind, units!, features!, given).map(([key, data]): Named => {
    const rest = { weight_ih: [features!], weight_hh: [units!] }[key] ?? [];
    return [`${before}${key}${ending}`, [columns!, ...rest], data];
  });
}
