/** The reader of chosen samples of another reader. See subset.ts. */
import type { SampleReader } from './dataset.js';

/** All settings that a thread needs to read the same samples. */
export interface SubsetSettings {
  /** Sample i is the other reader's sample indices[i]. */
  readonly indices: Uint32Array;
  readonly module?: NonNullable<SampleReader['module']>;
}

export function createReader({ indices }: SubsetSettings, reader: SampleReader): SampleReader {
  return {
    type: reader.type,
    read: (index, to) => reader.read(indices[index]!, to),
    describe: (index) => reader.describe?.(indices[index]!) ?? `sample ${indices[index]}`,
  };
}
