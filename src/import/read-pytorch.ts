/**
 * Reads the weights in PyTorch's files, as `torch.save` writes state dictionaries and checkpoints: ZIP archives of a pickle
 * and storages, and what PyTorch wrote before 1.6, a row of pickles with the storages behind them. Nothing in them is run.
 */
import { checkOptions, quote, refuse as refuseArgument, shorten, text } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { TensorFile, TensorFormat } from '../formats/tensor-file.js';
import { isArchive, openArchive, type Archive } from './archive.js';
import { isGlobal, isPickledObject, unpickle } from './pickle.js';
import { TORCH_BYTES, torchRules, type TorchStorage } from './torch-globals.js';
import { choosePart, torchParts } from './torch-parts.js';
import { torchTensors, type StorageReader } from './torch-values.js';

/** Options of `readPyTorch`. */
export interface ReadPyTorchOptions {
  /** The file's name, for messages; default `pytorch`. */
  readonly name?: string;
  /**
   * The keys that lead to the dictionary of tensors in a checkpoint, joined by dots, such as `model.state_dict`. By default
   * the only one, or the one with a usual name (`state_dict`, `model` …); several others are read together, each name after
   * that of its dictionary.
   */
  readonly at?: string;
}

/**
 * The tensors of a PyTorch file's bytes by name. Views of any strides are read in row-major order, tied tensors share their
 * values, F16, BF16 and F64 become float32, and whole numbers are read on demand.
 * @throws LanewiseError kind 'file' for a damaged file, one without tensors, a whole pickled module, a TorchScript archive,
 * and any global beside those of tensors, named; kind 'argument' for `at` that is not in the file.
 */
export function readPyTorch(bytes: Uint8Array, options: ReadPyTorchOptions = {}): TensorFile {
  const { name = 'pytorch', at } = checkOptions('readPyTorch', options, { name: text, at: text });
  if (!(bytes instanceof Uint8Array))
    refuseArgument('readPyTorch', 'bytes', bytes, 'the bytes of a PyTorch file, a Uint8Array');
  const { root, ...source } = isArchive(bytes) ? openZip(bytes, name) : openLegacy(bytes, name);
  const { tensors, notes } = choosePart(torchParts(root), name, at);
  return {
    ...torchTensors(tensors, { name, bytes: bytes.length, ...source }),
    metadata: {},
    notes,
  };
}

/** What a file holds, and its storages. */
interface Opened {
  readonly root: unknown;
  readonly read: StorageReader;
  readonly bigEndian: boolean;
}

const fault = (name: string, why: string, hint?: string): LanewiseError =>
  new LanewiseError('file', `'${name}' ${why}`, hint);

const python = (line: string): string => `in Python: import torch; ${line}`;

/** The line that saves tensors alone; FILE's objects are the user's own, and only Python can run them. */
const loaded = (name: string): string =>
  `torch.load('${name}', map_location='cpu', weights_only=False)`;

/** @throws LanewiseError kind 'file' naming every global that is not known. */
function checkGlobals(root: unknown, unknown: ReadonlySet<string>, name: string): void {
  if (unknown.size === 0) return;
  const own = isPickledObject(root) ? root.made : isGlobal(root) ? root.global : undefined;
  const isModule =
    (own !== undefined && unknown.has(own)) ||
    [...unknown].some((one) => one.startsWith('torch.nn.modules.'));
  const list = shorten([...unknown].join(', '), 300);
  if (isModule)
    throw fault(
      name,
      `is a whole pickled object of ${own ?? list}, whose code is in Python; its weights alone can be read`,
      python(
        `torch.save(${loaded(name)}${indices(moduleKeys(root, unknown))}.state_dict(), 'weights.pt')`,
      ),
    );
  const quantised = [...unknown].some((one) => one.includes('_rebuild_qtensor'));
  if (quantised)
    throw fault(
      name,
      `has quantised tensors (${list})`,
      'take the float model that it was made of',
    );
  const [part] = torchParts(root).map(({ at }) => at);
  const isSparse = [...unknown].some((one) => one.includes('_sparse_'));
  throw fault(
    name,
    `holds ${list}, expected nothing but tensors, dictionaries and plain values`,
    python(
      `d = ${loaded(name)}${indices((part ?? '').split('.').filter(Boolean))}; torch.save({k: v${isSparse ? '.to_dense()' : ''} for k, v in d.items() if torch.is_tensor(v)}, 'weights.pt')`,
    ),
  );
}

/** `['model']['net']` */
const indices = (keys: readonly string[]): string => keys.map((key) => `['${key}']`).join('');

/** The keys that lead to a pickled module in dictionaries. */
function moduleKeys(root: unknown, unknown: ReadonlySet<string>, depth = 0): string[] {
  if (!(root instanceof Map) || depth > 4) return [];
  for (const [key, value] of root as Map<unknown, unknown>) {
    if (typeof key !== 'string') continue;
    if (isPickledObject(value) && unknown.has(value.made)) return [key];
    const inner = moduleKeys(value, unknown, depth + 1);
    if (inner.length > 0) return [key, ...inner];
  }
  return [];
}

/** The ending of the pickle's name in an archive. */
const PICKLE = /(^|\/)data\.pkl$/;

