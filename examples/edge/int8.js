// An edge worker that only recognises: a model in int8, without the code for training and with kernels of a tenth of the
// size. The body of a request is samples, of 28×28 bytes each.
import { loadQuantized } from 'lanewise/inference';
import kernels from 'lanewise/wasm/int8-relaxed.wasm';
import file from './model.int8.safetensors';

const MOST_PREDICTED = 256;

// Bytes cannot be compiled here, so the kernels are imported compiled. This is part of the worker's start, not of a request.
const program = await loadQuantized(new Uint8Array(file), { module: kernels });
const { shape } = program.samples;
const size = shape.reduce((product, extent) => product * extent, 1);

export default {
  async fetch(request) {
    if (request.method !== 'POST')
      return Response.json({ classes: program.classes, samples: program.samples });
    // The runtime reads no more than was announced.
    const length = Number(request.headers.get('content-length') ?? NaN);
    if (!(length > 0 && length <= MOST_PREDICTED * size && length % size === 0))
      return Response.json(
        { error: `a body of ${length} bytes, expected 1 to ${MOST_PREDICTED} samples of ${size}` },
        { status: 400 },
      );
    const { classes, scores } = program.predict(new Uint8Array(await request.arrayBuffer()), shape);
    const width = program.classes.length;
    return Response.json({
      classes: [...classes].map((label) => program.classes[label]),
      probabilities: [...classes.keys()].map((i) => [
        ...scores.subarray(i * width, (i + 1) * width),
      ]),
    });
  },
};
