/** The packages of NATS, which only those install who train over several machines. */
import { LanewiseError } from '../base/errors.js';

const MISSING = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** @throws LanewiseError kind 'platform' with the command that installs the packages. */
const load = async <Package>(name: string, imported: Promise<Package>): Promise<Package> => {
  try {
    return await imported;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // Bun has no code for it.
    if (!MISSING.has(code) && !/cannot find (module|package)/i.test(message)) throw error;
    throw new LanewiseError(
      'platform',
      `a cluster needs the package ${name}, which is not installed`,
      'npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv @nats-io/obj',
      { cause: error },
    );
  }
};

/**
 * The package of connections and keys.
 * @throws LanewiseError kind 'platform' where it is not installed.
 */
export const loadTransportNode = () =>
  load('@nats-io/transport-node', import('@nats-io/transport-node'));

/** As `loadTransportNode`: what the server stores. */
export const loadJetstream = () => load('@nats-io/jetstream', import('@nats-io/jetstream'));

/** As `loadTransportNode`: entries by name. */
export const loadKv = () => load('@nats-io/kv', import('@nats-io/kv'));

/** As `loadTransportNode`: large contents by name. */
export const loadObjects = () => load('@nats-io/obj', import('@nats-io/obj'));
