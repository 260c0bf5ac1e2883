/** The command `lanewise verify`: checks whether this machine computes Lanewise's bits. */
import { Command } from 'commander';
import { LanewiseError } from '../base/errors.js';
import { verify } from '../train/verify.js';
import { engineName } from '../node/engine-name.js';
import { workersOption } from './options.js';

export const verifyCommand = (): Command =>
  new Command('verify')
    .description('train a tiny fixed recipe and compare the weights with the recorded hash')
    .addOption(workersOption())
    .action(async (options: { readonly workers?: number }) => {
      const { isExact, sha256, expected } = await verify(options);
      console.log(`weights  sha256 ${sha256}`);
      console.log(`recorded sha256 ${expected}`);
      if (!isExact) {
        throw new LanewiseError(
          'engine',
          'this machine does not reproduce Lanewise: the weights differ from the recorded ones',
          `please report it with: ${engineName()}, ${process.platform} ${process.arch}`,
        );
      }
      console.log('this machine reproduces Lanewise exactly');
    });
