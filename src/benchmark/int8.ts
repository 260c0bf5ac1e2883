/** The int8 workloads: a quantised model's program as `lanewise/inference` runs it, in one thread, from samples to scores. */
import { loadQuantized } from '../inference/index.js';
import { sizeOf } from '../graph/tensor.js';
import { initialWeights } from '../trained/initial-weights.js';
import { withWeights } from '../trained/with-weights.js';
import { timeCalls, timed } from './measure.js';
import { noise, type BenchmarkModel } from './models.js';
import type { Workload } from './workload.js';

/** Samples by which ranges are found; the time does not depend on them. */
const CALIBRATED = 32;

/** Scores of `batch` samples, and their classes; the value is µs for one sample, else images/s. */
export const int8Inference =
  ({ create, loss }: BenchmarkModel, batch: number): Workload =>
  async ({ seconds }) => {
    // Loaded here, lest every benchmark wait for it.
    const { encodeQuantized, quantize } = await import('../quantize/index.js');
    const model = create();
    const trained = withWeights(model, await initialWeights(model), { loss, numerics: 'strict' });
    const quantized = await quantize(trained, noise(model, CALIBRATED), { batch });
    const program = await loadQuantized(encodeQuantized(quantized));
    const [input] = Object.values(model.architecture.inputs);
    const samples = new Float32Array(batch * sizeOf(input!.shape)).fill(0.5);
    const timing = timeCalls(() => void program.predict(samples), seconds);
    return batch === 1
      ? { ...timed(timing, 'µs', (ms) => ms * 1000), gflops: 0 }
      : { ...timed(timing, 'images/s', (ms) => (batch / ms) * 1000), gflops: 0 };
  };
