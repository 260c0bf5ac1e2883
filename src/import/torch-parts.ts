/** The dictionaries of tensors in a checkpoint: which there are, and which of them is meant. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { isTensor, type TorchTensor } from './torch-globals.js';

/** A dictionary of tensors, and the keys that lead to it, joined by dots; '' is the whole file. */
export interface TorchPart {
  readonly at: string;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

/** Names that checkpoints give the weights of their model; the first that is there is meant. */
const USUAL = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'weights',
  'params',
  'module',
];

/** How deep dictionaries are looked for. */
const MOST_DEPTH = 16;

/** The entries of a dictionary or list by keys that are text or numbers; others name no weights. */
const entriesOf = (value: unknown): [string, unknown][] =>
  (value instanceof Map
    ? [...(value as Map<unknown, unknown>)]
    : Array.isArray(value)
      ? [...value.entries()]
      : []
  ).flatMap(([key, one]) =>
    typeof key === 'string' || typeof key === 'number' ? [[String(key), one]] : [],
  );

/** An optimizer's state, whose tensors are no weights. */
const isOptimizer = (value: unknown): boolean =>
  value instanceof Map && value.has('state') && value.has('param_groups');

/** All dictionaries of tensors in what a file holds. */
export function torchParts(root: unknown): TorchPart[] {
  if (isTensor(root)) return [{ at: '', tensors: new Map([['tensor', root]]) }];
  const parts: TorchPart[] = [];
  const seen = new Set<unknown>();
  const look = (value: unknown, at: string, depth: number): void => {
    if (seen.has(value) || depth > MOST_DEPTH || isOptimizer(value)) return;
    seen.add(value);
    const entries = entriesOf(value);
    const tensors = new Map(
      entries.filter((entry): entry is [string, TorchTensor] => isTensor(entry[1])),
    );
    if (tensors.size > 0) parts.push({ at, tensors });
    for (const [key, one] of entries)
      if (one instanceof Map || Array.isArray(one))
        look(one, at === '' ? key : `${at}.${key}`, depth + 1);
  };
  look(root, '', 0);
  return parts;
}

/** The part that is meant, and a sentence about it unless it is the whole file. */
export interface ChosenPart {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly notes: readonly string[];
}

const last = (at: string): string => at.slice(at.lastIndexOf('.') + 1);

/**
 * The dictionary at `at`; by default the only one, or the one with a usual name. Several others are read together, each
 * name after that of its dictionary.
 * @throws LanewiseError kind 'file' for a file without tensors; kind 'argument' for `at` that is not one of them.
 */
export function choosePart(
  parts: readonly TorchPart[],
  name: string,
  at: string | undefined,
): ChosenPart {
  const places = parts.map((part) => part.at);
  const listed = shorten(places.filter(Boolean).map(quote).join(', '), 300);
  if (at !== undefined) {
    const found = parts.find((part) => part.at === at);
    if (found) return { tensors: found.tensors, notes: [] };
    throw new LanewiseError(
      'argument',
      `'${name}' has no tensors at ${quote(at)}, it has ${listed === '' ? 'them outside of any dictionary' : `some at ${listed}`}`,
      nearest(at, places.filter(Boolean)),
    );
  }
  if (parts.length === 0)
    throw new LanewiseError(
      'file',
      `'${name}' holds no tensors of a model`,
      "in Python: torch.save(net.state_dict(), 'weights.pt'); an optimizer's state has no weights, and arrays of NumPy are to be tensors (torch.as_tensor)",
    );
  const inner = parts.filter((part) => part.at !== '');
  const usual = USUAL.map((key) => inner.filter((part) => last(part.at) === key)).find(
    (list) => list.length > 0,
  );
  const [only] = parts.length === 1 ? parts : usual?.length === 1 ? usual : [];
  if (only) {
    if (only.at === '') return { tensors: only.tensors, notes: [] };
    const rest = places.filter((one) => one !== only.at && one !== '').map(quote);
    const others = rest.length > 0 ? `, not those at ${shorten(rest.join(', '), 300)}` : '';
    return {
      tensors: only.tensors,
      notes: [`'${name}': the tensors at ${quote(only.at)} of the checkpoint${others}`],
    };
  }
  const tensors = new Map(
    parts.flatMap((part) =>
      [...part.tensors].map(
        ([key, one]) => [part.at === '' ? key : `${part.at}.${key}`, one] as const,
      ),
    ),
  );
  return { tensors, notes: [`'${name}' has tensors at ${listed}, named after them`] };
}
