#!/usr/bin/env bash
# @nats-io/transport-node 3.4.0: where something accepts a connection and says nothing (a server that stands still, a wrong port),
# `connect` rejects after its timeout, but its socket stays open, so the process never ends. Look for a server's greeting
# (`INFO …`) on a socket of one's own first.
# Seen 2026-11-30 on Node 20.20.2, x86-64: 1 socket open
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent @nats-io/transport-node@3.4.0
cat > run.js <<'JS'
import { createServer } from 'node:net';
import { connect } from '@nats-io/transport-node';

/** Sockets that are open at the server, a moment after a client's attempt has failed. */
const server = createServer((socket) => socket.on('error', () => {}));
server.listen(0, '127.0.0.1', async () => {
  const servers = `127.0.0.1:${server.address().port}`;
  const reason = await connect({ servers, timeout: 500, reconnect: false }).then(
    () => 'connected',
    (error) => error.name,
  );
  setTimeout(() => {
    server.getConnections((_, open) => {
      console.log(`connect: ${reason}; ${open} socket open`);
      process.exit(open === 1 ? 0 : 1);
    });
  }, 1000);
});
JS
node run.js
