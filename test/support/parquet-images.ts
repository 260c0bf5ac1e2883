/** The images in Parquet files, taken out by hyparquet's own function. */
import { readFileSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

export interface Extracted {
  readonly row: number;
  readonly label: number;
  readonly bytes: Uint8Array;
}

export async function extracted(paths: readonly string[]): Promise<Extracted[]> {
  const all: Extracted[] = [];
  for (const path of paths) {
    const { buffer, byteOffset, length } = readFileSync(path);
    const file = buffer.slice(byteOffset, byteOffset + length);
    for (const { image, label } of await parquetReadObjects({ file, compressors, utf8: false }))
      all.push({ row: all.length, label: Number(label), bytes: image.bytes as Uint8Array });
  }
  return all;
}
