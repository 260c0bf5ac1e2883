/** Errors of a server and of the connection to it, in sentences with a way out. */
import { LanewiseError } from '../base/errors.js';
import type { ServerAddress } from './server-address.js';

/** An error, and those that caused it, of a library. */
interface Cause {
  readonly name: string;
  readonly code: string | number;
  readonly message: string;
}

function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause)
    causes.push({
      name: at.name,
      code: (at as { code?: string | number }).code ?? '',
      message: at.message,
    });
  return causes;
}

/** What is known of an attempt to connect. */
export interface Attempt {
  readonly address: ServerAddress;
  /** The user under whose name it was; undefined for none. */
  readonly user?: string;
  /** Whether credentials name the authority of the server's certificate. */
  readonly hasAuthority: boolean;
  /** Milliseconds that it waited. */
  readonly patience: number;
}

type Sentence = (attempt: Attempt, cause: Cause) => readonly [message: string, hint?: string];

/** By an error's code, its name, or a part of its message. */
const refusals: readonly (readonly [RegExp, Sentence])[] = [
  [
    /ECONNREFUSED|connection refused/,
    ({ address }) => [
      `nothing listens at ${address.shown}`,
      `start a server there: nats-server -js -p ${address.port}`,
    ],
  ],
  [
    /ENOTFOUND|EAI_AGAIN|getaddrinfo/,
    ({ address }) => [`no host is known as '${address.host}'`, "check the URL's spelling"],
  ],
  [
    /EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/,
    ({ address }) => [`no way leads to ${address.shown}`, 'check the network between the machines'],
  ],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    ({ address }) => [
      `the certificate of ${address.shown} is not for '${address.host}'`,
      'use the name that it was made for, or make one for this name: lanewise cluster init',
    ],
  ],
  [
    /CERT_HAS_EXPIRED/,
    ({ address }) => [
      `the certificate of ${address.shown} has expired`,
      'make the cluster anew with `lanewise cluster init`, or set the clock of this machine',
    ],
  ],
  [
    /CERT_NOT_YET_VALID/,
    ({ address }) => [
      `the certificate of ${address.shown} is not valid yet`,
      'set the clock of this machine',
    ],
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS|SSL|certificate/,
    ({ address, hasAuthority }, { message }) => [
      `the certificate of ${address.shown} is not trusted (${message})`,
      hasAuthority
        ? 'use credentials that were made together with this server'
        : 'use the credentials that were made with this server: they name its authority',
    ],
  ],
  [
    /does not support 'tls'|is not available on this server/,
    ({ address, hasAuthority }) =>
      address.isTls || hasAuthority
        ? [
            `${address.shown} offers no encryption, which ${hasAuthority ? 'the credentials expect' : 'tls:// asks for'}`,
            'start the server with the configuration that `lanewise cluster init` wrote',
          ]
        : [
            `${address.shown} is beyond this machine and offers no encryption`,
            'make a server that does with `lanewise cluster init`, or allow it: insecure: true',
          ],
  ],
  [
    /AuthorizationError|authorization violation|authentication/i,
    ({ address, user, hasAuthority }) =>
      user === undefined
        ? [
            `${address.shown} lets in only those with credentials`,
            'give the file of credentials that was made with this server',
          ]
        : [
            `${address.shown} does not let '${user}' in`,
            hasAuthority
              ? 'use credentials that were made with this server: those of an earlier one are worth nothing'
              : 'check user and password in the URL',
          ],
  ],
  [
    /maximum connections exceeded/,
    ({ address }) => [
      `${address.shown} has as many connections as it takes`,
      'end workers that are not needed, or raise max_connections in its configuration',
    ],
  ],
  [
    /SilenceError/,
    ({ address, patience }) => [
      `what listens at ${address.shown} has said nothing in ${patience / 1000} s, as a NATS server does at once`,
      'check the port: a nats-server says at its start which one is for clients',
    ],
  ],
  [
    /TimeoutError|ETIMEDOUT/,
    ({ address, patience }) => [
      `${address.shown} does not answer within ${patience / 1000} s`,
      'check that a nats-server runs there and that no firewall is between',
    ],
  ],
  [
    /unexpected response from server|Unexpected token/,
    ({ address }) => [
      `what listens at ${address.shown} is no NATS server`,
      'check the port: a nats-server says at its start which one is for clients',
    ],
  ],
];

