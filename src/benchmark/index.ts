/** The workloads by name. */
import { LanewiseError, lookUp } from '../errors.js';
import { inference } from './inference.js';
import { benchmarkModels, training, type BenchmarkModel } from './models.js';
import { coldstart, memory } from './processes.js';
import { ceiling, sgemm } from './products.js';
import type { Workload } from './workload.js';

export { profile, type Profile, type ProfiledCall, type ProfiledSum } from './profile.js';
export type { Conditions, Measurement, Workload } from './workload.js';

const { mlp, lenet5, 'vgg-small': vggSmall, resnet20 } = benchmarkModels;

export const workloads: Readonly<Record<string, Workload>> = {
  ceiling,
  'sgemm-128': sgemm(128, 128, 128),
  'sgemm-256': sgemm(256, 256, 256),
  'sgemm-512': sgemm(512, 512, 512),
  'sgemm-1024': sgemm(1024, 1024, 1024),
  'sgemm-64x784x100': sgemm(64, 784, 100),
  'sgemm-64x400x120': sgemm(64, 400, 120),
  'sgemm-1024x1152x128': sgemm(1024, 1152, 128),
  'mlp-b64': training(mlp, 64),
  'lenet5-b64': training(lenet5, 64),
  'lenet5-b256': training(lenet5, 256),
  'vgg-small-b64': training(vggSmall, 64),
  'resnet20-b64': training(resnet20, 64),
  'lenet5-infer-b1': inference(lenet5, 1),
  'lenet5-infer-b256': inference(lenet5, 256),
  coldstart,
  memory,
};

/** The model and batch of a training workload. @throws LanewiseError kind 'argument' for other workloads. */
export function trainingOf(name: string): {
  readonly model: BenchmarkModel;
  readonly batch: number;
} {
  const [, model, batch] = /^(.*)-b(\d+)$/.exec(name) ?? [];
  const models: Readonly<Record<string, BenchmarkModel>> = benchmarkModels;
  if (workloadFor(name) && model && Object.hasOwn(models, model)) {
    return { model: models[model]!, batch: Number(batch) };
  }
  throw new LanewiseError(
    'argument',
    `workload '${name}' has no program to profile, lenet5-b64 has`,
  );
}

/** Workloads that use more than one thread; the others measure one. */
export const isThreaded = (name: string): boolean => name !== 'ceiling' && !name.includes('infer');

/** @throws LanewiseError kind 'argument' for an unknown name, with the nearest known one. */
export const workloadFor = (name: string): Workload => lookUp('workload', workloads, name);
