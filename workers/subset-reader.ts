/** The module that decoder threads load to read some of another reader's samples. */
import type { SampleReader } from '../src/data/dataset.js';
import {
  createReader as createSubsetReader,
  type SubsetSettings,
} from '../src/data/subset-reader.js';

export async function createReader(settings: SubsetSettings): Promise<SampleReader> {
  const { url, settings: inner } = settings.module!;
  const { createReader: create } = (await import(url)) as {
    createReader: (settings: unknown) => SampleReader | Promise<SampleReader>;
  };
  return createSubsetReader(settings, await create(inner));
}
