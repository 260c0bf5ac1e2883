/** What `lanewise cluster init` writes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from '../../src/cluster/credentials.js';
import { createCertificates } from '../../src/cluster/init-certificates.js';
import { initCluster, type InitOptions } from '../../src/cluster/init-folder.js';
import { inFolder, lanewise } from '../cli/lanewise.js';
import { refusal } from '../support/refusal.js';

test('a certificate holds for its hosts alone, and is of its own authority', () => {
  const hosts = ['gpu.example.org', '10.0.0.5', '2001:db8::7', '::1', '::ffff:1.2.3.4', '1:2::'];
  const made = createCertificates(hosts);
  const [authority, server] = [made.authority, made.server].map((pem) => new X509Certificate(pem));
  for (const host of ['gpu.example.org', 'GPU.example.org'])
    assert.is(server!.checkHost(host), 'gpu.example.org');
  for (const host of ['example.org', 'a.gpu.example.org', 'localhost'])
    assert.is(server!.checkHost(host), undefined, host);
  for (const address of hosts.slice(1)) assert.ok(server!.checkIP(address), address);
  for (const address of ['10.0.0.6', '::2', '2001:db8::']) assert.not.ok(server!.checkIP(address));
  assert.ok(server!.checkIssued(authority!) && server!.verify(authority!.publicKey));
  assert.ok(server!.checkPrivateKey(createPrivateKey(made.serverKey)));
  assert.is(server!.ca, false);
  assert.equal(server!.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  const other = new X509Certificate(createCertificates(hosts).authority);
  assert.not.ok(server!.verify(other.publicKey));
  assert.not.ok(server!.checkIssued(other));
});

test('certificates hold for ten years, before and after 2050', () => {
  for (const year of [2026, 2039, 2040, 2049, 2050, 2060]) {
    const { server } = createCertificates(['a'], new Date(Date.UTC(year, 2, 1, 12)));
    const { validFrom, validTo } = new X509Certificate(server);
    assert.is(new Date(validFrom).toISOString(), `${year}-02-${year % 4 ? 28 : 29}T12:00:00.000Z`);
    assert.is(new Date(validTo).toISOString(), `${year + 10}-03-01T12:00:00.000Z`);
  }
});

const readCredentials = async (path: string): Promise<Credentials> =>
  JSON.parse(await readFile(path, 'utf8')) as Credentials;

test('a folder holds configuration, certificate and credentials, for its owner alone', () =>
  inFolder(async (folder) => {
    const made = await initCluster(join(folder, 'c'), { hosts: ['2001:db8::7', 'b'], workers: 3 });
    assert.is(made.url, 'tls://[2001:db8::7]:4222');
    const names = await readdir(made.folder);
    assert.equal(names.toSorted(), [
      '.gitignore',
      'coordinator.json',
      'nats-server.conf',
      'server-certificate.pem',
      'server-key.pem',
      'worker-1.json',
      'worker-2.json',
      'worker-3.json',
    ]);
    if (process.platform !== 'win32') {
      assert.is((await stat(made.folder)).mode & 0o777, 0o700);
      for (const name of names)
        assert.is((await stat(join(made.folder, name))).mode & 0o777, 0o600, name);
    }
    const all = await Promise.all([made.coordinator, ...made.workers].map(readCredentials));
    assert.equal(
      all.map(({ user }) => user),
      ['coordinator', 'worker-1', 'worker-2', 'worker-3'],
    );
    assert.is(new Set(all.map(({ seed }) => seed)).size, 4);
    const configuration = await readFile(made.configuration, 'utf8');
    for (const { url, seed, ca } of all) {
      assert.is(url, made.url);
      assert.match(seed, /^SU[A-Z2-7]{56}$/);
      // The server knows public halves only.
      assert.not(configuration.includes(seed));
      assert.ok(new X509Certificate(ca).ca);
    }
    assert.match(configuration, /listen: "0\.0\.0\.0:4222"/);
    assert.not.match(configuration, /no_auth_user|^ *http/m);
  }));

test('without hosts, the server is for this machine alone', () =>
  inFolder(async (folder) => {
    for (const hosts of [undefined, [], ['localhost'], ['127.0.0.1', '::1']]) {
      const made = await initCluster(join(folder, `for ${hosts}`), {
        ...(hosts && { hosts }),
        port: 5000,
      });
      assert.match(await readFile(made.configuration, 'utf8'), /listen: "127\.0\.0\.1:5000"/);
    }
  }));

test('what is there is kept, unless it is a cluster that may be replaced', () =>
  inFolder(async (folder) => {
    const at = join(folder, 'cluster');
    const made = await initCluster(at, { workers: 3 });
    const before = await readCredentials(made.coordinator);
    const again = 'choose another folder, or replace: true to make all of its credentials anew';
    assert.is(await refusal(() => initCluster(at)), `'${at}' holds a cluster already\n${again}`);
    assert.equal(await readCredentials(made.coordinator), before);
    await mkdir(join(at, 'store'));
    await writeFile(join(at, 'notes.txt'), 'mine');
    await initCluster(at, { workers: 1, replace: true });
    assert.not.equal((await readCredentials(made.coordinator)).seed, before.seed);
    const names = await readdir(at);
    assert.not(names.includes('worker-2.json'));
    assert.ok(names.includes('store') && names.includes('notes.txt'));
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'worker-1.json'), 'mine');
    for (const replace of [false, true])
      assert.is(
        await refusal(() => initCluster(other, { replace })),
        `'${other}' holds other files\nchoose another folder`,
      );
    assert.equal(await readdir(other), ['worker-1.json']);
    assert.match(
      await refusal(() => initCluster(join(other, 'worker-1.json'))),
      /^cannot write to folder/,
    );
  }));

test('wrong settings are refused before anything is written', () =>
  inFolder(async (folder) => {
    const at = join(folder, 'c');
    const wrong: readonly (readonly [InitOptions, RegExp])[] = [
      [
        { hosts: ['a:4222'] },
        /hosts\[0\] is 'a:4222', expected a host name or an IP address, without/,
      ],
      [{ hosts: ['b', 'tls://a'] }, /hosts\[1\] is 'tls:\/\/a'/],
      [{ hosts: ['a"\nauthorization {}'] }, /hosts\[0\]/],
      [{ hosts: ['1.2.3'] }, /hosts\[0\]/],
      [{ hosts: ['fe80::1%eth0'] }, /hosts\[0\]/],
      [{ hosts: ['a..b'] }, /hosts\[0\]/],
      [{ hosts: [`${'a'.repeat(64)}.org`] }, /hosts\[0\]/],
      [{ hosts: 'a' as never }, /hosts is 'a', expected a list/],
      [{ workers: 0 }, /workers is 0/],
      [{ workers: 1e9 }, /workers is 1000000000, expected a whole number from 1 to 1000/],
      [{ port: 65_536 }, /port is 65536/],
      [{ tls: false } as never, /unknown option 'tls'/],
    ];
    for (const [options, message] of wrong)
      assert.match(await refusal(() => initCluster(at, options)), message);
    assert.match(await refusal(() => initCluster('')), /folder is ''/);
    assert.equal(await readdir(folder), []);
  }));

test('the command says how to go on, and what is secret', () =>
  inFolder(async (cwd) => {
    const words = ['cluster', 'init', '--host', 'a.example', '--host', '10.0.0.5'];
    const { code, stdout } = await lanewise([...words, 'my cluster', '--workers', '1'], { cwd });
    assert.is(code, 0);
    for (const line of [
      "cd 'my cluster' && nats-server -c nats-server.conf",
      "  npx lanewise worker tls://a.example:4222 --credentials 'my cluster/worker-1.json'",
      "--cluster tls://a.example:4222 --credentials 'my cluster/coordinator.json'",
      "Secret: all in 'my cluster'.",
    ])
      assert.ok(stdout.includes(line), `${line}\n${stdout}`);
    const again = await lanewise([...words, 'my cluster'], { cwd });
    assert.is(again.code, 1);
    assert.match(again.stderr, /holds a cluster already\n {2}choose another folder, or --force to/);
    assert.is((await lanewise([...words, 'my cluster', '--force'], { cwd })).code, 0);
    assert.equal((await readdir(join(cwd, 'my cluster'))).includes('worker-2.json'), true);
  }));

test.run();
