/** The command line with files of Keras and tfjs: what is in them, and model files of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../src/trained/model-store.js';
import { filesOf, loadTfjs, readCase } from '../support/keras-cases.js';
import { inFolder, lanewise } from './lanewise.js';

const golden = fileURLToPath(new URL('../../../test/golden/keras/', import.meta.url));

test('a model.json and its files, an .h5 and a .keras file become the same model', () =>
  inFolder(async (cwd) => {
    const one = loadTfjs('conv');
    await writeFile(join(cwd, 'model.json'), JSON.stringify(one.model));
    for (const [name, bytes] of Object.entries(filesOf(one)))
      await writeFile(join(cwd, name), bytes);
    for (const name of ['conv.h5', 'conv.keras', 'conv.weights.h5'])
      await copyFile(join(golden, name), join(cwd, name));
    const expected = await readCase(one).trained.sha256();
    for (const name of ['model.json', 'conv.h5', 'conv.keras']) {
      const seen = await lanewise(['inspect', name], { cwd });
      assert.is(seen.code, 0, seen.stderr);
      assert.match(seen.stdout, /dense_Dense6 +linear +4 +32/);
      assert.match(seen.stdout, /warning: input 'input' takes images as 3×9×8, channels first/);
      const made = await lanewise(['import', name, '-o', 'a.safetensors'], { cwd });
      assert.is(made.code, 0, made.stderr);
      assert.is(await (await loadModel(join(cwd, 'a.safetensors'))).sha256(), expected);
    }
    const { weightsManifest } = one.model as { weightsManifest: unknown };
    await writeFile(join(cwd, 'weights_manifest.json'), JSON.stringify(weightsManifest));
    const manifest = await lanewise(['inspect', 'weights_manifest.json'], { cwd });
    assert.match(manifest.stdout, /conv2d_Conv2D1\/kernel +3×3×3×4\n/, manifest.stderr);
    const weights = await lanewise(['inspect', 'conv.weights.h5'], { cwd });
    assert.match(weights.stdout, /conv2d_Conv2D1\.weight +4×3×3×3/);
  }));

test('what cannot be built is refused by its name, class and setting', () =>
  inFolder(async (cwd) => {
    const { model } = loadTfjs('conv');
    const text = JSON.stringify(model).replace('"class_name":"Flatten"', '"class_name":"Conv3D"');
    await writeFile(join(cwd, 'model.json'), text);
    for (const [name, bytes] of Object.entries(filesOf(loadTfjs('conv'))))
      await writeFile(join(cwd, name), bytes);
    for (const args of [
      ['inspect', 'model.json'],
      ['import', 'model.json', '-o', 'a.safetensors'],
    ]) {
      const { code, stderr } = await lanewise(args, { cwd });
      assert.is(code, 1);
      assert.match(stderr, /\(Conv3D\): there is no such layer here/);
    }
  }));

test.run();
