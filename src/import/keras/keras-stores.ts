/** The two ways in which HDF5 files of Keras keep weights: by names of layers and variables, or by places. */
import { LanewiseError } from '../../base/errors.js';
import type { Hdf5Dataset, Hdf5Group } from '../hdf5/hdf5.js';
import type { KerasArray, Place, WeightSource } from './keras-weights.js';

/** An attribute's text. A long one may stand in parts, `name0`, `name1` and so on. */
export function textOfAttribute({ attributes }: Hdf5Group, name: string): string | undefined {
  const [whole] = attributes.get(name) ?? [];
  if (typeof whole === 'string') return whole;
  let all: string | undefined;
  for (let i = 0; ; i++) {
    const part = attributes.get(`${name}${i}`);
    if (!part || typeof part[0] !== 'string') return all;
    all = (all ?? '') + (part as readonly string[]).join('');
  }
}

const arrayOf = (name: string, { shape, values }: Hdf5Dataset): KerasArray => ({
  name,
  shape,
  values,
});

/** All arrays of a group, by their paths in it. */
export function arraysIn(group: Hdf5Group, before = ''): KerasArray[] {
  return [...group.members].flatMap(([name, object]) => {
    const path = `${before}${name}`;
    if (object.kind === 'group') return arraysIn(object, `${path}/`);
    return object.kind === 'dataset' ? [arrayOf(path, object)] : [];
  });
}

/** Python's name of a class in paths: SeparableConv2D is separable_conv2d. */
const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** The folders in which a net's layers are: since Keras 3, and in 2.12 to 2.15. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies'];

const groupIn = (group: Hdf5Group | undefined, name: string): Hdf5Group | undefined => {
  const found = group?.members.get(name);
  return found?.kind === 'group' ? found : undefined;
};

/**
 * Weights by place, as `.keras` files have them: `layers/dense_1/vars/0` is the first variable of the second Dense of the net,
 * whatever its name is.
 */
export function placedWeights(file: string, root: Hdf5Group): WeightSource {
  const used = new Set<Hdf5Dataset>();
  const layerIn = (group: Hdf5Group | undefined, { className, place }: Place) => {
    const name = `${snakeCase(className)}${place > 0 ? `_${place}` : ''}`;
    for (const container of CONTAINERS) {
      const found = groupIn(groupIn(group, container), name);
      if (found) return found;
    }
    return undefined;
  };
  return {
    find(path, variables, parts) {
      let group: Hdf5Group | undefined = root;
      for (const place of path) group = layerIn(group, place);
      for (const { attribute } of parts) group = groupIn(group, attribute);
      const vars = groupIn(group, 'vars');
      return variables.map((variable, i) => {
        const found = vars?.members.get(String(i));
        if (found?.kind !== 'dataset') return undefined;
        if (found.isInteger && variable !== 'count')
          throw new LanewiseError(
            'file',
            `'${file}': ${variable} of layer '${path.at(-1)!.name}' is of whole numbers: the model is quantised, take the float model`,
          );
        used.add(found);
        return arrayOf(`${path.map(({ name }) => name).join('/')}/${variable}`, found);
      });
    },
    unused: () =>
      unusedIn(root, used, '').filter((name) => !/^(optimizer|compile)|seed_gen|metric/.test(name)),
  };
}

function unusedIn(group: Hdf5Group, used: ReadonlySet<Hdf5Dataset>, before: string): string[] {
  return [...group.members].flatMap(([name, object]) => {
    const path = `${before}${name}`;
    if (object.kind === 'group') return unusedIn(object, used, `${path}/`);
    return object.kind === 'dataset' && !used.has(object) ? [path] : [];
  });
}
