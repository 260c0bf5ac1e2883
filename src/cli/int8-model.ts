/** Models in int8: files that predict and are scored, and nothing else. */
import { LanewiseError } from '../base/errors.js';
import { readSource } from '../data/file-source.js';
import type { ProgramFile } from '../inference/read.js';
import type { Model } from '../layers/index.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { isInt8 } from './file-contents.js';
import { modelIn, notInt8, warned } from './model-source.js';
import { quoted } from './terminal.js';

/** A model to be scored: of any file that `openModel` reads, or in int8. */
export async function openScorer(path: string): Promise<TrainedModel> {
  const bytes = await readSource('model', path);
  return isInt8(path, bytes) ? int8Model(path, bytes) : warned(await modelIn(path, bytes));
}

/**
 * A model in int8 as commands that score know models. It has no weights and no graph.
 * @throws LanewiseError kind 'file' for a damaged file; kind 'argument' for a model that forecasts series or writes text.
 */
async function int8Model(path: string, bytes: Uint8Array): Promise<TrainedModel> {
  const { decodeQuantized } = await import('../quantize/index.js');
  const { readQuantized } = await import('../inference/run-quantized.js');
  const quantized = decodeQuantized(bytes, path);
  const { series, vocabulary, text } = quantized;
  if (series || (vocabulary && !text?.by))
    throw new LanewiseError(
      'argument',
      `'${path}' ${series ? 'forecasts series' : 'writes text'} in int8, and commands do that with the float model`,
      'in a program loadQuantized of lanewise/inference runs it',
    );
  return {
    ...quantized,
    model: outline(path, readQuantized(bytes, path)),
    numerics: 'strict',
    weights: new Map(),
  };
}

/** Inputs and outputs of a model whose layers are a program. */
function outline(path: string, { inputs, outputs }: ProgramFile): Model {
  const graph = (): never => {
    throw notInt8(path);
  };
  return {
    architecture: {
      inputs: Object.fromEntries(inputs.map(({ name, ...input }) => [name, input])),
      layers: [],
      outputs: Object.fromEntries(outputs.map(({ output: { name } }) => [name, name])),
    },
    parameters: [],
    outputs: new Map(outputs.map(({ output: { name, shape } }) => [name, shape])),
    activationBytes: 0,
    graph,
  } as unknown as Model;
}

/** @throws LanewiseError kind 'argument': a model in int8 is a program already. */
export function refuseInt8Program(path: string, bytes: Uint8Array): void {
  if (!isInt8(path, bytes)) return;
  throw new LanewiseError(
    'argument',
    `'${path}' is a model in int8, which is a program already: loadQuantized of lanewise/inference runs it`,
    `copy it as it is; lanewise quantize MODEL --batch N --out ${quoted(path)} makes one of another batch`,
  );
}
