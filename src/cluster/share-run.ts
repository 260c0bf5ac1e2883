/** The machines that share the steps of a run, for `train`. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LanewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import type { Machines, ShareRequest, StepParts } from '../crew/machines.js';
import { createChecks } from './checks.js';
import { checkClusterOptions, usualCheck, type ClusterOptions } from './cluster-options.js';
import { connect } from './connect.js';
import { createCoordinator, type Coordinator } from './coordinator.js';
import { buildOf } from './same-build.js';
import type { Lease, Transport } from './transport.js';

/** What is shared. */
export interface RunAbout {
  /** The run's description, where it is kept in a folder. */
  readonly description?: unknown;
  readonly folder?: string;
  /** Keeps who computed which parts of a step, if parts are checked. */
  readonly onStep?: (parts: StepParts) => void;
}

/** Connects to the cluster. @throws LanewiseError before work starts for options or a server that will not do. */
export async function openMachines(options: ClusterOptions, about: RunAbout): Promise<Machines> {
  checkClusterOptions(options);
  const name = await nameOf(about);
  const transport = await connect('train: cluster', options);
  return {
    share: (request) => shareSteps(transport, options, about, name, request),
    // Who gave a transport closes it.
    close: () => (typeof options.url === 'string' ? transport.close() : Promise.resolve()),
  };
}

/** A run's name: the same for a run that is resumed in its folder. */
async function nameOf({ description, folder }: RunAbout): Promise<string> {
  if (folder === undefined) return crypto.randomUUID().replaceAll('-', '').slice(0, 16);
  const place = JSON.stringify([description, hostname(), resolve(folder)]);
  return (await sha256(new TextEncoder().encode(place))).slice(0, 16);
}

async function shareSteps(
  transport: Transport,
  options: ClusterOptions,
  { folder, onStep }: RunAbout,
  name: string,
  request: ShareRequest,
) {
  const { minWorkers = 0, deadline, check = usualCheck(options), share = 'auto' } = options;
  const { plan } = request.run;
  checkShareable(request, minWorkers);
  const build = await buildOf(plan.numerics);
  // Who takes the same run up again in its folder, which it has locked, is the same holder.
  const holder =
    folder === undefined ? `${hostname()} ${name}` : `${hostname()} ${resolve(folder)}`;
  let coordinator: Coordinator | undefined;
  const lease = await transport.leases.take(`leader-${name}`, holder, (other) =>
    coordinator?.fail(
      new LanewiseError('platform', `the run is led by ${other} now, which has taken it up`),
    ),
  );
  coordinator = createCoordinator({
    ...request,
    transport,
    name,
    epoch: lease.epoch,
    build,
    ...(deadline === undefined ? {} : { deadlineMs: deadline * 1000 }),
    checks: createChecks({ share: check }),
    isChecking: check > 0,
    isHashing: check > 0,
    isAlwaysShared: share === 'always',
    ...(check > 0 && onStep ? { onStep } : {}),
  });
  const { pool } = coordinator;
  return {
    ...pool,
    ...(minWorkers > 0 ? { gather: gathering(coordinator, minWorkers) } : {}),
    close: () => closeBoth(pool.close, lease),
  };
}

/** Milliseconds for which a run waits for its first machines before it tells what became of those that asked. */
const PATIENCE = 250;

function gathering(coordinator: Coordinator, machines: number): () => Promise<boolean> {
  let isComplete = false;
  const complete = coordinator.ready(machines).then(() => void (isComplete = true));
  return async () => {
    const waited = new AbortController();
    const { signal } = waited;
    if (!isComplete)
      await Promise.race([complete, setTimeout(PATIENCE, undefined, { signal }).catch(() => {})]);
    waited.abort();
    return isComplete;
  };
}

async function closeBoth(close: () => Promise<void>, lease: Lease): Promise<void> {
  await close();
  await lease.release();
}

/** @throws LanewiseError kind 'argument' for a run that other machines cannot compute parts of. */
function checkShareable({ run, datasets }: ShareRequest, minWorkers: number): void {
  if (datasets[0]!.source)
    throw new LanewiseError(
      'argument',
      'train: cluster is given, and the samples are read from a stream, expected a data set in memory',
      'leave out cluster, or load the data set whole',
    );
  const steps = Object.values(run.plan.steps);
  const isShared = steps.some(({ schedule }) => schedule.shards.length > 1);
  if (isShared || minWorkers === 0) return;
  throw new LanewiseError(
    'argument',
    `train: cluster has minWorkers ${minWorkers}, and a minibatch of ${run.plan.batch} is one shard, which cannot be shared`,
    'raise batch, or say in how many shards it is cut',
  );
}
