/** The settings of a run whose steps are shared with other machines. No result depends on them. */
import {
  checkOptions,
  flag,
  isObject,
  natural,
  numberAbove,
  numberFrom,
  oneOf,
  refuse,
  required,
  text,
  type Check,
  type Checks,
} from '../base/check.js';
import { parseAddress } from './server-address.js';
import type { Transport } from './transport.js';

export interface ClusterOptions {
  /** The server, such as `nats://127.0.0.1:4222`; or a transport. */
  readonly url: string | Transport;
  /** The file of credentials that `lanewise cluster init` wrote; default none. */
  readonly credentials?: string;
  /** Workers that must have joined before the first step; default 0. */
  readonly minWorkers?: number;
  /** Share of parts that are also computed here and compared, 0 to 1; default 0.01 with credentials or beyond this machine, else 0. */
  readonly check?: number;
  /** Seconds after which a part that a machine owes is computed by others; default the larger of 1 and three median steps. */
  readonly deadline?: number;
  /**
   * When steps are shared: only while that is faster than this machine alone, which is timed now and then (`auto`, the
   * default), or `always`.
   */
  readonly share?: 'auto' | 'always';
  /** Allows a connection without encryption beyond this machine; default false. */
  readonly insecure?: boolean;
}

/** A server's address, or an object that carries messages. */
const urlOrTransport: Check = (owner, name, value) => {
  if (isObject(value) && typeof value['publish'] === 'function') return;
  if (typeof value !== 'string' || !URL.canParse(value))
    refuse(owner, name, value, "a server's address, such as 'nats://127.0.0.1:4222'");
};

const CHECKS: Checks<ClusterOptions> = {
  url: required(urlOrTransport),
  credentials: text,
  minWorkers: natural,
  check: numberFrom(0, 1),
  deadline: numberAbove(0),
  share: oneOf(['auto', 'always']),
  insecure: flag,
};

/** @throws LanewiseError kind 'argument' naming the option, its value and what was expected. */
export const checkClusterOptions = (options: ClusterOptions): ClusterOptions =>
  checkOptions('train: cluster', options, CHECKS, {
    workers: 'workers are threads of this machine, and belong into the settings; see minWorkers',
    servers: 'url is the server',
  });

/** The share of parts that is checked unless the settings say it: none where only this machine's users can take part. */
export function usualCheck({ url, credentials }: ClusterOptions): number {
  const isNear = typeof url !== 'string' || parseAddress('train: cluster', url).isLoopback;
  return credentials === undefined && isNear ? 0 : 0.01;
}
