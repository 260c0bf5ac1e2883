/**
 * Sockets that a library's failed connection leaves open. Where a server greets and then says nothing, the library gives up, and
 * its socket would keep the process from ending.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** What Node tells of sockets that connect; elsewhere nothing is told, and nothing is closed. */
const OPENED = 'net.client.socket';

/** What `dial` resolves to; if it rejects, the sockets to `port` that were opened meanwhile are closed. */
export async function closingLeft<T>(port: number, dial: () => Promise<T>): Promise<T> {
  const opened: Socket[] = [];
  const note = (message: unknown): void => {
    const { socket } = message as { readonly socket?: Socket };
    if (socket) opened.push(socket);
  };
  subscribe(OPENED, note);
  try {
    return await dial();
  } catch (error) {
    for (const socket of opened) if (socket.remotePort === port) socket.destroy();
    throw error;
  } finally {
    unsubscribe(OPENED, note);
  }
}
