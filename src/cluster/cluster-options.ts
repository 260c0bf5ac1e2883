/** The settings of a run whose steps are shared with other machines. No result depends on them. */
import type { Transport } from './transport.js';

export interface ClusterOptions {
  /** The server, such as `nats://127.0.0.1:4222`; or a transport. */
  readonly url: string | Transport;
  /** The file of credentials that `lanewise cluster init` wrote; default none. */
  readonly credentials?: string;
  /** Workers that must have joined before the first step; default 0. */
  readonly minWorkers?: number;
  /** Share of parts that are also computed here and compared, 0 to 1; default 0.01 beyond loopback, else 0. */
  readonly check?: number;
  /** Seconds after which a part that a machine owes is computed by others; default the larger of 1 and three median steps. */
  readonly deadline?: number;
  /** Allows a connection without encryption beyond this machine; default false. */
  readonly insecure?: boolean;
}
