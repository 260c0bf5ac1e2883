/**
 * The reader of Python's pickles (PEP 3154; the opcodes of protocols 2 to 5): plain values, and calls of globals that the
 * caller knows. Nothing of a pickle is executed: a global is its name, and a call of one that the caller does not know is a
 * record of it.
 */
import { LanewiseError } from '../base/errors.js';

/** A class or function by its name in Python, such as `collections.OrderedDict`. */
export interface PickledGlobal {
  readonly global: string;
}

/** An object that a global made. */
export interface PickledObject {
  readonly made: string;
  readonly args: readonly unknown[];
}

/** What the caller makes of globals and of objects that are stored elsewhere. */
export interface PickleRules {
  /** What a call gives; undefined if this global is not known. */
  call(global: string, args: readonly unknown[]): unknown;
  /** The object of a persistent id. */
  persistent(id: unknown): unknown;
  /** Told of every global, once for each place that names it. */
  named(global: string): void;
}

/** Dictionaries are maps, lists and tuples arrays, sets sets, bytes Uint8Array. */
export interface Unpickled {
  readonly value: unknown;
  /** Where the next byte stands. */
  readonly end: number;
}

export const isGlobal = (value: unknown): value is PickledGlobal =>
  typeof value === 'object' && value !== null && 'global' in value;

export const isPickledObject = (value: unknown): value is PickledObject =>
  typeof value === 'object' && value !== null && 'made' in value;

/** The state of a machine that reads one pickle. */
interface Machine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly rules: PickleRules;
  readonly stack: unknown[];
  /** Heights of the stack at the marks. */
  readonly marks: number[];
  readonly memo: Map<number, unknown>;
  at: number;
  /** Containers, objects and stored places so far. */
  objects: number;
  refuse(why: string): LanewiseError;
}

type Step = (machine: Machine) => void;

/** Most objects of a pickle: a state dictionary has some ten for a tensor, and one byte can make an object of hundreds. */
const MOST_OBJECTS = 2 ** 20;

/** Counts an object. @throws LanewiseError kind 'file' past the bound. */
function count(machine: Machine): void {
  if (++machine.objects > MOST_OBJECTS)
    throw machine.refuse(`has more than ${MOST_OBJECTS} objects, expected the weights of a model`);
}

/** The place of the next `length` bytes, which it steps over. */
function take(machine: Machine, length: number): number {
  const { at } = machine;
  if (length > machine.bytes.length - at)
    throw machine.refuse(`is cut short: ${length} bytes are to follow byte ${at}`);
  machine.at += length;
  return at;
}

const byte = (machine: Machine): number => machine.bytes[take(machine, 1)]!;
const two = (machine: Machine): number => machine.view.getUint16(take(machine, 2), true);
const four = (machine: Machine): number => machine.view.getUint32(take(machine, 4), true);
const eight = (machine: Machine): number =>
  Number(machine.view.getBigUint64(take(machine, 8), true));

function part(machine: Machine, length: number): Uint8Array {
  const at = take(machine, length);
  return machine.bytes.subarray(at, at + length);
}

const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
const text = (machine: Machine, length: number): string => decoder.decode(part(machine, length));

/** Text up to the end of a line. */
function line(machine: Machine): string {
  const end = machine.bytes.indexOf(0x0a, machine.at);
  if (end < 0) throw machine.refuse(`is cut short: a line is open at byte ${machine.at}`);
  const found = text(machine, end - machine.at);
  machine.at++;
  return found;
}

/** Two's complement of any length, as near as a double comes. */
function long(machine: Machine, length: number): number {
  const bytes = part(machine, length);
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
  return length > 0 && bytes[length - 1]! > 127 ? value - 256 ** length : value;
}

function pop(machine: Machine): unknown {
  if (machine.stack.length <= (machine.marks.at(-1) ?? 0))
    throw machine.refuse(`takes more from its stack than there is, at byte ${machine.at - 1}`);
  return machine.stack.pop();
}

