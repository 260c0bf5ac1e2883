/**
 * The closed list of Python's globals that PyTorch's files of weights are made of: tensors, parameters and storages,
 * dictionaries, sizes and types; and some that only hold settings, which are kept as records.
 */
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { isGlobal, type PickleRules } from './pickle.js';

/** Where the elements of tensors are stored. */
export interface TorchStorage {
  readonly kind: 'storage';
  readonly key: string;
  /** Undefined for storages of bytes, whose tensors say their types. */
  readonly dtype: string | undefined;
  /** Elements, or bytes if it has no type. */
  readonly length: number;
  /** The element at which it begins, within the storage of its key. */
  readonly start: number;
}

/** A view of a storage. */
export interface TorchTensor {
  readonly kind: 'tensor';
  readonly storage: TorchStorage;
  readonly dtype: string;
  /** In elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

export const isTensor = (value: unknown): value is TorchTensor =>
  typeof value === 'object' && value !== null && (value as TorchTensor).kind === 'tensor';

/** Types of elements by the names of their storages' classes, in the names of safetensors. */
const STORAGES: Readonly<Record<string, string>> = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
  ComplexDoubleStorage: 'C128',
};

/** The same by the names of PyTorch's types. */
const TYPES: Readonly<Record<string, string>> = {
  'torch.float32': 'F32',
  'torch.float64': 'F64',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
  'torch.bool': 'BOOL',
  'torch.complex64': 'C64',
  'torch.complex128': 'C128',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
};

/** Bytes of an element. */
export const TORCH_BYTES: Readonly<Record<string, number>> = {
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F32: 4,
  I32: 4,
  U32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
  C64: 8,
  C128: 16,
};

/** Globals that hold settings beside weights: what they make is kept as a record, and never run. */
const INERT = new Set([
  'argparse.Namespace',
  'types.SimpleNamespace',
  'torch.device',
  'torch.Generator',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'pathlib.PurePosixPath',
  'pathlib.Path',
  'numpy.dtype',
  'numpy.ndarray',
  '_codecs.encode',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'datetime.datetime',
  'datetime.timedelta',
  'builtins.list',
  'builtins.int',
  'builtins.float',
  'builtins.str',
  'builtins.range',
  '__builtin__.list',
  '__builtin__.int',
  '__builtin__.float',
  '__builtin__.unicode',
  '__builtin__.xrange',
  'builtins.complex',
  'builtins.slice',
  'builtins.bytearray',
  '__builtin__.complex',
  '__builtin__.slice',
  '__builtin__.bytearray',
]);

/** Classes of tensors, which `_rebuild_from_type_v2` is given. */
const CLASSES = new Set([
  'torch.Tensor',
  'torch._tensor.Tensor',
  'torch.nn.parameter.Buffer',
  'torch.nn.parameter.Parameter',
  'torch.nn.Parameter',
]);

/** `torch.cuda.FloatStorage` and `torch.FloatStorage` → `FloatStorage`. */
const storageClass = (global: string): string | undefined =>
  /^torch\.(?:cuda\.)?(\w+Storage)$/.exec(global)?.[1];

const isUntyped = (global: string): boolean => /^torch\.(storage\.)?_?UntypedStorage$/.test(global);

const isWhole = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

const wholes = (value: unknown): readonly number[] | undefined =>
  Array.isArray(value) && value.every((one) => isWhole(one)) ? (value as number[]) : undefined;

/** Most extents of a tensor, PyTorch's own bound. */
const MOST_AXES = 64;

type Maker = (args: readonly unknown[], refuse: (why: string) => LanewiseError) => unknown;

function tensor(args: readonly unknown[], refuse: (why: string) => LanewiseError, type?: unknown) {
  const [storage, offset, size, steps] = args;
  const [shape, stride] = [wholes(size), wholes(steps)];
  if ((storage as TorchStorage | undefined)?.kind !== 'storage')
    throw refuse('has a tensor without a storage');
  const { dtype = isGlobal(type) ? TYPES[type.global] : undefined } = storage as TorchStorage;
  if (dtype === undefined) throw refuse('has a tensor without a type that is known');
  if (!isWhole(offset) || !shape || shape.length !== stride?.length || shape.length > MOST_AXES)
    throw refuse(
      `has a tensor of offset ${shown(offset)}, size ${shown(size)} and stride ${shown(steps)}`,
    );
  const made: TorchTensor = {
    kind: 'tensor',
    storage: storage as TorchStorage,
    dtype,
    offset,
    shape,
    stride,
  };
  return made;
}

