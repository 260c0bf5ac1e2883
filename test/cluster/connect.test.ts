/** From a URL and credentials to a server: what is refused, and in which words. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import { connect as dialSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect, type ConnectOptions } from '../../src/cluster/connect.js';
import { readCredentials } from '../../src/cluster/credentials.js';
import { initCluster } from '../../src/cluster/init-folder.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { closingLeft } from '../../src/cluster/left-sockets.js';
import { connectError, unfitServer } from '../../src/cluster/nats-errors.js';
import { parseAddress } from '../../src/cluster/server-address.js';
import { NO_SERVER, freePort, startNatsServer } from '../support/nats-server.js';
import { refusal } from '../support/refusal.js';
import { until } from '../support/until.js';

const folder = mkdtempSync(join(tmpdir(), 'lanewise-connect-'));
test.after(() => rmSync(folder, { recursive: true }));

const refused = (options: ConnectOptions): Promise<string> =>
  refusal(() => connect('train', options));

test('a URL says where a server is', () => {
  const { shown, ...address } = parseAddress('train', 'nats://ann:s%40e@[::1]:4333');
  assert.is(shown, 'nats://[::1]:4333');
  const login = { user: 'ann', password: 's@e' };
  assert.equal(address, { host: '::1', port: 4333, isTls: false, isLoopback: true, login });
  const far = parseAddress('train', 'tls://gpu.example/');
  assert.equal([far.port, far.isTls, far.isLoopback], [4222, true, false]);
});

test('what is no URL of a server is refused, without its password', async () => {
  const expected = 'expected a server such as nats://127.0.0.1:4222';
  for (const url of [
    'localhost:4222',
    'ws://x',
    'nats://',
    'nats://a b',
    'nats://x/y',
    'nats://x?y',
    '',
  ])
    assert.match(await refused({ url }), `train: url is '${url}', ${expected}`);
  assert.match(await refused({ url: 'localhost:4222' }), "did you mean 'nats://localhost:4222'?");
  const secret = await refused({ url: 'http://ann:secret@x' });
  assert.match(secret, "url is 'http://ann:…@x'");
  assert.match(await refused({ url: 'nats://a%20b:x@x' }), "url's user is 'a b', expected a word");
  const { transport } = createMemoryHub()();
  assert.is(await connect('train', { url: transport }), transport);
});

test('a file of credentials is checked, and its secret is not shown', async () => {
  const right = {
    url: 'tls://x:1',
    user: 'ann',
    seed: `SU${'A'.repeat(56)}`,
    ca: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n',
  };
  const path = join(folder, 'credentials.json');
  const read = (value: unknown): Promise<string> => {
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    return refusal(() => readCredentials(path));
  };
  writeFileSync(path, JSON.stringify(right));
  assert.equal(await readCredentials(path), right);
  const cases: readonly (readonly [unknown, string])[] = [
    [{ ...right, url: 'x' }, "url is 'x', expected a server"],
    [{ ...right, user: 'a.b' }, "user is 'a.b', expected a word"],
    [{ ...right, seed: 'SUSECRET' }, "seed is '…', expected a user's nkey seed"],
    [{ ...right, ca: undefined }, 'ca is missing, expected a certificate in PEM'],
    ['{"seed": SUSECRET', 'are not JSON'],
    [[], 'expected an object'],
  ];
  for (const [value, expected] of cases) {
    const message = await read(value);
    assert.match(message, `credentials '${path}'`);
    assert.match(message, expected);
    assert.not.match(message, 'SECRET');
  }
  assert.match(await read(' '.repeat(70_000)), 'it has 70000 bytes, expected at most 65536');
  const absent = await refused({ url: 'nats://127.0.0.1:1', credentials: join(folder, 'none') });
  assert.match(absent, /cannot read credentials '.*none'/);
});

test('where no server answers, the error says what was tried', async () => {
  const port = await freePort();
  assert.match(
    await refused({ url: `nats://127.0.0.1:${port}` }),
    `nothing listens at nats://127.0.0.1:${port}\nstart a server there: nats-server -js -p ${port}`,
  );
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port: taken } = other.address() as AddressInfo;
  assert.match(await refused({ url: `nats://127.0.0.1:${taken}` }), 'is no NATS server');
  other.close();
  const socketsOf = async (greet: (socket: Socket) => void): Promise<string> => {
    const server = createServer(greet);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: at } = server.address() as AddressInfo;
    const message = await refused({ url: `nats://127.0.0.1:${at}` });
    server.close();
    return message;
  };
  const web = createWebServer((_, response) => response.end());
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port: page } = web.address() as AddressInfo;
  const check = 'check the port: a nats-server says at its start which one is for clients';
  assert.match(
    await refused({ url: `nats://127.0.0.1:${page}` }),
    `what listens at nats://127.0.0.1:${page} is no NATS server\n${check}`,
  );
  web.close();
  assert.match(await socketsOf((socket) => socket.end()), 'is no NATS server');
  assert.match(
    await socketsOf((socket) => socket.write("INFO {}\r\n-ERR 'maximum connections exceeded'\r\n")),
    'has as many connections as it takes\nend workers that are not needed',
  );
  assert.match(
    await socketsOf((socket) => void setTimeout(() => socket.destroy(), 8000).unref()),
    /has said nothing in 5 s, as a NATS server does at once\ncheck the port/,
  );
  const address = parseAddress('train', 'nats://far.example');
  const told = (code: string, name = 'Error'): string =>
    connectError(
      { address, hasAuthority: false, patience: 5000 },
      Object.assign(new Error('outer', { cause: Object.assign(new Error('x'), { code, name }) })),
    ).message;
  assert.match(told('ENOTFOUND'), "no host is known as 'far.example'");
  assert.match(told('CERT_HAS_EXPIRED'), 'certificate of nats://far.example:4222 has expired');
  assert.match(told('CERT_NOT_YET_VALID'), 'far.example:4222 is not valid yet');
  assert.match(told('EHOSTUNREACH'), 'no way leads to nats://far.example:4222');
  assert.match(told('', 'TimeoutError'), 'does not answer within 5 s');
  const fit = (version: string, most: number) =>
    unfitServer({ address, hasAuthority: false, patience: 5000 }, { version, max_payload: most });
  assert.is(fit('2.9.0', 16_384), undefined);
  assert.is(fit('3.0.1-beta', 2 ** 20), undefined);
  assert.match(fit('2.8.4', 2 ** 20)!.message, 'is a nats-server 2.8.4, expected 2.9 or newer');
  assert.match(fit('2.10.1', 1024)!.message, 'takes messages of at most 1024 bytes');
  assert.match(told('EWHATEVER'), 'cannot connect to nats://far.example:4222: outer');
});

test('a connection that fails leaves no socket open', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const silent = closingLeft(port, async () => {
    await once(dialSocket(port, '127.0.0.1'), 'connect');
    await accepted;
    throw new Error('it says nothing');
  });
  await silent.then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'it says nothing'),
  );
  const socket = await accepted;
  socket.resume();
  await once(socket, 'close');
  server.close();
});

test('a server with users says whom it lets in', async () => {
  const lines = ['authorization { user: ann, password: right }'];
  const server = await startNatsServer({ lines });
  if (!server) return console.log(NO_SERVER);
  try {
    const at = (login: string): string => server.url.replace('//', `//${login}`);
    const ann = await connect('train', { url: at('ann:right@') });
    assert.is(ann.user, 'ann');
    await ann.close();
    assert.match(await refused({ url: at('') }), 'lets in only those with credentials');
    const wrong = await refused({ url: at('ann:wrong@') });
    assert.match(wrong, "does not let 'ann' in\ncheck user and password in the URL");
    assert.not.match(wrong, 'wrong');
    // An address that is not known to be this machine's has to be encrypted.
    const beyond = at('ann:right@').replace('127.0.0.1', '0.0.0.0');
    assert.match(
      await refused({ url: beyond }),
      /is beyond this machine and offers no encryption[^]*insecure: true/,
    );
    await (await connect('train', { url: beyond, insecure: true })).close();
    assert.match(
      await refused({ url: at('').replace('nats:', 'tls:') }),
      'offers no encryption, which tls:// asks for',
    );
  } finally {
    await server.close();
  }
});

test('a server of `cluster init` lets in its credentials alone, and holds them to their subjects', async () => {
  const port = await freePort();
  const [cluster, other] = [
    await initCluster(join(folder, 'one'), { port, workers: 1 }),
    await initCluster(join(folder, 'other'), { port, workers: 1 }),
  ];
  const server = await startNatsServer({ configuration: { path: cluster.configuration, port } });
  if (!server) return console.log(NO_SERVER);
  const plain = await startNatsServer();
  try {
    const { url, coordinator, workers } = cluster;
    const [worker] = workers as [string];
    const foreign = other.workers[0]!;
    assert.match(
      await refused({ url }),
      /is not trusted[^]*use the credentials that were made with this server/,
    );
    assert.match(await refused({ url: url.replace('tls:', 'nats:') }), 'is not trusted');
    assert.match(await refused({ url, credentials: foreign }), 'is not trusted');
    assert.match(
      await refused({ url: plain!.url, credentials: worker }),
      'which the credentials expect',
    );
    const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as object;
    const { seed } = read(foreign) as { seed: string };
    const mixed = join(folder, 'mixed.json');
    writeFileSync(mixed, JSON.stringify({ ...read(worker), seed }));
    const stranger = await refused({ url, credentials: mixed });
    assert.match(stranger, "does not let 'worker-1' in");
    assert.not.match(stranger, seed);

    const [lead, one] = [
      await connect('train', { url, credentials: coordinator }),
      await connect('worker', { url, credentials: worker }),
    ];
    assert.equal([lead.user, one.user], ['coordinator', 'worker-1']);
    const told: string[] = [];
    one.onRefused((reason) => told.push(reason));
    one.publish('lw.call', Uint8Array.of(1));
    one.subscribe('lw.up.>', () => {});
    await until(() => told.length === 2, 'refusals');
    assert.equal(told.toSorted(), [
      'the server does not permit this user to listen to lw.up.>',
      'the server does not permit this user to send to lw.call',
    ]);
    const taking = await refusal(() => one.leases.take('leader', 'one', () => {}));
    assert.match(taking, 'the server does not permit it to this user');
    await Promise.all([lead.close(), one.close()]);
  } finally {
    await server.close();
    await plain!.close();
  }
});

test('without NATS’s packages the error says how to install them', () => {
  const hooks = `export const resolve = (name, context, next) => {
    if (!name.startsWith('@nats-io/')) return next(name, context);
    throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  };`;
  const source = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(source(hooks))});`;
  const modules = fileURLToPath(new URL('../../src/cluster/', import.meta.url));
  const program = `
    const { connect } = await import(${JSON.stringify(join(modules, 'connect.js'))});
    await connect('train', { url: 'nats://127.0.0.1:1' }).catch(({ kind, message, hint }) =>
      console.log(kind + ': ' + message + ': ' + hint));`;
  const args = ['--import', source(register), '--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.is(
    stdout,
    'platform: a cluster needs the package @nats-io/transport-node, which is not installed: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv @nats-io/obj\n',
    stderr,
  );
});

test.run();