function openZip(bytes: Uint8Array, name: string): Opened {
  const archive = openArchive(bytes, name);
  const found = archive.paths.find((path) => PICKLE.test(path));
  const script = archive.paths.find((path) =>
    /(^|\/)(constants\.pkl$|bytecode\.pkl$|code\/)/.test(path),
  );
  if (script !== undefined)
    throw fault(
      name,
      `is a TorchScript archive (it has ${quote(script)}), a compiled program`,
      python(
        `torch.save(torch.jit.load('${name}', map_location='cpu').state_dict(), 'weights.pt')`,
      ),
    );
  if (found === undefined) {
    const list = shorten(archive.paths.join(', '));
    throw fault(name, `is no archive of torch.save: it has no data.pkl, but ${list || 'nothing'}`);
  }
  const prefix = found.slice(0, -'data.pkl'.length);
  const unknown = new Set<string>();
  const rules = torchRules((why) => fault(name, why), unknown);
  const { value } = unpickle(archive.read(found), 0, `the pickle of '${name}'`, rules);
  checkGlobals(value, unknown, name);
  const read = zipStorages(archive, prefix, name);
  return { root: value, read, bigEndian: isBigEndian(archive, `${prefix}byteorder`, name) };
}

/** The byte order of the machine that wrote the file; what says none was written before PyTorch 2.1. */
function isBigEndian(archive: Archive, path: string, name: string): boolean {
  if (!archive.has(path)) return false;
  const order = new TextDecoder().decode(archive.read(path).subarray(0, 16));
  if (order !== 'little' && order !== 'big')
    throw fault(name, `has the byte order ${quote(order)}, expected 'little' or 'big'`);
  return order === 'big';
}

/** Storages are files of the archive, which are read once. */
function zipStorages(archive: Archive, prefix: string, name: string): StorageReader {
  const kept = new Map<string, Uint8Array>();
  return (key, needed) => {
    const bytes = kept.get(key) ?? archive.read(`${prefix}data/${key}`);
    kept.set(key, bytes);
    if (bytes.length < needed)
      throw fault(name, `has ${bytes.length} bytes in storage ${key}, its tensors need ${needed}`);
    return bytes;
  };
}

/** The whole number with which files of before 1.6 begin, 0x1950a86a20f9469cfc6c, as its pickle has it. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** Whether bytes begin with that number, which newer protocols put into a frame. */
const isLegacy = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x80 && [2, 11].some((at) => MAGIC.every((byte, i) => bytes[at + i] === byte));

function openLegacy(bytes: Uint8Array, name: string): Opened {
  if (!isLegacy(bytes))
    throw fault(
      name,
      bytes[0] === 0x80 ? 'is a pickle that torch.save did not write' : 'is no PyTorch file',
      bytes[0] === 0x80
        ? `in Python: import pickle, torch; torch.save({k: torch.as_tensor(v) for k, v in pickle.load(open('${name}', 'rb')).items()}, 'weights.pt')`
        : undefined,
    );
  const unknown = new Set<string>();
  const storages = new Map<string, TorchStorage>();
  const rules = torchRules((why) => fault(name, why), unknown);
  const withStorages = {
    ...rules,
    persistent(id: unknown) {
      const made = rules.persistent(id) as TorchStorage;
      if (made?.kind === 'storage') storages.set(made.key, made);
      return made;
    },
  };
  let at = 0;
  const next = (): unknown => {
    const { value, end } = unpickle(bytes, at, `a pickle of '${name}'`, withStorages);
    at = end;
    return value;
  };
  next();
  const version = next();
  if (version !== 1001)
    throw fault(
      name,
      `has protocol ${typeof version === 'number' ? version : 'none'}, expected 1001`,
    );
  next();
  const root = next();
  checkGlobals(root, unknown, name);
  const keys = next();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    throw fault(name, 'has no list of its storages by their keys');
  // Written in this order by every machine.
  const read = legacyStorages(bytes, at, keys, storages, name);
  return { root, read, bigEndian: false };
}

/** Storages in the order of their keys, each after its length in elements: 8 bytes, little-endian on every machine. */
function legacyStorages(
  bytes: Uint8Array,
  from: number,
  keys: readonly string[],
  storages: ReadonlyMap<string, TorchStorage>,
  name: string,
): StorageReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array>();
  let at = from;
  for (const key of keys) {
    const size = TORCH_BYTES[storages.get(key)?.dtype ?? ''];
    if (size === undefined || found.has(key))
      throw fault(name, `lists storage ${quote(shorten(key))}, which no tensor has, or twice`);
    const count = at + 8 <= bytes.length ? Number(view.getBigUint64(at, true)) : Infinity;
    const end = at + 8 + count * size;
    if (end > bytes.length)
      throw fault(
        name,
        `is cut short: storage ${quote(key)} would end at byte ${end}, of ${bytes.length}`,
      );
    found.set(key, bytes.subarray(at + 8, end));
    at = end;
  }
  return (key, needed) => {
    const stored = found.get(key);
    if (stored && stored.length >= needed) return stored;
    throw fault(
      name,
      `has ${stored?.length ?? 0} bytes in storage ${quote(shorten(key))}, its tensors need ${needed}`,
    );
  };
}

/** The row of the table of tensor formats. */
export const PYTORCH: TensorFormat = {
  name: 'PyTorch',
  ending: '.pt',
  begins(bytes) {
    if (!isArchive(bytes)) return bytes[0] === 0x80;
    const first = new TextDecoder('latin1').decode(bytes.subarray(30, 30 + bytes[26]!));
    return /(^|\/)(data\.pkl|byteorder|constants\.pkl|\.format_version|code\/.*|\.data\/.*|data\/\d+)$/.test(
      first,
    );
  },
  read: (bytes, name) => readPyTorch(bytes, { name }),
};
