/**
 * Whether a NATS server greets at an address, on a connection of its own. The library's first connection would not be closed
 * where something listens and says nothing, and keep the process from ending.
 */
import { connect } from 'node:net';
import type { ServerAddress } from './server-address.js';

/** What a server says first. */
const GREETING = 'INFO ';

/** @throws the socket's error, or one named `TimeoutError` after `patience` milliseconds. */
export function peekServer({ host, port }: ServerAddress, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(() => {
      end(Object.assign(new Error('it does not answer'), { name: 'TimeoutError' }));
    }, patience);
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1', 0, GREETING.length);
      if (heard.length < GREETING.length) return;
      end(heard.startsWith(GREETING) ? undefined : new Error('unexpected response from server'));
    });
    socket.on('error', end);
    socket.on('close', () => end(new Error('the connection was closed')));
  });
}
