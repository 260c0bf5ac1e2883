/** Models of tfjs and Keras with what they answered (test/golden/make_tfjs.mjs, make_keras.py), and comparisons with it. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { readTfjs, type ImportedModel } from '../../src/import/index.js';
import { unpack } from './golden.js';

/** An array of a case. */
export interface StoredArray {
  readonly shape: number[];
  readonly values: string;
}

/** What a model is asked, and what it answered. */
export interface Answers {
  readonly inputs: readonly StoredArray[];
  readonly outputs: readonly StoredArray[];
}

/** A model of tfjs. */
export interface TfjsCase extends Answers {
  readonly model: object;
  readonly files: Readonly<Record<string, string>>;
}

export const tfjsFolder = new URL('../../../test/golden/tfjs/', import.meta.url);

export const loadTfjs = (name: string): TfjsCase =>
  JSON.parse(readFileSync(new URL(`${name}.json`, tfjsFolder), 'utf8')) as TfjsCase;

export const filesOf = ({ files }: TfjsCase): Record<string, Uint8Array> =>
  Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      Uint8Array.from(Buffer.from(text, 'base64')),
    ]),
  );

export const readCase = (one: TfjsCase): ImportedModel => readTfjs(one.model, filesOf(one));

/** Images with their channels first; anything else as it is. */
function turned({ shape, values }: StoredArray): { shape: number[]; values: Float32Array } {
  const numbers = unpack(values);
  if (shape.length !== 4) return { shape: shape.slice(1), values: numbers };
  const [n, h, w, c] = shape as [number, number, number, number];
  const result = new Float32Array(numbers.length);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < h * w; p++)
      for (let k = 0; k < c; k++)
        result[(i * c + k) * h * w + p] = numbers[(i * h * w + p) * c + k]!;
  return { shape: [c, h, w], values: result };
}

/** Every element within `share` of the largest. */
function assertNear(
  found: Float32Array,
  expected: Float32Array,
  share: number,
  what: string,
): void {
  assert.is(found.length, expected.length, what);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  assert.ok(worst <= share * largest, `${what}: off by ${worst} of ${largest}`);
}

/** The model's answers are those that were stored, within 1e-5 of the largest. */
export async function assertAnswers(
  { trained, model }: ImportedModel,
  one: Answers,
): Promise<void> {
  const fields = Object.fromEntries(
    Object.entries(model.architecture.inputs).map(([key, { vocabulary }], i) => {
      const { shape, values } = turned(one.inputs[i]!);
      return [key, { shape, values: vocabulary ? Int32Array.from(values) : values }];
    }),
  );
  const outputs = [...model.outputs.keys()];
  assert.is(outputs.length, one.outputs.length);
  for (const [i, output] of outputs.entries()) {
    const { scores } = await trained.predict(fields, undefined, output);
    assertNear(scores, turned(one.outputs[i]!).values, 1e-5, output);
  }
}
