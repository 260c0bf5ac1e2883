/** The refusal of clusters, where there are no sockets. */
import { LanewiseError } from '../base/errors.js';

/** @throws LanewiseError kind 'platform'. */
export async function openMachines(): Promise<never> {
  throw new LanewiseError(
    'platform',
    'train: cluster is given, and a page cannot lead one',
    'leave it out here; Node, Deno and Bun share the steps of a run',
  );
}
