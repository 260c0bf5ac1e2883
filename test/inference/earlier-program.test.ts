/**
 * Program files of version 0.1 have the workspace that its kernels asked for: a Winograd convolution of 12 channels, 16
 * samples at once, and a transposed convolution of planes of 128×128. Today's kernels ask for more.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { loadProgram } from '../../src/inference/index.js';
import { decodeModel } from '../../src/trained/model-file.js';
import { samplesOf } from '../support/layer-examples.js';

for (const name of ['winograd', 'transposed']) {
  test(`a program file with a ${name} convolution of an earlier version scores the same`, async () => {
    const file = new URL(`../../../test/golden/earlier-${name}.safetensors`, import.meta.url);
    const bytes = readFileSync(file);
    const trained = decodeModel(bytes, name);
    const program = await loadProgram(bytes, { name });
    const samples = samplesOf(trained.model, name === 'winograd' ? 17 : 1);
    assert.equal(program.predict(samples), await trained.predict(samples));
  });
}

test.run();
