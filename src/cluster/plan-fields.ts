/** The fields of a plan as JSON, and what each may be. What fields must be together is in plan-wire.ts. */
import { flag, isObject, listOf, oneOf, refuse, wholeFrom, type Check } from '../base/check.js';
import { amount, double, fields, listed, string, tableOf } from '../base/check-json.js';
import { MAX_PAGES, PAGE_BYTES } from '../engine/memory.js';
import { kernelRows } from '../program/kernel-table.js';
import { segments } from '../program/program.js';

/** Bounds on counts; more are a mistake. */
const MOST = {
  workers: 4096,
  shards: 65_536,
  calls: 65_536,
  operands: 64,
  regions: 4096,
  columns: 1024,
  leaves: 4096,
  parameters: 65_536,
  transforms: 64,
  values: 4096,
  programs: 64,
} as const;

/** A count of bytes, or a place, that WebAssembly can address. */
const place = wholeFrom(0, MAX_PAGES * PAGE_BYTES);
const word = wholeFrom(0, 2 ** 31 - 1);
const workers = wholeFrom(1, MOST.workers);

/** Numbers that JSON lacks, as objects. */
const UNSPELT = ['-0', 'Infinity', '-Infinity', 'NaN'];
const unspelt = fields({ number: oneOf(UNSPELT) });

/** How JSON has a number of a plan. */
export const spell = (value: number): unknown =>
  Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : { number: Object.is(value, -0) ? '-0' : String(value) };

const address = fields({ segment: oneOf(segments), offset: place });

const isUnspelt = (value: unknown): boolean => isObject(value) && 'number' in value;

const real: Check = (owner, name, value) =>
  isUnspelt(value)
    ? Number((unspelt(owner, name, value) as { number: string }).number)
    : double(owner, name, value);

const operand: Check = (owner, name, value) =>
  (typeof value === 'number' || isUnspelt(value) ? real : address)(owner, name, value);

const rows = kernelRows();

const kernel: Check = (owner, name, value) => {
  if (typeof value !== 'string' || !Object.hasOwn(rows, value))
    refuse(owner, name, value, 'a kernel of this version');
};

const calls = listed(
  fields({
    kernel,
    operands: listed(operand, MOST.operands),
    label: string,
    flops: amount,
    'bytes?': amount,
  }),
  MOST.calls,
);

const program = fields({
  name: string,
  calls,
  'updatesFrom?': word,
  activationBytes: place,
  workspaceBytes: place,
  unsharedBytes: amount,
});

/** A table by whole numbers, such as sizes of shards. */
const bySize =
  (check: Check): Check =>
  (owner, name, value) => {
    const keys = Object.keys(isObject(value) ? value : {});
    const isSized = keys.length <= MOST.programs && keys.every((key) => /^[1-9]\d{0,9}$/.test(key));
    if (!isSized) refuse(owner, name, value, `at most ${MOST.programs} sizes, each a whole number`);
    return tableOf(check)(owner, name, value);
  };

/** Settings of a transform: numbers, words, and lists and objects of them, such as further transforms. */
const setting =
  (depth: number): Check =>
  (owner, name, value) => {
    if (typeof value === 'number' || isUnspelt(value)) return real(owner, name, value);
    if (typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'string') return value;
    if (depth === 0) refuse(owner, name, value, 'settings that are nested less deeply');
    const inner = setting(depth - 1);
    return (Array.isArray(value) ? listed(inner, MOST.values) : settings(inner))(
      owner,
      name,
      value,
    );
  };

const settings =
  (inner: Check): Check =>
  (owner, name, value) => {
    if (isObject(value) && Object.hasOwn(value, '__proto__'))
      refuse(owner, name, '__proto__', 'names of settings');
    return tableOf(inner)(owner, name, value);
  };

const extents = listOf(wholeFrom(1, 2 ** 31 - 1), 5, 5);

const augmentation = fields({
  shape: listOf(wholeFrom(1, 65_536), 3, 3),
  transforms: listed(fields({ kind: string, settings: settings(setting(12)) }), MOST.transforms),
});

const column = fields({
  values: place,
  isBytes: flag,
  to: place,
  'partner?': place,
  dtype: oneOf(['f32', 'i32']),
  extents,
  scale: real,
  shift: real,
  border: real,
  'scales?': fields({ unit: real, pairs: listed(real, 2 * MOST.values) }),
  'augmentation?': augmentation,
  'norm?': fields({ to: place, size: word, whole: real }),
});

const parameter = fields({
  name: string,
  offset: place,
  count: word,
  role: oneOf(['trained', 'statistic', 'fixed']),
  'momentum?': real,
  group: word,
});

const update = fields({
  slices: listed(fields({ from: place, bytes: place }), MOST.workers),
  sums: listed(calls, MOST.workers),
  updates: listed(calls, MOST.workers),
  stateBytes: place,
  stateArrays: wholeFrom(0, 16),
  'averageOffset?': place,
  atOnceBytes: place,
  rateSlots: wholeFrom(0, MOST.values),
});

const io = fields({
  leaves: listed(fields({ leaf: string, at: place }), MOST.leaves),
  randomness: place,
  batchBytes: place,
  loss: place,
  hits: place,
  answers: place,
  counting: place,
  losses: place,
  shares: place,
  scores: place,
  resultBytes: place,
});

/** A plan as JSON. */
export const PLAN_FIELDS = fields({
  workers,
  hands: workers,
  numerics: oneOf(['strict', 'fused']),
  batch: wholeFrom(1, 2 ** 30),
  shards: wholeFrom(1, MOST.shards),
  epochSamples: wholeFrom(1, 2 ** 32),
  memory: fields({
    regions: listed(fields({ name: string, base: place, bytes: place }), MOST.regions),
    bytes: place,
  }),
  parameters: fields({
    entries: listed(parameter, MOST.parameters),
    trainedBytes: place,
    gradientBytes: place,
    bytes: place,
  }),
  io,
  gradientSlots: wholeFrom(1, MOST.shards),
  gradientHands: workers,
  datasets: listed(
    fields({
      count: wholeFrom(1, 2 ** 32),
      slots: wholeFrom(1, 2 ** 32),
      columns: listed(column, MOST.columns),
    }),
    MOST.programs,
  ),
  steps: bySize(bySize(program)),
  'update?': update,
  'mixup?': fields({ alpha: real }),
  evaluations: bySize(program),
  evaluationBlock: word,
  evaluationChunk: word,
  outputs: word,
  hasLosses: flag,
  hasHits: flag,
  hasAnswers: flag,
  hasCounting: flag,
});
