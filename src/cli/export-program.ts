/** `lanewise export --inference`: compiles a model ahead of time for `lanewise/inference`. */
import { LanewiseError } from '../base/errors.js';
import { readSource } from '../data/file-source.js';
import { writeFileAtomic } from '../node/atomic.js';
import { encodeProgram } from '../trained/program-file.js';
import { checkOutName } from './file-kind.js';
import { refuseInt8Program } from './int8-model.js';
import { openModel } from './model-source.js';
import { formatBytes } from './terminal.js';

export interface ExportProgramOptions {
  readonly out: string;
  readonly batch?: number;
}

/** @throws LanewiseError kind 'argument' for several models, and as `encodeProgram`. */
export async function exportProgram(
  files: readonly string[],
  { out, batch }: ExportProgramOptions,
): Promise<void> {
  const [file, ...others] = files;
  if (others.length > 0) {
    throw new LanewiseError(
      'argument',
      `${files.length} models are given, and a program is made of one`,
      'export them one by one',
    );
  }
  if (!out.endsWith('.safetensors'))
    checkOutName(out, 'export --inference writes safetensors', '--out program.safetensors');
  refuseInt8Program(file!, await readSource('model', file!));
  const bytes = encodeProgram(await openModel(file!), { batch });
  await writeFileAtomic(out, bytes);
  console.log(`wrote ${file} as a program to ${out}, ${formatBytes(bytes.length)}`);
}
