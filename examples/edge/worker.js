// An edge worker (workerd, Cloudflare Workers) that recognises digits, and learns others. It keeps no state: a model
// that it has learned goes to the caller as a file, which the caller sends along from then on.
import { LanewiseError, decodeModel, encodeModel, init, adam, replaceHead, train } from 'lanewise';
import fused from 'lanewise/wasm/fused.wasm';
import strict from 'lanewise/wasm/strict.wasm';
import ownModel from './model.safetensors';

const MOST_BODY_BYTES = 2 ** 20;
const MOST_PREDICTED = 256;
const MOST_LABELLED = 200;
/** The most bytes that a model from outside may allocate for one sample. */
const MOST_ACTIVATION_BYTES = 2 ** 20;
const MOST_KNOWN_MODELS = 4;

// Bytes cannot be compiled here, so the kernels are imported compiled. This is part of the worker's start, not of a request.
const runtime = await init({ module: [fused, strict] });
const own = decodeModel(new Uint8Array(ownModel), 'model.safetensors');

/** Models of the last requests, by their files' SHA-256: one that comes again predicts at once. */
const known = new Map();

const routes = {
  'GET /': async () => Response.json({ classes: own.classes, samples: own.samples, ...runtime }),

  // The body is samples, of 28×28 bytes each, or a form with `samples` and `model`; or, for a model of a table, with `rows`.
  'POST /predict': async (request) => {
    const form = await readBody(request);
    const model = await modelOf(form);
    if (form.has('rows')) {
      const { answers } = await model.predict(rowsOf(form, model, MOST_PREDICTED));
      return Response.json({ answers });
    }
    if (!model.classes || model.samples?.type !== 'uint8')
      refuse('the model does not classify samples of bytes');
    const samples = samplesOf(form, model, MOST_PREDICTED);
    const { classes, scores } = await model.predict(samples, model.samples.shape);
    const count = classes.length;
    const width = scores.length / count;
    return Response.json({
      classes: [...classes].map((label) => model.classes[label]),
      probabilities: [...classes.keys()].map((i) => [
        ...scores.subarray(i * width, (i + 1) * width),
      ]),
    });
  },

  // A form with `samples`, `labels` (a byte each), the names of the `classes`, maybe a `model`, whose head is replaced, and
  // maybe the layers to `freeze`: by default all but the head.
  'POST /tune': async (request) => {
    const form = await readBody(request);
    const before = await modelOf(form);
    if (before.samples?.type !== 'uint8') refuse('the model does not classify samples of bytes');
    const samples = samplesOf(form, before, MOST_LABELLED);
    const classes = list(form, 'classes');
    const labels = field(form, 'labels');
    const data = { name: 'samples', shape: before.samples.shape, classes, samples, labels };
    const { model, weights } = replaceHead(before, { classes: classes.length });
    const freeze = form.has('freeze') ? list(form, 'freeze') : [...weights.keys()];
    const { model: tuned } = await train(model, {
      data,
      weights,
      freeze,
      optimizer: adam({ lr: 0.01 }),
      epochs: 20,
      batch: 10,
      numerics: before.numerics,
    });
    return new Response(encodeModel(tuned), {
      headers: { 'content-type': 'application/octet-stream' },
    });
  },
};

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const route = routes[`${request.method} ${pathname}`];
    if (!route)
      return fail(
        404,
        `no ${request.method} ${pathname}`,
        `expected ${Object.keys(routes).join(', ')}`,
      );
    try {
      return await route(request);
    } catch (error) {
      if (error instanceof LanewiseError) return fail(400, error.message, error.hint);
      throw error;
    }
  },
};

const fail = (status, message, hint) => Response.json({ error: message, hint }, { status });

/** A request that cannot be answered, and its status. */
function refuse(message, hint) {
  throw new LanewiseError('argument', message, hint);
}

/** The fields of the request's form, as bytes by name; a body that is not a form is all `samples`. */
async function readBody(request) {
  // The runtime reads no more than was announced.
  const length = Number(request.headers.get('content-length') ?? NaN);
  if (!(length <= MOST_BODY_BYTES))
    refuse(`a body of ${length} bytes, expected at most ${MOST_BODY_BYTES}`);
  const type = request.headers.get('content-type') ?? '';
  if (!type.startsWith('multipart/form-data'))
    return new Map([['samples', new Uint8Array(await request.arrayBuffer())]]);
  const form = await request
    .formData()
    .catch((error) => refuse(`the form cannot be read: ${error.message}`));
  const fields = [...form].map(async ([name, value]) => [
    name,
    new Uint8Array(await new Response(value).arrayBuffer()),
  ]);
  return new Map(await Promise.all(fields));
}

const field = (form, name) =>
  form.get(name) ??
  refuse(`the form has no field '${name}'`, `it has ${[...form.keys()].join(', ')}`);

const list = (form, name) => new TextDecoder().decode(field(form, name)).split(',');

/** The request's model, or the worker's own. */
async function modelOf(form) {
  const bytes = form.get('model');
  if (!bytes) return own;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex();
  const model = known.get(digest) ?? acceptable(decodeModel(bytes, 'model'));
  known.delete(digest);
  known.set(digest, model);
  if (known.size > MOST_KNOWN_MODELS) known.delete(known.keys().next().value);
  return model;
}

/** Checks that a model is not too large for a worker. */
function acceptable(trained) {
  const { model } = trained;
  if (model.activationBytes > MOST_ACTIVATION_BYTES)
    refuse(
      `the model takes ${model.activationBytes} bytes for a sample, at most ${MOST_ACTIVATION_BYTES} are allowed`,
    );
  return trained;
}

/** Rows of a table as JSON: objects by the names of columns, or lists in their order. */
function rowsOf(form, { table }, most) {
  if (!table) refuse('the model takes samples, not rows of a table');
  let rows;
  try {
    rows = JSON.parse(new TextDecoder().decode(field(form, 'rows')));
  } catch (error) {
    refuse(`the rows are not JSON: ${error.message}`);
  }
  if (!Array.isArray(rows) || rows.length > most)
    refuse(`the rows are not a list of at most ${most}`);
  return rows;
}

function samplesOf(form, { samples: { shape } }, most) {
  const bytes = field(form, 'samples');
  const size = shape.reduce((product, extent) => product * extent);
  if (bytes.length <= most * size) return bytes;
  return refuse(
    `${bytes.length} bytes of samples, at most ${most} samples of ${size} bytes are allowed`,
  );
}
