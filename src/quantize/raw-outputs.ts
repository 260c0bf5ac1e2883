/** A quantised model's outputs for a whole data set, as the model gives them: logits where the loss makes probabilities of them. */
import type { Fields, Samples } from '../data/samples.js';
import { choose } from '../data/chosen.js';
import { link, run } from '../engine/link.js';
import { sizeOf } from '../graph/tensor.js';
import type { ProgramFile } from '../inference/read.js';
import type { PlacedProgram } from '../inference/run-program.js';
import type { Model } from '../layers/index.js';
import { leavesOf, type Leaves } from './observe.js';

/** Samples whose inputs are in memory as floats at a time. */
const MOST_SAMPLES = 1024;

/** The outputs of `data` by name; `model` says what its inputs take. */
export async function rawOutputs(
  file: ProgramFile,
  placed: PlacedProgram,
  model: Model,
  data: Samples,
): Promise<Fields> {
  const fields = file.outputs.map(({ output: { name, shape } }) => ({
    name,
    shape,
    values: new Float32Array(data.count * sizeOf(shape)),
  }));
  const score = createScoring(file, placed);
  for (let from = 0; from < data.count; from += MOST_SAMPLES) {
    const count = Math.min(MOST_SAMPLES, data.count - from);
    const part = choose(
      data,
      Uint32Array.from({ length: count }, (_, i) => from + i),
    );
    const leaves = await leavesOf(model, part);
    fields.forEach(({ values }, i) => score(leaves, i, values, from));
  }
  return Object.fromEntries(fields.map(({ name, shape, values }) => [name, { shape, values }]));
}

/** A function that writes the outputs at a place of some samples to `to`, those of the first sample at `first`. */
function createScoring(file: ProgramFile, { memory, bases, kernels }: PlacedProgram) {
  const linked = file.outputs.map(({ output, programs }) => ({
    output,
    programs: programs.map(({ samples, calls }) => ({
      samples,
      run: link(calls, kernels, bases),
    })),
  }));
  const all = new Uint8Array(memory.buffer);
  return ({ count, values }: Leaves, place: number, to: Float32Array, first: number): void => {
    const { output, programs } = linked[place]!;
    const size = sizeOf(output.shape);
    for (let from = 0; from < count;) {
      const program = programs.find(({ samples }) => samples <= count - from)!;
      const { samples } = program;
      for (const { name, at } of file.inputs) {
        const { buffer, byteOffset, byteLength } = values.get(name)!;
        const each = byteLength / count;
        const leaf = new Uint8Array(buffer, byteOffset + from * each, samples * each);
        all.set(leaf, bases.batch + at);
      }
      run(program.run);
      const at = bases.results + (output.raw ?? output.at);
      to.set(new Float32Array(memory.buffer, at, samples * size), (first + from) * size);
      from += samples;
    }
  };
}