function top(machine: Machine): unknown {
  const value = pop(machine);
  machine.stack.push(value);
  return value;
}

/** Everything since the last mark. */
function popMark(machine: Machine): unknown[] {
  const mark = machine.marks.pop();
  if (mark === undefined) throw machine.refuse(`has no mark at byte ${machine.at - 1}`);
  return machine.stack.splice(mark);
}

function args(machine: Machine, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw machine.refuse(`calls with something else than a tuple at byte ${machine.at - 1}`);
}

function global(machine: Machine, module: unknown, name: unknown): PickledGlobal {
  if (typeof module !== 'string' || typeof name !== 'string')
    throw machine.refuse(`names a global by something else than text at byte ${machine.at - 1}`);
  const found = `${module}.${name}`;
  machine.rules.named(found);
  return { global: found };
}

/** A call of a global; what it makes is a record, unless the caller knows it. */
function call(machine: Machine, called: unknown, values: readonly unknown[]): unknown {
  if (!isGlobal(called))
    throw machine.refuse(`calls something else than a global at byte ${machine.at - 1}`);
  const made = machine.rules.call(called.global, values);
  return made === undefined ? { made: called.global, args: values } : made;
}

function setItems(machine: Machine, items: readonly unknown[]): void {
  const into = top(machine);
  if (items.length % 2 === 1) throw machine.refuse('has a key without a value');
  // Objects that keep items, such as subclasses of dict, are of no use here.
  if (!(into instanceof Map)) {
    if (isPickledObject(into)) return;
    throw machine.refuse(
      `sets items of something else than a dictionary at byte ${machine.at - 1}`,
    );
  }
  for (let i = 0; i < items.length; i += 2) into.set(items[i], items[i + 1]);
}

function append(machine: Machine, items: readonly unknown[]): void {
  const into = top(machine);
  if (Array.isArray(into)) for (const item of items) into.push(item);
  else if (!isPickledObject(into))
    throw machine.refuse(`appends to something else than a list at byte ${machine.at - 1}`);
}

function tuple(machine: Machine, length: number): void {
  count(machine);
  const values = Array.from({ length }, () => pop(machine)).toReversed();
  machine.stack.push(values);
}

function remember(machine: Machine, place: number): void {
  count(machine);
  machine.memo.set(place, top(machine));
}

function recall(machine: Machine, place: number): void {
  if (!machine.memo.has(place))
    throw machine.refuse(`recalls ${place}, which it has not stored, at byte ${machine.at - 1}`);
  machine.stack.push(machine.memo.get(place));
}

const push =
  (make: (machine: Machine) => unknown): Step =>
  (machine) =>
    machine.stack.push(make(machine));

/** As `push`, of what takes more memory than a number. */
const pushObject =
  (make: (machine: Machine) => unknown): Step =>
  (machine) => {
    count(machine);
    machine.stack.push(make(machine));
  };

/** A call of what lies below its arguments. */
const calls =
  (skipped: number): Step =>
  (machine) => {
    // NEWOBJ_EX has arguments by name too.
    for (let i = 0; i < skipped; i++) pop(machine);
    count(machine);
    const values = args(machine, pop(machine));
    machine.stack.push(call(machine, pop(machine), values));
  };

