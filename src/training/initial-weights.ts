/** The weights that a model begins with. */
import { pickNumerics } from '../engine/numerics.js';
import { sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { createSession, type Weights } from '../parallel/session.js';

/** As `train` draws them with this seed. @throws LanewiseError kind 'argument' for an initialiser that does not suit. */
export async function initialWeights(model: Model, seed = 1): Promise<Weights> {
  const inputs = Object.entries(model.architecture.inputs).map(([name, { shape, vocabulary }]) => {
    const count = sizeOf(shape);
    const values = vocabulary === undefined ? new Float32Array(count) : new Int32Array(count);
    return [name, { shape, values }] as const;
  });
  const session = await createSession({
    model,
    terms: [],
    numerics: pickNumerics(),
    workers: 0,
    datasets: [{ name: 'none', inputs: Object.fromEntries(inputs), targets: {} }],
  });
  try {
    session.initialize(seed);
    return session.readWeights();
  } finally {
    await session.close();
  }
}
