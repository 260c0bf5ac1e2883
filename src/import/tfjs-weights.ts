/**
 * The weights of a tfjs model: a manifest lists groups, and all files of a group are one run of bytes, in which a weight may
 * begin in one file and end in the next.
 */
import { isObject, quote } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { halfValues } from '../formats/half.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { KerasArray } from './keras/keras-weights.js';

/** Bytes a value takes in the files, by its type there. */
const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint8: 1,
  uint16: 2,
  bool: 1,
};

/** The types of weights themselves, as the manifest has them. */
const TYPES = new Set(['float32', 'int32', 'bool']);

interface Spec {
  readonly name: string;
  readonly shape: Shape;
  readonly type: string;
  /** How it is stored, if it is quantised. */
  readonly stored: string;
  readonly scale: number;
  readonly min: number;
}

/** @throws LanewiseError kind 'file' naming the file. */
function fail(file: string, what: string, hint?: string): never {
  throw new LanewiseError('file', `'${file}': ${what}`, hint);
}

/** Weight files by name, or all of them as one run of bytes. */
export type WeightFiles = Readonly<Record<string, Uint8Array>> | Uint8Array;

/**
 * The weights of a manifest, with their values as yet in the files.
 * @throws LanewiseError kind 'file' for a damaged manifest, and for files that are missing or of another length.
 */
export function readManifest(file: string, manifest: unknown, files: WeightFiles): KerasArray[] {
  if (!Array.isArray(manifest))
    fail(file, `weightsManifest is ${quote(manifest)}, expected a list of groups`);
  const groups = (manifest as unknown[]).map((group, i) => readGroup(file, group, i));
  const lengths = groups.map(({ specs }) =>
    specs.reduce((sum, spec) => sum + sizeOf(spec.shape) * BYTES[spec.stored]!, 0),
  );
  const runs =
    files instanceof Uint8Array
      ? cut(file, files, lengths)
      : groups.map(({ paths }, i) => joined(file, paths, files, lengths[i]!));
  const found = groups.flatMap(({ specs }, i) => arraysOf(specs, runs[i]!));
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name)) fail(file, `two weights are named '${name}'`);
    names.add(name);
  }
  return found;
}

function readGroup(file: string, group: unknown, i: number): { paths: string[]; specs: Spec[] } {
  const where = `group ${i} of weightsManifest`;
  if (!isObject(group)) fail(file, `${where} is ${quote(group)}, expected { paths, weights }`);
  const { paths, weights } = group as { paths: unknown; weights: unknown };
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    fail(file, `paths of ${where} are ${quote(paths)}, expected names of files`);
  if (!Array.isArray(weights)) fail(file, `weights of ${where} are ${quote(weights)}`);
  return {
    paths: paths as string[],
    specs: (weights as unknown[]).map((spec) => readSpec(file, spec, where)),
  };
}

function readSpec(file: string, given: unknown, where: string): Spec {
  if (!isObject(given) || typeof given['name'] !== 'string')
    fail(file, `${where} has a weight without a name`);
  const { name, shape, dtype: type, quantization } = given as Record<string, unknown>;
  const isExtent = (one: unknown) => Number.isInteger(one) && (one as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isExtent) || !(sizeOf(shape as number[]) < 2 ** 40))
    fail(file, `weight '${name as string}' has the shape ${quote(shape)}`);
  if (typeof type !== 'string' || !TYPES.has(type))
    fail(file, `weight '${name as string}' is ${quote(type)}, expected ${[...TYPES].join(', ')}`);
  const spec = { name: name as string, shape: shape as number[], type: type as string };
  if (quantization === undefined || quantization === null)
    return { ...spec, stored: spec.type, scale: 1, min: 0 };
  const { dtype: stored, scale = 1, min = 0 } = isObject(quantization) ? quantization : {};
  const isKnown = stored === 'uint8' || stored === 'uint16' || stored === 'float16';
  if (!isKnown || !Number.isFinite(scale) || !Number.isFinite(min))
    fail(
      file,
      `weight '${spec.name}' is quantised as ${JSON.stringify(quantization)}, expected uint8 or uint16 with scale and min, or float16`,
    );
  return { ...spec, stored: stored as string, scale: scale as number, min: min as number };
}

/** The bytes of a group, from its files in order. */
function joined(
  file: string,
  paths: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
  expected: number,
): Uint8Array {
  const known = Object.keys(files);
  const parts = paths.map((path) => {
    // A manifest may name files in a folder, or the caller give their paths.
    const last = path.split('/').at(-1)!;
    const key = Object.hasOwn(files, path)
      ? path
      : known.find((one) => one.split('/').at(-1) === last);
    const bytes = key === undefined ? undefined : files[key];
    if (!(bytes instanceof Uint8Array))
      fail(
        file,
        bytes === undefined
          ? `its weights are in '${path}', which is missing`
          : `the content of '${path}' is ${quote(bytes)}, expected a Uint8Array`,
        nearest(path, known) ??
          (known.length > 0 ? `given: ${known.slice(0, 5).join(', ')}` : undefined),
      );
    return bytes as Uint8Array;
  });
  const found = parts.reduce((sum, part) => sum + part.length, 0);
  if (found !== expected)
    fail(file, `${paths.join(', ')} have ${found} bytes, and their weights ${expected}`);
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(found);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** One run of bytes, cut into the groups. */
function cut(file: string, bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const expected = lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.length !== expected)
    fail(file, `the weights have ${bytes.length} bytes, expected ${expected}`);
  let at = 0;
  return lengths.map((length) => bytes.subarray(at, (at += length)));
}

function arraysOf(specs: readonly Spec[], run: Uint8Array): KerasArray[] {
  let at = 0;
  return specs.map((spec) => {
    const bytes = run.subarray(at, (at += sizeOf(spec.shape) * BYTES[spec.stored]!));
    return { name: spec.name, shape: spec.shape, values: () => valuesOf(spec, bytes) };
  });
}

/** The values of a weight; quantised ones are computed in double precision and rounded once. */
function valuesOf({ shape, stored, type, scale, min }: Spec, bytes: Uint8Array): Float32Array {
  const count = sizeOf(shape);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = (read: (i: number) => number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => read(i));
  const turned = (value: number): number =>
    // tfjs rounds whole numbers.
    type === 'int32' ? Math.round(value * scale + min) : value * scale + min;
  switch (stored) {
    case 'float16':
      return halfValues(Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i, true)));
    case 'uint8':
      return from((i) => turned(bytes[i]!));
    case 'uint16':
      return from((i) => turned(view.getUint16(2 * i, true)));
    case 'int32':
      return from((i) => view.getInt32(4 * i, true));
    case 'bool':
      return from((i) => bytes[i]!);
    default:
      return from((i) => view.getFloat32(4 * i, true));
  }
}
