/**
 * Whether a NATS server greets at an address, on a connection of its own. The library's first connection would not be closed
 * where something listens and says nothing, and keep the process from ending.
 */
import { connect } from 'node:net';
import type { ServerAddress } from './server-address.js';

/** What a server says first. */
const GREETING = 'INFO ';
/** What one that is full says right after it. */
const REFUSAL = /\r\n-ERR '([^'\r\n]*)'/;
const LONGEST = 64 * 1024;

/**
 * Milliseconds of silence after which it is asked: a NATS server greets at once, and others, such as web servers, answer this
 * with what they are.
 */
const SILENCE = 500;
const QUESTION = 'PING\r\n\r\n';

/**
 * @throws the socket's error, or after `patience` milliseconds one named `TimeoutError`, `SilenceError` if something listens and says
 * nothing.
 */
export function peekServer({ host, port }: ServerAddress, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      clearTimeout(asking);
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(() => {
      const name = socket.connecting ? 'TimeoutError' : 'SilenceError';
      end(Object.assign(new Error('it does not answer'), { name }));
    }, patience);
    let asking: ReturnType<typeof setTimeout> | undefined;
    socket.on('connect', () => (asking = setTimeout(() => socket.write(QUESTION), SILENCE)));
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1', 0, LONGEST);
      if (heard.length < GREETING.length) return;
      if (!heard.startsWith(GREETING)) return end(new Error('unexpected response from server'));
      const refusal = REFUSAL.exec(heard)?.[1];
      end(refusal === undefined ? undefined : new Error(refusal));
    });
    socket.on('error', end);
    socket.on('close', () =>
      end(new Error('unexpected response from server: it closes the connection')),
    );
  });
}
