/** The command `lanewise watch`: serves a run's report to this machine while it trains, until Ctrl-C. */
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from './options.js';

const portNumber = (text: string): number => {
  const port = wholeNumber(0)(text);
  if (port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
};

export const watchCommand = (): Command =>
  new Command('watch')
    .description('show a run’s report in the browser while it trains')
    .argument('<run>', 'the folder that train writes')
    .option('--port <n>', 'port of 127.0.0.1 (any free one)', portNumber)
    .action(runWatch);

async function runWatch(folder: string, options: { readonly port?: number }): Promise<void> {
  const { watchRun } = await import('../runs/watch.js');
  const { url, close } = await watchRun(folder, options);
  console.log(`${folder} is shown at ${url} until Ctrl-C`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await close();
}
