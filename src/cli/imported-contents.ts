/** What another program's model file holds, for `lanewise inspect`, where it is read as a whole: its layers. */
import { parameterCount } from '../layers/index.js';
import type { FileContents } from './file-contents.js';
import { layerRows, layerTable } from './layer-table.js';
import { modelIn } from './model-source.js';

/** @throws LanewiseError kind 'file' for a file that is damaged, or has layers that cannot be built. */
export async function importedContents(path: string, bytes: Uint8Array): Promise<FileContents> {
  const { trained, warnings } = await modelIn(path, bytes);
  const { model, classes } = trained;
  const about = {
    event: 'inspect' as const,
    file: path,
    holds: 'imported' as const,
    parameters: parameterCount(model),
    layers: layerRows(model),
    classes,
    warnings,
  };
  const text = [
    layerTable(path, model),
    ...warnings.map((line) => `warning: ${line}`),
    'train --weights this file goes on from it; import makes a model file of it',
  ];
  return { about, text: text.join('\n') };
}
