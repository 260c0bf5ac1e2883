/** Damaged files of tfjs and Keras: each is refused by a named error, or read as a model that has all of its weights. */
// slow: reads 40,000 files
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { sizeOf } from '../../src/graph/tensor.js';
import { readKeras, readTfjs, type ImportedModel } from '../../src/import/index.js';
import { openArchive } from '../../src/import/archive.js';
import { LanewiseError } from '../../src/base/errors.js';
import { randomStream } from '../../src/random/philox.js';
import { zipOf } from '../support/archives.js';
import { damaged, fuzz, fuzzCount } from '../support/fuzz.js';
import { filesOf, loadTfjs } from '../support/keras-cases.js';
import { STRANGE } from '../support/mutations.js';

const folder = new URL('../../../test/golden/keras/', import.meta.url);

const isWhole = ({ model, weights }: ImportedModel): void => {
  for (const { name, shape } of model.parameters)
    assert.is(weights.get(name)?.length, sizeOf(shape), name);
};

const tfjs = ['dense', 'batch-norm', 'quantised', 'gru', 'merge', 'shapes'].map(loadTfjs);

/** Every place of a value within a value, up to a number. */
function* placesIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) yield* placesIn(one, [...path, key]);
}

/** The value with another at a place. */
const changed = (value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown => {
  if (key === undefined) return to;
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...(value as unknown[])] as unknown as Record<string, unknown>)
    : { ...(value as Record<string, unknown>) };
  copy[key] = changed(copy[key], rest, to);
  return copy;
};

test('10,000 descriptions with strange values in them', () => {
  const places = tfjs.map(({ model }) => [...placesIn(model)]);
  const files = tfjs.map(filesOf);
  let refused = 0;
  const count = fuzzCount(10_000);
  for (let i = 0; i < count; i++) {
    const random = randomStream(1, 98, i);
    const which = random.integer(tfjs.length);
    const list = places[which]!;
    const path = list[random.integer(list.length)]!;
    const [strange, other] = [random.integer(STRANGE.length), random.integer(list.length)];
    // Half are values of another place of the file.
    const value = random.integer(2)
      ? STRANGE[strange]
      : list[other]!.reduce<unknown>(
          (at, key) => (at as Record<string, unknown>)[key],
          tfjs[which]!.model,
        );
    try {
      isWhole(readTfjs(changed(tfjs[which]!.model, path, value) as object, files[which]!));
    } catch (error) {
      if (!(error instanceof LanewiseError)) {
        (error as Error).message = `file ${i}, ${path.join('.')}: ${(error as Error).message}`;
        throw error;
      }
      refused++;
    }
  }
  assert.ok(refused > 0 && refused < count, `${refused} of ${count}`);
});

test('10,000 damaged files of tfjs: the description as text, and the weights', async () => {
  const texts = tfjs.map(({ model }) => Uint8Array.from(Buffer.from(JSON.stringify(model))));
  let which = 0;
  await fuzz(
    texts,
    fuzzCount(10_000),
    (bytes) => {
      const files = filesOf(tfjs[which++ % tfjs.length]!);
      return readTfjs(bytes, files);
    },
    isWhole,
  );
});

const whole = readdirSync(folder).filter((name) => /\.(h5|keras)$/.test(name));
const small = whole.filter((name) => !/merge|weights/.test(name));
const bytesOf = (name: string): Uint8Array => Uint8Array.from(readFileSync(new URL(name, folder)));
test('10,000 damaged .h5 files', async () => {
  const names = small.filter((name) => name.endsWith('.h5') && !name.startsWith('recurrent'));
  await fuzz(names.map(bytesOf), fuzzCount(10_000), (bytes) => readKeras(bytes), isWhole);
});

test('10,000 damaged .keras files: archives, and what is in them', async () => {
  const names = small.filter((name) => name.endsWith('.keras') && !name.startsWith('recurrent'));
  const archives = names.map(bytesOf);
  await fuzz(archives, fuzzCount(2000), (bytes) => readKeras(bytes), isWhole);
  // An archive's checksums would refuse what is damaged within.
  const parts = archives.map((bytes) => {
    const archive = openArchive(bytes, 'a');
    return new Map(archive.paths.map((path) => [path, Uint8Array.from(archive.read(path))]));
  });
  let refused = 0;
  const count = fuzzCount(8000);
  for (let i = 0; i < count; i++) {
    const files = parts[i % parts.length]!;
    const path = ['config.json', 'model.weights.h5'][i % 3 === 0 ? 0 : 1]!;
    const mended = damaged([files.get(path)!], 2, i);
    try {
      isWhole(readKeras(zipOf({ ...Object.fromEntries(files), [path]: mended })));
    } catch (error) {
      if (!(error instanceof LanewiseError)) {
        (error as Error).message = `file ${i}: ${(error as Error).message}`;
        throw error;
      }
      refused++;
    }
  }
  assert.ok(refused > 0 && refused < count, `${refused} of ${count}`);
});

test('open shapes are those that are given', () => {
  const { model } = readKeras(bytesOf('recurrent.h5'), { inputs: { conv_input: [6, 4] } });
  assert.equal(model.architecture.inputs['input']!.shape, [6, 4]);
});

test.run();
