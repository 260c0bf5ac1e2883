/** The table of all workloads by name, for the command line: those of any engine, and those that are processes. */
import { LanewiseError, lookUp } from '../base/errors.js';
import { benchmarkModels, type BenchmarkModel } from './models.js';
import { lossTerms } from '../losses/terms.js';
import type { Profiled } from './profile.js';
import { coldstart, memory } from './processes.js';
import { workloads as anywhere } from './suite.js';
import type { Workload } from './workload.js';

export {
  profile,
  type Profile,
  type Profiled,
  type ProfiledCall,
  type ProfiledSum,
} from './profile.js';

export const processes: Readonly<Record<string, Workload>> = { coldstart, memory };

export const workloads: Readonly<Record<string, Workload>> = { ...anywhere, ...processes };

/** What a training workload trains, and its batch. @throws LanewiseError kind 'argument' for other workloads. */
export function trainingOf(name: string): Profiled & { readonly batch: number } {
  const [, model, batch] = /^(.*)-b(\d+)$/.exec(name) ?? [];
  const models: Readonly<Record<string, BenchmarkModel>> = benchmarkModels;
  if (workloadFor(name) && model && Object.hasOwn(models, model)) {
    const { create, loss, optimizer } = models[model]!;
    const made = create();
    const terms = lossTerms(loss, [...made.outputs.keys()]);
    return { model: made, terms, optimizer, batch: Number(batch) };
  }
  throw new LanewiseError(
    'argument',
    `workload '${name}' has no program to profile, lenet5-b64 has`,
  );
}

/** @throws LanewiseError kind 'argument' for an unknown name, with the nearest known one. */
export const workloadFor = (name: string): Workload => lookUp('workload', workloads, name);
