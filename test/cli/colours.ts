/** Folders of small coloured pictures, and command lines as one text. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeImage } from '../support/images.js';

export const words = (line: string): string[] => line.split(' ');

/** Pictures of 16×16 that are red, green, blue or grey, more or less. */
export async function colours(folder: string, names: readonly string[]): Promise<void> {
  for (const [c, name] of names.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const rgba = new Uint8Array(16 * 16 * 4).fill(255);
      for (let p = 0; p < 256; p++)
        for (let k = 0; k < 3; k++)
          rgba[4 * p + k] = (k === c ? 200 : 40) + ((p * 7 + i * 13 + k * 29) % 50);
      await writeFile(
        join(folder, name, `${i}.png`),
        await encodeImage('png', { width: 16, height: 16, rgba }),
      );
    }
  }
}
