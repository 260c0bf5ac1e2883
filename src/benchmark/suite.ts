/** The suite of workloads that any engine runs, also a page's worker, and how a workload becomes a row of results. */
import { inference } from './inference.js';
import { int8Product } from './int8-product.js';
import { int8Inference } from './int8.js';
import { benchmarkModels, training } from './models.js';
import { ceiling, sgemm } from './products.js';
import type { Row } from './results.js';
import type { Conditions, Workload } from './workload.js';

const { mlp, lenet5, 'vgg-small': vggSmall, resnet20, rows, charlstm, ...large } = benchmarkModels;

export const workloads: Readonly<Record<string, Workload>> = {
  ceiling,
  'sgemm-128': sgemm(128, 128, 128),
  'sgemm-256': sgemm(256, 256, 256),
  'sgemm-512': sgemm(512, 512, 512),
  'sgemm-1024': sgemm(1024, 1024, 1024),
  'sgemm-64x784x100': sgemm(64, 784, 100),
  'sgemm-64x400x120': sgemm(64, 400, 120),
  'sgemm-1024x1152x128': sgemm(1024, 1152, 128),
  'int8-512': int8Product(512, 512, 512),
  'mlp-b64': training(mlp, 64),
  'lenet5-b64': training(lenet5, 64),
  'lenet5-b256': training(lenet5, 256),
  'vgg-small-b64': training(vggSmall, 64),
  'resnet20-b64': training(resnet20, 64),
  'rows-b64': training(rows, 64),
  'charlstm-b32': training(charlstm, 32),
  'lstm-b64': training(large.lstm, 64),
  'gpt-b16': training(large.gpt, 16),
  'resnet18-64-b64': training(large['resnet18-64'], 64),
  'resnet18-b16': training(large.resnet18, 16),
  'resnet50-b8': training(large.resnet50, 8),
  'alexnet-b16': training(large.alexnet, 16),
  'vgg16-b4': training(large.vgg16, 4),
  'googlenet-b16': training(large.googlenet, 16),
  'lenet5-infer-b1': inference(lenet5, 1),
  'lenet5-infer-b256': inference(lenet5, 256),
  'resnet20-infer-b64': inference(resnet20, 64),
  'vgg-small-infer-b64': inference(vggSmall, 64),
  'lenet5-int8-b1': int8Inference(lenet5, 1),
  'lenet5-int8-b256': int8Inference(lenet5, 256),
  'resnet20-int8-b64': int8Inference(resnet20, 64),
  'vgg-small-int8-b64': int8Inference(vggSmall, 64),
};

/** Workloads that use more than one thread; the others measure one. */
const isThreaded = (name: string): boolean => !/^ceiling|int8|infer/.test(name);

export interface Suite {
  /** The GFLOP/s of registers alone: the bound for all rows. */
  readonly bound: number;
  measure(name: string, workload: Workload): Promise<Row>;
}

/** Measures the bound, and then each requested workload, one after the other. */
export async function createSuite(conditions: Conditions): Promise<Suite> {
  const { numerics, seconds } = conditions;
  const found = await ceiling({ threads: 1, numerics, seconds: Math.min(seconds, 1) });
  // The best, not the median: other processes can only lower it.
  const bound = (found.gflops * found.medianMs) / found.minMs;
  return {
    bound,
    async measure(name, workload) {
      const threads = isThreaded(name) ? conditions.threads : 1;
      const { value, unit, spread, medianMs, minMs, gflops, note } = await workload({
        ...conditions,
        threads,
      });
      const ofCeiling = gflops ? gflops / (bound * threads) : null;
      const row = { workload: name, threads, value, unit, spread, medianMs, minMs, ofCeiling };
      return note === undefined ? row : { ...row, note };
    },
  };
}
