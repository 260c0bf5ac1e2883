/** What two machines must have in common to compute the same bits, and what to say where they differ. */
import { LanewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { version } from '../base/version.js';
import type { Numerics } from '../engine/features.js';
import { readBuild } from '../node/kernels.js';
import { given } from '../platform/given.js';
import { PROTOCOL, type Build } from './cluster-messages.js';

/** Hashes of the kernels' files, by their build: each is read once. */
const hashes = new Map<string, Promise<string>>();

/**
 * This process's build for runs of some numerics. Its hash is that of the build for shared memory, which threads run; the
 * other builds come of the same sources.
 * @throws LanewiseError kind 'engine' after `init({ module })`, whose file is not known.
 */
export async function buildOf(numerics: Numerics): Promise<Build> {
  if (given.modules.size > 0) {
    throw new LanewiseError(
      'engine',
      'init was given compiled kernels, which other machines cannot compare with theirs',
      'give init the folder of the kernels’ files, or nothing',
    );
  }
  const name = `${numerics}-shared`;
  const hash = hashes.get(name) ?? readBuild(name).then((bytes) => sha256(bytes));
  hashes.set(name, hash);
  hash.catch(() => hashes.delete(name));
  return { protocol: PROTOCOL, version, wasm: await hash, numerics };
}

/** A reason and the way out. */
export interface Difference {
  readonly reason: string;
  readonly hint: string;
}

/**
 * Why a worker cannot take part in a coordinator's run, or undefined if it can. Both ask this, so that both can say it.
 * @param canFuse whether the worker's engine has a multiply-add that rounds once
 */
export function differenceOf(
  coordinator: Build,
  worker: Build,
  canFuse = true,
): Difference | undefined {
  const install = `install lanewise ${coordinator.version} on both machines`;
  if (worker.protocol !== coordinator.protocol) {
    return {
      reason: `the worker speaks protocol ${worker.protocol}, the coordinator ${coordinator.protocol}`,
      hint: install,
    };
  }
  if (worker.version !== coordinator.version) {
    return {
      reason: `the worker has lanewise ${worker.version}, the coordinator ${coordinator.version}`,
      hint: install,
    };
  }
  if (coordinator.numerics === 'fused' && !canFuse) {
    return {
      reason:
        "the run's numerics are 'fused', and the worker's engine has no multiply-add that rounds once",
      hint: "run the worker in Node 22 or newer, or in Deno, or train with numerics 'strict'",
    };
  }
  if (worker.numerics !== coordinator.numerics) {
    return {
      reason: `the worker computes with numerics '${worker.numerics}', the run with '${coordinator.numerics}'`,
      hint: 'restart the worker',
    };
  }
  if (worker.wasm !== coordinator.wasm) {
    return {
      reason: `the kernels differ: SHA-256 ${worker.wasm.slice(0, 12)}… at the worker, ${coordinator.wasm.slice(0, 12)}… at the coordinator`,
      hint: `${install}, of the same build`,
    };
  }
  return undefined;
}
