/** One event of every kind that is logged. */
import type { LoggedEvent, StepEvent } from '../../src/train/events.js';

export const stepEvent = (step: number): StepEvent => ({
  event: 'step',
  step,
  epoch: 1,
  loss: 2 / step,
  accuracy: 0.25,
  rate: 0.05,
  samples: 320,
  seconds: 0.064,
  imagesPerSecond: 5000,
  waiting: 0.125,
  wire: 0.375,
});

export const everyEvent: readonly LoggedEvent[] = [
  {
    event: 'start',
    time: '2026-01-01T00:00:00.000Z',
    version: '0.1.0',
    model: 'lenet5',
    parameters: 61706,
    data: { name: 'digits', samples: 2000, classes: ['0', '1'] },
    settings: { optimizer: 'sgd', epochs: 2 },
  },
  stepEvent(10),
  {
    event: 'epoch',
    epoch: 1,
    step: 10,
    loss: 0.5,
    accuracy: 0.75,
    valLoss: 0.25,
    valAccuracy: 0.875,
    metrics: { f1: 0.5, top5: 1 },
    imagesPerSecond: 5000,
    seconds: 1.5,
    cluster: {
      machines: 3,
      threads: 14,
      wire: 0.125,
      sent: 5_000_000,
      received: 3_000_000,
      gain: 2.5,
      redone: 1,
      shares: { coordinator: 0.5, b: 0.25, c: 0.25 },
    },
  },
  { event: 'validation', epoch: 1, step: 10, valLoss: 0.25, valAccuracy: 0.875 },
  {
    event: 'probe',
    step: 10,
    layers: [{ name: 'conv1', activationNorm: 0.5, gradientNorm: 0.125 }],
    weights: [
      {
        name: 'conv1.weight',
        norm: 2,
        gradientNorm: 0.25,
        histogram: { min: -1, max: 1, counts: [1, 0, 7, 2] },
      },
    ],
  },
  { event: 'checkpoint', step: 10, epoch: 1, file: 'checkpoint.safetensors' },
  { event: 'warning', step: 10, message: 'the log has gaps from here' },
  { event: 'recovery', step: 11, from: 8, reason: 'a worker thread has ended' },
  { event: 'machine', machine: 'b', change: 'joined', step: 10, threads: 4 },
  { event: 'machine', machine: 'b', change: 'redone', step: 10 },
  { event: 'machine', machine: 'c', change: 'left', step: 10, reason: 'its process has ended' },
  {
    event: 'done',
    step: 20,
    seconds: 3.5,
    sha256: 'ab'.repeat(32),
    numerics: 'fused',
    interrupted: false,
  },
];