/** The beginning of a value of a pickle, which may be endless, as lists can hold themselves. */
function shown(value: unknown): string {
  const one = (item: unknown): string =>
    typeof item === 'string' || typeof item === 'number' || item === null
      ? JSON.stringify(item)
      : isGlobal(item)
        ? item.global
        : '…';
  return shorten(Array.isArray(value) ? `[${value.slice(0, 8).map(one).join(', ')}]` : one(value));
}

/** Views that are conjugated or negated when they are read. */
function plain(args: readonly unknown[], at: number, refuse: (why: string) => LanewiseError): void {
  const flags = args[at];
  if (flags instanceof Map && [...flags.values()].some((value) => value === true))
    throw refuse('has a tensor whose values are negated or conjugated views');
}

/** A dictionary from its arguments: none, or a list of pairs. */
function dictionary(args: readonly unknown[]): unknown {
  const pairs = args.find((one) => one instanceof Map || Array.isArray(one));
  if (pairs instanceof Map) return new Map(pairs);
  const list = Array.isArray(pairs) ? (pairs as unknown[]) : [];
  return new Map(list.filter((pair): pair is [unknown, unknown] => Array.isArray(pair)));
}

const setOf: Maker = ([items]) => new Set(Array.isArray(items) ? (items as unknown[]) : []);

/** A tensor rebuilt by another global: `func(*args)`. */
const rebuilt: Maker = ([func, , args], refuse) => {
  const maker = isGlobal(func) ? MAKERS[func.global] : undefined;
  if (!maker || !Array.isArray(args)) throw refuse('has a tensor that is rebuilt otherwise');
  return maker(args as unknown[], refuse);
};

const MAKERS: Readonly<Record<string, Maker>> = {
  'collections.OrderedDict': dictionary,
  'collections.defaultdict': dictionary,
  'collections.Counter': dictionary,
  'builtins.dict': dictionary,
  'builtins.set': setOf,
  'builtins.frozenset': setOf,
  '__builtin__.set': setOf,
  '__builtin__.frozenset': setOf,
  'torch.Size': ([extents]) => extents,
  'torch._utils._rebuild_tensor': (args, refuse) => tensor(args, refuse),
  'torch._utils._rebuild_tensor_v2'(args, refuse) {
    plain(args, 6, refuse);
    return tensor(args, refuse);
  },
  'torch._utils._rebuild_tensor_v3'(args, refuse) {
    plain(args, 7, refuse);
    return tensor(args, refuse, args[6]);
  },
  'torch._utils._rebuild_parameter': ([data]) => data,
  'torch._utils._rebuild_parameter_with_state': ([data]) => data,
  'torch._tensor._rebuild_from_type_v2': rebuilt,
  'torch._tensor._rebuild_from_type': ([func, , args], refuse) =>
    rebuilt([func, undefined, args], refuse),
  'torch.nn.parameter.Parameter': ([data]) => data,
};

/** Whether a file of weights may name it. */
const isKnownGlobal = (global: string): boolean =>
  Object.hasOwn(MAKERS, global) ||
  Object.hasOwn(TYPES, global) ||
  INERT.has(global) ||
  CLASSES.has(global) ||
  isUntyped(global) ||
  Object.hasOwn(STORAGES, storageClass(global) ?? '');

/** A storage from its persistent id: ('storage', class, key, place, length, and in old files the view of another). */
function storageOf(id: unknown, refuse: (why: string) => LanewiseError): unknown {
  const [tag, type, key, , length, view] = Array.isArray(id) ? (id as unknown[]) : [];
  // Files of whole modules keep the module's source beside it.
  if (tag === 'module') return type;
  const global = isGlobal(type) ? type.global : '';
  const dtype = STORAGES[storageClass(global) ?? ''];
  if (tag !== 'storage' || (typeof key !== 'string' && !isWhole(key)) || !isWhole(length))
    throw refuse(`has the persistent id ${shown(id)}, expected that of a storage`);
  if (dtype === undefined && !isUntyped(global) && isKnownGlobal(global))
    throw refuse(`has a storage of ${global}, expected one of elements`);
  const base = { kind: 'storage', key: String(key), dtype } as const;
  if (!Array.isArray(view)) return { ...base, length, start: 0 };
  const [, start, size] = view as unknown[];
  if (!isWhole(start) || !isWhole(size) || start + size > length)
    throw refuse(`has the view ${shown(view)} of a storage of ${length} elements`);
  return { ...base, length: size, start };
}

/** The rules by which a file is unpickled; globals that are not known are added to `unknown`. */
export const torchRules = (
  refuse: (why: string) => LanewiseError,
  unknown: Set<string>,
): PickleRules => ({
  named(global) {
    if (!isKnownGlobal(global)) unknown.add(global);
  },
  call: (global, args) =>
    Object.hasOwn(MAKERS, global) ? MAKERS[global]!(args, refuse) : undefined,
  persistent: (id) => storageOf(id, refuse),
});
