/**
 * Labs beyond classification, in their small forms: where a figure follows from a theory or from another computation, it is
 * compared with that. The recorded hashes (test/support/lab.ts) are of runs with other numbers of workers.
 */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fileURLToPath } from 'node:url';
import type { LabSettings } from '../../src/lab/lab.js';
import { figureOf, runSmall } from '../support/lab.js';

test('localisation: boxes are better than the best that is always the same; a dense layer needs more scenes than places do', async () => {
  const result = await runSmall('localisation', { workers: 0 });
  assert.is(result.settings['head'], 'places');
  assert.ok(figureOf(result, 'mean IoU') > 3 * figureOf(result, 'mean IoU of always the mean box'));
  const dense = await runSmall('localisation', { workers: 0, settings: { head: 'dense' } });
  assert.ok(figureOf(result, 'mean IoU') > figureOf(dense, 'mean IoU') + 0.05);
});

test('denoising: twice the noise is 6 dB more of it; noisy targets teach nearly as well', async () => {
  const clean = await runSmall('denoising', { workers: 0 });
  assert.equal([clean.settings['target'], clean.settings['sigma']], ['clean', 25]);
  const changes: LabSettings[] = [{ target: 'noisy' }, { sigma: 50 }];
  const [noisy, loud] = await Promise.all(
    changes.map((settings) => runSmall('denoising', { workers: 0, settings })),
  );
  const seen = (result: typeof noisy) => figureOf(result!, 'digits, noisy (dB)');
  assert.ok(Math.abs(seen(clean) - seen(loud) - 20 * Math.log10(2)) < 0.05);
  // Its targets have the mean of the clean ones (Lehtinen et al. 2018).
  const gain = (result: typeof noisy) => figureOf(result!, 'digits, gain of the net (dB)');
  assert.ok(gain(noisy) > 0.6 * gain(clean), `${gain(noisy)} of ${gain(clean)} dB`);
});

test('super-resolution: what the net adds is all that sets it apart from bicubic interpolation', async () => {
  const short = await runSmall('super-resolution', { workers: 0, settings: { epochs: 1 } });
  const longer = await runSmall('super-resolution', { workers: 0 });
  // Its last layer begins near 0: after one epoch it has hardly left bicubic interpolation.
  assert.ok(Math.abs(figureOf(short, 'gain of the net (dB)')) < 0.3);
  assert.ok(figureOf(longer, 'gain of the net (dB)') > 0.3);
  assert.is(figureOf(short, 'bicubic (dB)'), figureOf(longer, 'bicubic (dB)'));
});

test('lens arcs: the rarer lenses are, the lower is precision, and accuracy says nothing', async () => {
  const rare = await runSmall('lens-arcs', { workers: 0 });
  const common = await runSmall('lens-arcs', { workers: 0, settings: { rate: 0.2 } });
  assert.is(figureOf(rare, 'accuracy of never finding a lens'), 0.99);
  assert.ok(figureOf(rare, 'accuracy of the net') < 0.99);
  const precision = (result: typeof rare) => figureOf(result, 'average precision, net');
  assert.ok(precision(rare) < precision(common));
  // A list in random order has the share of lenses as its average precision.
  assert.ok(precision(rare) > 10 * 0.01);
});

test('style transfer: more weight on style brings the picture nearer to it, and farther from the content', async () => {
  const faint = await runSmall('style-transfer', { workers: 0, settings: { strength: 0.05 } });
  const strong = await runSmall('style-transfer', { workers: 0 });
  const style = 'style loss, of that of the content';
  const content = 'content loss, of that of the style';
  assert.ok(figureOf(strong, style) < figureOf(faint, style));
  assert.ok(figureOf(strong, content) > figureOf(faint, content));
});

test('style transfer: a net of an ONNX file', async () => {
  const net = fileURLToPath(new URL('../../../test/golden/onnx/small.onnx', import.meta.url));
  const settings = { net, size: 16, layers: '/Relu_output_0+/Relu_1_output_0', steps: 20 };
  const result = await runSmall('style-transfer', { settings });
  // The loss along its gradient: by finite differences, the square of the gradient.
  assert.ok(Math.abs(figureOf(result, 'slope along the gradient, of its square') - 1) < 0.02);
  assert.ok(figureOf(result, 'style loss, of that of the content') < 0.3);
});

test('captions: they are about their own pictures', async () => {
  const result = await runSmall('captions', { workers: 0 });
  // There are 162 captions, all as likely: that of another picture fits by chance.
  const other = figureOf(result, 'right for another picture');
  assert.ok(figureOf(result, 'right captions') > 5 * Math.max(other, 1 / 162));
});

test('layers of a file are refused where no file is given', async () => {
  const words = /layers=a\+b are of a file: add net=FILE.onnx/;
  try {
    await runSmall('style-transfer', { settings: { layers: 'a+b' } });
  } catch (error) {
    assert.match((error as Error).message, words);
    return;
  }
  throw new Error('nothing was refused');
});

test.run();
