/** The command `lanewise cluster init`: writes what a server and its clients need to trust each other. */
import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import type { ClusterFolder } from '../cluster/init-folder.js';
import { wholeNumber } from './options.js';
import { quoted, styleFor } from './terminal.js';

interface Options {
  readonly host?: readonly string[];
  readonly workers: number;
  readonly port: number;
  readonly force?: boolean;
}

export const clusterCommand = (): Command =>
  new Command('cluster').description('prepare training on several machines').addCommand(
    new Command('init')
      .description('write the configuration, certificates and credentials of a nats-server')
      .argument('[folder]', 'where to write them', 'cluster')
      .option(
        '--host <name>',
        'name or address by which other machines reach the server; may be given again, the first is that of the credentials (else: this machine alone)',
        (name: string, before: readonly string[] = []) => [...before, name],
      )
      .option(
        '--workers <n>',
        'credentials for workers: machines with one file can speak for each other',
        wholeNumber(1, 1000),
        2,
      )
      .option('--port <n>', 'port of the server', wholeNumber(1, 65_535), 4222)
      .option('--force', 'write a folder anew; its earlier credentials are then worth nothing')
      .action(runInit),
  );

async function runInit(folder: string, { host, workers, port, force }: Options): Promise<void> {
  const { initCluster } = await import('../cluster/init-folder.js');
  const written = await initCluster(folder, {
    ...(host && { hosts: host }),
    workers,
    port,
    replace: force ?? false,
  });
  console.log(introduction(written, host !== undefined).join('\n'));
}

/** How to go on: the commands, and what nobody else may see. */
function introduction(written: ClusterFolder, isShared: boolean): string[] {
  const { folder, url, coordinator, workers } = written;
  const { bold } = styleFor(process.stdout);
  const path = (file: string): string => quoted(relative('.', resolve(file)) || '.');
  const command = (line: string): string => `  ${bold(line)}`;
  return [
    `Wrote ${path(folder)}: a server for ${url}, 1 coordinator, ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}.`,
    '',
    'Start the server (https://nats.io, or the package nats-server):',
    command(`cd ${path(folder)} && nats-server -c nats-server.conf`),
    `Start the ${workers.length === 1 ? 'worker' : 'workers'}, each with its own file${isShared ? ', which goes to its machine over a safe way' : ''}:`,
    ...workers.map((file) => command(`npx lanewise worker ${url} --credentials ${path(file)}`)),
    'Train:',
    command(
      `npx lanewise train lenet5 --data digits --cluster ${url} --credentials ${path(coordinator)}`,
    ),
    '',
    `Secret: all in ${path(folder)}. Whoever has ${path(coordinator)} sends the workers what they compute; whoever has a`,
    "worker's file sees data and weights, and can send wrong parts under that name.",
    ...(isShared
      ? []
      : ['The server is for this machine alone; --host NAME makes one for others.']),
  ];
}
