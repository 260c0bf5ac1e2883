/**
 * Wrong calls of every public function, made from one right call each (calls.ts): an option that there is not, null,
 * NaN, huge numbers, empty and missing arguments, arguments the wrong way round. Each is refused with a LanewiseError.
 * Exports are found at run time: a function without an entry fails.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { calls, noOptions, type Args } from './calls.js';
import { functions, isPlain, outcome } from './functions.js';

/** Classes, and functions that change what is known. */
const UNTRIED = new Set(['LanewiseError', 'registerLayer']);

/** Wrong-looking calls that mean something, and why. */
const RIGHT: Readonly<Record<string, string>> = {
  'decodeModel missing 1': 'the name is for messages',
  'decodeText empty 0': 'no tokens are an empty text',
  'encodeText empty 0': 'an empty text has no tokens',
  'defineLayer unknown 1': "a layer's settings are its own",
  'defineLayer empty 1': 'a layer may have no settings',
  'firstSamples huge 1': 'all samples, if there are fewer',
  'isStreamed unknown 0': 'it asks',
  'fromPixels unknown 0': 'pixels are what a canvas gives, whatever else it says of them',
  'isStreamed empty 0': 'it asks',
  'pad empty 0': 'no axis is padded',
  'reshape empty 0': 'one value a sample',
  'shapeAfter empty 0': 'no transform changes nothing',
  'transformSamples empty 0': 'no transform changes nothing',
  'transformed empty 1': 'no transform changes nothing',
  'transforms.shapeAfter empty 0': 'no transform changes nothing',
  'transforms.randomApply empty 0': 'no transform changes nothing',
  'transforms.colorJitter empty 0': "nothing is changed, as by torchvision's without arguments",
  'transforms.randomIntensity empty 0': 'nothing is changed',
  'block empty 0': 'the wiring is the caller’s own code, and its error is the caller’s',
  'add missing 0': 'without wires it is a layer',
  'divide missing 0': 'without wires it is a layer',
  'maximum missing 0': 'without wires it is a layer',
  'multiply missing 0': 'without wires it is a layer',
  'subtract missing 0': 'without wires it is a layer',
  'rebuild unknown 0': 'files of later versions may say more',
  'streamOf unknown 0': 'what opens a stream keeps what it needs beside it',
  'loadIntoMemory unknown 0': 'what opens a stream keeps what it needs beside it',
};

const formOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

/** What a right argument may wrongly be: by name, and the arguments that stand for it. */
function* wrongly(args: Args, required: number): Generator<[kind: string, at: number, args: Args]> {
  for (const [i, arg] of args.entries()) {
    const at = (value: unknown): Args => args.with(i, value);
    yield ['null', i, at(null)];
    yield ['NaN', i, at(NaN)];
    if (typeof arg === 'number') yield ['huge', i, at(1e300)];
    if (isPlain(arg) && !noOptions.has(arg)) yield ['unknown', i, at({ ...arg, nosuch: 1 })];
    if (i < required && !(isPlain(arg) && Object.keys(arg).length === 0)) {
      yield ['missing', i, args.slice(0, i)];
      if (formOf(arg) === 'array') yield ['empty', i, at([])];
      else yield ['empty', i, at(typeof arg === 'string' ? '' : {})];
    }
    const before = args[i - 1];
    if (i > 0 && formOf(arg) !== formOf(before))
      yield ['swapped', i, args.with(i, before).with(i - 1, arg)];
  }
}

test('every public function has an entry, and every entry a function', () => {
  const names = [...functions.keys()];
  assert.equal(
    names.filter((name) => !Object.hasOwn(calls, name)),
    [],
  );
  assert.equal(
    Object.keys(calls).filter((name) => !functions.has(name)),
    [],
  );
});

let count = 0;
for (const [name, one] of functions) {
  if (UNTRIED.has(name)) continue;
  test(`${name} refuses`, async () => {
    const wrong: string[] = [];
    for (const [kind, at, args] of wrongly(calls[name] ?? [], one.length)) {
      if (Object.hasOwn(RIGHT, `${name} ${kind} ${at}`)) continue;
      count++;
      const found = await outcome(() => one(...args));
      if (found !== 'refused') wrong.push(`${kind} ${at}: ${found}`);
    }
    assert.equal(wrong, []);
  });
}

/** As CHANGELOG.md says. */
test('there are more than 1,700 of them', () => {
  console.log(`${count} wrong calls tried`);
  assert.ok(count > 1700, `${count} calls`);
});

test.run();
