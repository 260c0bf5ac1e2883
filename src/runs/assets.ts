/** The browser's part of reports, built with the package (scripts/build.mjs): a script that draws plots, and a stylesheet. */
import { readFile } from 'node:fs/promises';

export interface Assets {
  readonly script: string;
  readonly style: string;
}

const folder = new URL('../../report/', import.meta.url);

export async function loadAssets(): Promise<Assets> {
  const read = (name: string) => readFile(new URL(name, folder), 'utf8');
  const [script, style] = await Promise.all([read('page.js'), read('page.css')]);
  return { script, style };
}
