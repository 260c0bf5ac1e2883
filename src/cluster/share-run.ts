/** The machines that share the steps of a run, for `train`. */
import { LanewiseError } from '../base/errors.js';
import type { Machines } from '../crew/machines.js';
import type { ClusterOptions } from './cluster-options.js';

/** What is shared. */
export interface RunAbout {
  /** The run's description, where it is kept in a folder. */
  readonly description?: unknown;
  readonly folder?: string;
}

/** Connects to the cluster. @throws LanewiseError before work starts for options or a server that will not do. */
export async function openMachines(_options: ClusterOptions, _about: RunAbout): Promise<Machines> {
  throw new LanewiseError('platform', 'train: cluster: not built yet');
}
