/**
 * The cluster's example files: they are YAML of the kinds that they say, name each other's parts, and run commands that the
 * command line takes. No container is started from them.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { isObject } from '../../src/base/check.js';
import { describeTrain } from '../../src/cli/train-options.js';
import { workerCommand } from '../../src/cli/worker-command.js';
import { root } from '../docs/documents.js';

/** The documents of a file, with no key given twice and no reference that leads nowhere. */
function documentsOf(name: string): Record<string, any>[] {
  const text = readFileSync(join(root, 'examples', 'cluster', name), 'utf8');
  return parseAllDocuments(text, { strict: true }).map((document) => {
    assert.equal(document.errors.map(String), []);
    assert.equal(document.warnings.map(String), []);
    const value: unknown = document.toJS();
    assert.ok(isObject(value));
    return value;
  });
}

/** Parses words as the command line would, without running anything. */
function checkWords([name, ...words]: readonly string[]): Record<string, unknown> {
  const commands: Readonly<Record<string, () => Command>> = {
    train: describeTrain,
    worker: workerCommand,
  };
  const command = commands[name!]!()
    .exitOverride()
    .configureOutput({ writeErr() {} });
  let options: Record<string, unknown> | undefined;
  command.action((...given: unknown[]) => {
    options = given.at(-2) as Record<string, unknown>;
  });
  command.parse(words, { from: 'user' });
  return options!;
}

/** The files that a container's words and mounts have in common. */
function checkCredentials(words: readonly string[], mounted: readonly string[]): void {
  const path = checkWords(words)['credentials'];
  assert.ok(mounted.includes(String(path)), `${String(path)} is not among ${mounted.join(', ')}`);
}

test('compose.yaml: services, volumes and commands fit each other', () => {
  const [compose, ...more] = documentsOf('compose.yaml');
  assert.equal(more, []);
  const { services, volumes } = compose as {
    services: Record<string, Record<string, any>>;
    volumes: Record<string, unknown>;
  };
  assert.equal(Object.keys(services), ['nats', 'worker', 'train']);
  for (const [name, { volumes: mounts = [], depends_on = [], build, image }] of Object.entries(
    services,
  )) {
    assert.ok(build ?? image, `${name} has neither an image nor a build`);
    for (const mount of mounts as string[]) {
      const source = mount.split(':')[0]!;
      assert.ok(source.startsWith('./cluster/') || source in volumes, `${name}: ${mount}`);
    }
    for (const other of depends_on as string[]) assert.ok(other in services);
  }
  const files = (services['nats']!['volumes'] as string[]).map((mount) => mount.split(':')[1]);
  assert.ok(files.includes('/cluster/nats-server.conf'));
  for (const name of ['worker', 'train']) {
    const { command, volumes: mounts } = services[name]!;
    checkCredentials(
      command,
      mounts.map((mount: string) => mount.split(':')[1]!),
    );
    // Who scales workers needs no other name for them.
    assert.is(services[name]!['container_name'], undefined);
  }
});

test('kubernetes-job.yaml: jobs, secrets, volumes and commands fit each other', () => {
  const all = documentsOf('kubernetes-job.yaml');
  assert.equal(
    all.map(({ kind, apiVersion }) => `${kind} ${apiVersion}`),
    [
      'Service v1',
      'Deployment apps/v1',
      'Job batch/v1',
      'PersistentVolumeClaim v1',
      'Job batch/v1',
    ],
  );
  const heading = readFileSync(join(root, 'examples/cluster/kubernetes-job.yaml'), 'utf8');
  const secrets = [...heading.matchAll(/create secret generic (\S+)/g)].map((match) => match[1]!);
  const claims = all.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  for (const { kind, spec, metadata } of all.filter(({ spec }) => spec.template)) {
    const pod = spec.template.spec;
    const [container] = pod.containers;
    const names = pod.volumes.map((volume: { name: string }) => volume.name);
    for (const { name } of container.volumeMounts)
      assert.ok(names.includes(name), `${metadata.name} mounts ${name}`);
    for (const { secret, persistentVolumeClaim: claim } of pod.volumes) {
      if (secret) assert.ok(secrets.includes(secret.secretName), secret.secretName);
      if (claim) assert.ok(claims.some(({ metadata: { name } }) => name === claim.claimName));
    }
    if (kind !== 'Job') continue;
    // The only policies that a Job may have.
    assert.ok(['OnFailure', 'Never'].includes(pod.restartPolicy));
    const options = checkWords(container.args);
    const places = container.volumeMounts.map((mount: { mountPath: string }) => mount.mountPath);
    assert.ok(places.some((place: string) => String(options['credentials']).startsWith(place)));
  }
  const [service, deployment] = all;
  assert.equal(service!['spec'].selector, deployment!['spec'].template.metadata.labels);
});

test('both say which files lanewise cluster init writes, and the host that others use', async () => {
  for (const name of ['compose.yaml', 'kubernetes-job.yaml']) {
    const text = readFileSync(join(root, 'examples', 'cluster', name), 'utf8');
    assert.match(text, 'npx lanewise cluster init --host nats --workers 1');
    assert.match(text, 'tls://nats:4222');
  }
});

test.run();