/** Opcodes by their byte; PROTO and STOP are read outside. */
const STEPS: Readonly<Record<number, Step>> = {
  // Values.
  0x4e: push(() => null),
  0x88: push(() => true),
  0x89: push(() => false),
  0x4a: push((machine) => machine.view.getInt32(take(machine, 4), true)),
  0x4b: push(byte),
  0x4d: push(two),
  0x8a: push((machine) => long(machine, byte(machine))),
  0x8b: push((machine) => long(machine, four(machine))),
  0x47: push((machine) => machine.view.getFloat64(take(machine, 8))),
  0x58: push((machine) => text(machine, four(machine))),
  0x8c: push((machine) => text(machine, byte(machine))),
  0x8d: push((machine) => text(machine, eight(machine))),
  0x54: push((machine) => text(machine, four(machine))),
  0x55: push((machine) => text(machine, byte(machine))),
  0x42: pushObject((machine) => part(machine, four(machine))),
  0x43: pushObject((machine) => part(machine, byte(machine))),
  0x8e: pushObject((machine) => part(machine, eight(machine))),
  0x96: pushObject((machine) => part(machine, eight(machine))),
  // Containers.
  0x7d: pushObject(() => new Map()),
  0x5d: pushObject(() => []),
  0x29: pushObject(() => []),
  0x8f: pushObject(() => new Set()),
  0x28: ({ marks, stack }) => marks.push(stack.length),
  0x74: pushObject(popMark),
  0x85: (machine) => tuple(machine, 1),
  0x86: (machine) => tuple(machine, 2),
  0x87: (machine) => tuple(machine, 3),
  0x91: pushObject((machine) => new Set(popMark(machine))),
  0x61: (machine) => append(machine, [pop(machine)]),
  0x65: (machine) => append(machine, popMark(machine)),
  0x73(machine) {
    const value = pop(machine);
    setItems(machine, [pop(machine), value]);
  },
  0x75: (machine) => setItems(machine, popMark(machine)),
  0x90(machine) {
    const items = popMark(machine);
    const into = top(machine);
    if (into instanceof Set) for (const item of items) into.add(item);
  },
  // The stack and the memo.
  0x30(machine) {
    if (machine.marks.at(-1) === machine.stack.length) machine.marks.pop();
    else pop(machine);
  },
  0x31: popMark,
  0x32: push(top),
  0x68: (machine) => recall(machine, byte(machine)),
  0x6a: (machine) => recall(machine, four(machine)),
  0x71: (machine) => remember(machine, byte(machine)),
  0x72: (machine) => remember(machine, four(machine)),
  0x94: (machine) => remember(machine, machine.memo.size),
  0x95: (machine) => void eight(machine),
  // Globals, and what they make.
  0x63: pushObject((machine) => {
    const module = line(machine);
    return global(machine, module, line(machine));
  }),
  0x93: pushObject((machine) => {
    const name = pop(machine);
    return global(machine, pop(machine), name);
  }),
  0x52: calls(0),
  0x81: calls(0),
  0x92: calls(1),
  // The state of an object: metadata of dictionaries, settings of others.
  0x62: (machine) => void pop(machine),
  0x51: pushObject((machine) => machine.rules.persistent(pop(machine))),
};

const [PROTO, STOP] = [0x80, 0x2e];

/**
 * Reads the pickle that begins at byte `at`; `what` names it in messages.
 * @throws LanewiseError kind 'file' for a damaged pickle, and for opcodes of protocols 0 and 1.
 */
export function unpickle(
  bytes: Uint8Array,
  at: number,
  what: string,
  rules: PickleRules,
): Unpickled {
  const machine: Machine = {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    rules,
    stack: [],
    marks: [],
    memo: new Map(),
    objects: 0,
    at,
    refuse: (why) => new LanewiseError('file', `${what} ${why}`),
  };
  if (byte(machine) !== PROTO)
    throw machine.refuse(`is no pickle of protocol 2 or later: it begins with ${bytes[at]}`);
  const protocol = byte(machine);
  if (protocol < 2 || protocol > 5)
    throw machine.refuse(`is a pickle of protocol ${protocol}, expected 2 to 5`);
  for (;;) {
    const code = byte(machine);
    if (code === STOP) return { value: pop(machine), end: machine.at };
    const step = STEPS[code];
    if (!step)
      throw machine.refuse(
        `has the opcode ${code} at byte ${machine.at - 1}, which no PyTorch file needs`,
      );
    step(machine);
  }
}
