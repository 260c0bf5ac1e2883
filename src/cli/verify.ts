/** `lanewise verify`: does this machine compute Lanewise's bits? */
import { Command } from 'commander';
import { LanewiseError } from '../errors.js';
import { EXPECTED_SHA256, trainVerifyRecipe } from '../training/verify.js';
import { workersOption } from './options.js';

export const verifyCommand = (): Command =>
  new Command('verify')
    .description('train a tiny fixed recipe and compare the weights with the recorded hash')
    .addOption(workersOption())
    .action(async ({ workers }: { readonly workers?: number }) => {
      const found = await trainVerifyRecipe(workers);
      console.log(`weights  sha256 ${found}`);
      console.log(`recorded sha256 ${EXPECTED_SHA256}`);
      if (found !== EXPECTED_SHA256) {
        throw new LanewiseError(
          'engine',
          'this machine does not reproduce Lanewise: the weights differ from the recorded ones',
          `please report it with: node ${process.version}, ${process.platform} ${process.arch}`,
        );
      }
      console.log('this machine reproduces Lanewise exactly');
    });
