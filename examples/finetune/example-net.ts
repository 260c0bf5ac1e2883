/** An ONNX file for whom has none: a small net that tells drawn digits apart. */
import {
  adam,
  batchNorm2d,
  conv2d,
  digits,
  globalAvgPool2d,
  linear,
  maxPool2d,
  relu,
  sequential,
  train,
} from 'lanewise';
import { writeOnnx } from 'lanewise/onnx';

const SIDE = 28;

/** Trains the net, which takes some seconds, and writes it. */
export async function exampleFile(onProgress: (done: number) => void): Promise<File> {
  const net = sequential(
    {
      conv1: conv2d(1, 16, 5, { padding: 2 }),
      bn1: batchNorm2d(16),
      relu1: relu(),
      pool1: maxPool2d(2),
      conv2: conv2d(16, 32, 3, { padding: 1 }),
      bn2: batchNorm2d(32),
      relu2: relu(),
      pool2: maxPool2d(2),
      conv3: conv2d(32, 64, 3),
      relu3: relu(),
      pool: globalAvgPool2d(),
      fc: linear(64, 10),
    },
    { input: [1, SIDE, SIDE], mean: 0.1307, deviation: 0.3081 },
  );
  const { model } = await train(
    net,
    { data: digits({ count: 2000 }), optimizer: adam({ lr: 0.004 }), epochs: 4 },
    {
      onProgress: ({ epoch, epochs, samplesDone, samples }) =>
        onProgress((epoch - 1 + samplesDone / samples) / epochs),
    },
  );
  return new File([writeOnnx(model) as Uint8Array<ArrayBuffer>], 'digits.onnx');
}
