/** Where a server is, from a URL that a person wrote. */
import { quote, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { WORD } from './subjects.js';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Whether it has to be encrypted: `tls://`. */
  readonly isTls: boolean;
  /** Whether the host is this machine, by its name. */
  readonly isLoopback: boolean;
  /** From `nats://user:password@host`. */
  readonly login?: { readonly user: string; readonly password: string };
  /** The URL as messages show it, without a password. */
  readonly shown: string;
}

const EXPECTED = 'a server such as nats://127.0.0.1:4222 or tls://host:4222';

/** @throws LanewiseError kind 'argument' for anything but `nats://host:port` and `tls://host:port`. */
export function parseAddress(owner: string, url: unknown): ServerAddress {
  if (typeof url === 'string' && /^[\w.-]+(:\d+)?$/.test(url))
    throw new LanewiseError(
      'argument',
      `${owner}: url is ${quote(url)}, expected ${EXPECTED}`,
      `did you mean 'nats://${url}'?`,
    );
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  const { protocol = '', hostname = '', port = '', pathname = '', search = '' } = parsed ?? {};
  const isRight = ['nats:', 'tls:'].includes(protocol) && hostname !== '';
  if (!isRight || !['', '/'].includes(pathname) || search !== '')
    refuse(owner, 'url', hidePassword(url), EXPECTED);
  const user = decodeURIComponent(parsed!.username);
  if (user !== '' && !WORD.test(user))
    refuse(owner, "url's user", user, 'a word of at most 64 letters, digits, - and _');
  const address = port === '' ? `${hostname}:4222` : `${hostname}:${port}`;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 4222 : Number(port),
    isTls: protocol === 'tls:',
    isLoopback: /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname),
    ...(user !== '' && {
      login: { user, password: decodeURIComponent(parsed!.password) },
    }),
    shown: `${protocol}//${address}`,
  };
}

/** What stands between a colon and an at sign is not shown. */
const hidePassword = (url: unknown): unknown =>
  typeof url === 'string' ? url.replace(/:[^:@/]*@/, ':…@') : url;