/** Why a connection could not be made. */
export function connectError(attempt: Attempt, error: unknown): LanewiseError {
  if (error instanceof LanewiseError) return error;
  const causes = causesOf(error);
  for (const [form, sentence] of refusals)
    for (const cause of causes)
      if (form.test(`${cause.code} ${cause.name} ${cause.message}`)) {
        const [message, hint] = sentence(attempt, cause);
        return new LanewiseError('network', `cluster: ${message}`, hint, { cause: error });
      }
  const reason = causes[0]?.message || 'the connection was closed';
  return new LanewiseError(
    'network',
    `cluster: cannot connect to ${attempt.address.shown}: ${reason}`,
    undefined,
    { cause: error },
  );
}

/** What a server says of itself. */
export interface ServerInfo {
  readonly version: string;
  readonly max_payload: number;
}

/** The oldest server from which stored contents can be read one piece at a time. */
const OLDEST = [2, 9] as const;

/** Bytes of the smallest largest message: below, pieces are mostly headers. */
const LEAST_PAYLOAD = 16 * 1024;

/** Why a server that lets one in will not do; undefined if it will. */
export function unfitServer(
  { address }: Attempt,
  { version, max_payload: most }: ServerInfo,
): LanewiseError | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return new LanewiseError(
      'platform',
      `cluster: ${address.shown} is a nats-server ${version}, expected ${OLDEST.join('.')} or newer`,
    );
  if (most >= LEAST_PAYLOAD) return undefined;
  return new LanewiseError(
    'platform',
    `cluster: ${address.shown} takes messages of at most ${most} bytes, expected ${LEAST_PAYLOAD} or more`,
    'raise max_payload in its configuration',
  );
}

/** JetStream's codes of what fails for want of room. */
const FULL = new Set([10_023, 10_028, 10_047, 10_077]);
const NOT_ENABLED = 10_039;

/** Why something could not be stored at the server or read from it; `what` is what was tried. */
export function storeError(what: string, error: unknown): LanewiseError {
  if (error instanceof LanewiseError) return error;
  const causes = causesOf(error);
  const all = textOf(causes);
  const wrapped = (kind: 'network' | 'platform', message: string, hint?: string) =>
    new LanewiseError(kind, `cluster: ${what}: ${message}`, hint, { cause: error });
  if (all.includes('JetStreamNotEnabled') || isNobody(error) || hasCode(causes, NOT_ENABLED))
    return wrapped(
      'platform',
      'the server has no JetStream, which stores data sets and leases',
      'start it with -js, or with the configuration that `lanewise cluster init` wrote',
    );
  if (/permission/i.test(all))
    return wrapped(
      'platform',
      'the server does not permit it to this user',
      "a run takes the coordinator's credentials, a worker those of a worker",
    );
  if (causes.some(({ code }) => FULL.has(Number(code))))
    return wrapped(
      'platform',
      `the server's store is full (${causes[0]!.message})`,
      'raise max_file_store in its configuration, or remove what it stores: nats stream rm OBJ_LW',
    );
  return wrapped('network', causes[0]?.message || 'the connection was closed');
}

const hasCode = (causes: readonly Cause[], code: number): boolean =>
  causes.some((cause) => cause.code === code);

/** Whether a request had no answer because nobody hears its subject. */
export const isNobody = (error: unknown): boolean =>
  /NoResponders|no responders/i.test(textOf(causesOf(error)));

const textOf = (causes: readonly Cause[]): string =>
  causes.map(({ code, name, message }) => `${code} ${name} ${message}`).join('; ');
