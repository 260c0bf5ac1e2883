// An end of a stream of 250 MB, whose receiver prints Gbit/s.
//   node rate.mjs receive|send <host>
import { connect, createServer } from 'node:net';

const [role, host] = process.argv.slice(2);
const PORT = 9931;
const PIECE = Buffer.alloc(2 ** 20);

if (role === 'receive') {
  const server = createServer((socket) => {
    const start = performance.now();
    let bytes = 0;
    socket.on('data', ({ length }) => (bytes += length));
    socket.on('end', () => {
      console.log((bytes * 8) / 1e6 / (performance.now() - start));
      process.exit(0);
    });
  });
  server.listen(PORT, host, () => console.log('ready'));
} else {
  const socket = connect(PORT, host, () => {
    let left = 238;
    const send = () => {
      while (left-- > 0) if (!socket.write(PIECE)) return socket.once('drain', send);
      return socket.end();
    };
    send();
  });
}
