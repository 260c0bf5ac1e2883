/** The inference workloads: the forward program alone, in one thread, from samples to scores. */
import { compile } from '../compiler/compile.js';
import { link, run, type Bases } from '../engine/link.js';
import { FIRST_FREE_BYTE, allocateMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { layoutParameters } from '../step/parameters.js';
import { address, align, type Address } from '../program/program.js';
import { timeCalls, timed } from './measure.js';
import type { BenchmarkModel } from './models.js';
import type { Workload } from './workload.js';

/** Logits of `batch` samples; the value is µs for one sample, else images/s. */
export const inference =
  ({ create }: BenchmarkModel, batch: number): Workload =>
  async ({ numerics, seconds }) => {
    const model = create();
    const graph = model.graph(batch, 'evaluation');
    const [input] = graph.inputs.values();
    const [scores] = graph.outputs.values();
    const parameters = layoutParameters(model);
    const leaves = new Map<Tensor, Address>([[input!, address('batch', 0)]]);
    for (const { name, offset } of parameters.entries) {
      leaves.set(graph.parameters.get(name)!, address('parameters', offset));
    }
    const output = { tensor: scores!, at: address('results', 0) };
    const program = compile({ name: `inference of ${batch}`, leaves, outputs: [output] });

    let end = FIRST_FREE_BYTE;
    const take = (bytes: number): number => {
      const base = end;
      end += align(bytes);
      return base;
    };
    const samples = sizeOf(input!.shape);
    const bases: Bases = {
      parameters: take(parameters.bytes),
      batch: take(samples * 4),
      results: take(sizeOf(scores!.shape) * 4),
      activations: take(program.activationBytes),
      workspace: take(program.workspaceBytes + 64),
      gradients: 0,
      state: 0,
      rates: 0,
    };
    const memory = allocateMemory(end, false);
    const kernels = instantiate(await loadModule(numerics, false), memory);
    kernels.randomUniform(bases.parameters, parameters.bytes / 4, -0.1, 0.1, 1, 2, 3, 4);
    const linked = link(program.calls, kernels, bases);
    const sample = new Float32Array(samples).fill(0.5);
    const given = new Float32Array(memory.buffer, bases.batch, samples);
    const results = new Float32Array(memory.buffer, bases.results, sizeOf(scores!.shape));
    const answer = new Float32Array(results.length);
    const timing = timeCalls(() => {
      given.set(sample);
      run(linked);
      answer.set(results);
    }, seconds);
    const flops = program.calls.reduce((sum, call) => sum + call.flops, 0);
    const gflops = flops / timing.medianMs / 1e6;
    return batch === 1
      ? { ...timed(timing, 'µs', (ms) => ms * 1000), gflops }
      : { ...timed(timing, 'images/s', (ms) => (batch / ms) * 1000), gflops };
  };
