/** Prints hashes of quantised files and of their scores, by this engine's build and the plain one, as a line of JSON. */
import { readFile } from 'node:fs/promises';
import type * as Lanewise from '../../src/index.js';
import type * as Inference from '../../src/inference/index.js';
import type * as Quantize from '../../src/quantize/index.js';
import { filesOf, quantizedFiles, scoresOf } from './quantizing.js';

// By their names, so that the package's exports and its bundles are what runs.
const [core, integers, running] = ['lanewise', 'lanewise/quantize', 'lanewise/inference'];
const lanewise = (await import(core!)) as typeof Lanewise;
const inference = (await import(running!)) as typeof Inference;
const files = await quantizedFiles(lanewise, (await import(integers!)) as typeof Quantize);
const module = new Uint8Array(
  await readFile(new URL('../../wasm/int8-plain.wasm', import.meta.url)),
);
console.log(
  JSON.stringify({
    files: await filesOf(files),
    scores: await scoresOf(inference, files),
    plain: await scoresOf(inference, files, { module }),
  }),
);
