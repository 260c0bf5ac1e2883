/** What each setting of a lab does: it alone is changed in the small form, and what the lab finds is compared. */
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LanewiseError } from '../../src/base/errors.js';
import { encodePng } from '../../src/formats/encode-png.js';
import type { Lab, LabSettings, SettingValue } from '../../src/lab/lab.js';
import { loadLab, runLab } from './lab.js';

/** The small form made smaller still, or such that a setting counts at all: a window of two rounds needs three. */
const BASES: Readonly<Record<string, LabSettings>> = {
  'adversarial-training': { train: 200, epochs: 2 },
  'batch-size': { samples: 128, until: 0.5, mostEpochs: 40 },
  captions: { scenes: 400, epochs: 2 },
  'class-means': { samples: 300, epochs: 2 },
  'deep-nets-that-learn': { depth: 6, samples: 200, epochs: 2 },
  degradation: { samples: 64, epochs: 2, depths: '6,8' },
  denoising: { patches: 200, epochs: 2 },
  fitnets: { train: 200, labelled: 100, epochs: 3 },
  go: { rounds: 3, window: 1, trials: 2 },
  'layerwise-pretraining': { images: 200, labelled: 100, epochs: 5, from: 2, depths: 3, passes: 2 },
  'lens-arcs': { training: 400, cutouts: 400, epochs: 2, rate: 0.1 },
  localisation: { scenes: 400, epochs: 2 },
  'loss-landscape': { depth: 6, samples: 60, steps: 10, cells: 3 },
  'mc-dropout': { train: 200, epochs: 4, tested: 50 },
  'mode-connectivity': { samples: 100, steps: 20, curveSteps: 20 },
  'nets-of-1998': { samples: 200, epochs: 1 },
  optimizers: { samples: 100, steps: 10 },
  'random-labels': { samples: 60, epochs: 10 },
  'saddle-points': { samples: 20, steps: 20 },
  'style-transfer': { steps: 5 },
  'table-of-1998': { samples: 200, epochs: 2, hard: 10 },
  transfer: { train: 200, epochs: 2, steps: 5 },
};

const folder = mkdtempSync(join(tmpdir(), 'lanewise-lab-settings-'));

/** A folder with pictures in it, and one of them. */
function pictures(): { readonly one: string } {
  const size = 64;
  for (const step of [3, 5, 7, 11]) {
    const pixels = Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * step) % 251);
    writeFileSync(join(folder, `${step}.png`), encodePng(pixels, size, size, 3));
  }
  return { one: join(folder, '3.png') };
}

/** Texts that are no choices, changed: `lab.setting` to its value. */
function textFor(setting: string): string {
  const { one } = pictures();
  const texts: Readonly<Record<string, string>> = {
    'boundary-from-points.points': 'rings',
    'degradation.depths': '6,10',
    'denoising.picture': one,
    'style-transfer.content': one,
    'style-transfer.style': one,
    'style-transfer.net': join(folder, 'missing.onnx'),
    'style-transfer.layers': 'first+second',
    'super-resolution.pictures': folder,
  };
  const text = texts[setting];
  if (text === undefined)
    throw new Error(`test/support/lab-settings.ts has no other text for ${setting}`);
  return text;
}

/** Another value of a setting, near the one it has. */
function changed(lab: Lab, name: string, value: SettingValue): SettingValue {
  const said = lab.settingsAbout[name]!;
  const { choices, to = Infinity } =
    typeof said === 'string' ? {} : (said as { choices?: SettingValue[]; to?: number });
  if (choices) return choices.find((one) => one !== value)!;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return textFor(`${lab.name}.${name}`);
  // A third image of a batch, or half as many images again; rates as well.
  const more = Number.isInteger(value)
    ? value < 5
      ? value + 1
      : Math.round(value * 1.5)
    : value * 1.5;
  return more <= to ? more : value / 2;
}

/** What a run found: a hash of its evidence, of its figures but those of time, of what its pictures are called, and of paths on maps. */
async function foundBy(lab: Lab, settings: LabSettings): Promise<string> {
  const hash = createHash('sha256');
  const watched: Lab = {
    ...lab,
    async run(given) {
      const found = await lab.run(given);
      for (const piece of found.evidence)
        hash.update(
          typeof piece === 'string'
            ? piece
            : new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength),
        );
      const figures = found.figures.filter(
        ({ name, format }) => format !== 'seconds' && !/time/.test(name),
      );
      hash.update(JSON.stringify(figures.map(({ name, value }) => [name, value])));
      const words = found.pictures.map(({ title, caption }) => [title, caption]);
      const paths = found.pictures.map((one) => (one.kind === 'heatmap' ? one.paths : undefined));
      hash.update(JSON.stringify([words, paths]));
      return found;
    },
  };
  await runLab(watched, { form: 'small', settings, workers: 0 });
  return hash.digest('hex');
}

/** What a change of one setting did. */
export interface Effect {
  readonly setting: string;
  readonly value: SettingValue;
  readonly effect: 'changed' | 'refused' | 'none';
  /** Why it was refused. */
  readonly reason?: string;
}

/** Every setting of a lab, changed alone. A refusal has to name what is wrong: other errors are thrown. */
export async function effectsOf(name: string): Promise<Effect[]> {
  const lab = await loadLab(name);
  const base = BASES[name] ?? {};
  const before = await foundBy(lab, base);
  const all = { ...lab.settings, ...lab.small, ...base } as LabSettings;
  const effects: Effect[] = [];
  for (const [setting, value] of Object.entries(all)) {
    const other = changed(lab, setting, value);
    try {
      const after = await foundBy(lab, { ...base, [setting]: other });
      effects.push({ setting, value: other, effect: after === before ? 'none' : 'changed' });
    } catch (error) {
      const isSystem = (error as { code?: string }).code === 'ENOENT';
      if (!isSystem && (error as Error).name !== LanewiseError.name) throw error;
      effects.push({ setting, value: other, effect: 'refused', reason: (error as Error).message });
    }
  }
  return effects;
}
