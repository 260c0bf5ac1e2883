// What onnxruntime-node and onnxruntime-web have in common: their API. Neither has gradients on this side.
import { checkFinite, checkProduct, normals } from './measure.mjs';
import { lenet5Int8Model, lenet5Model, productModel } from './onnx.mjs';
import { inferenceOf, productOf } from './workloads.mjs';

/** Session and inputs of a workload, for `runPeer`; `isInt8` is LeNet-5 in int8. @throws Error for workloads that train. */
export async function prepareOnnx(
  { InferenceSession, Tensor },
  provider,
  workload,
  threads,
  isInt8 = false,
) {
  const options = {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  };
  const product = productOf(workload);
  const batch = inferenceOf(workload);
  if (!product && !batch) throw new Error('onnxruntime has no training in JavaScript on the CPU');
  if (isInt8 && !workload.includes('int8')) throw new Error('int8 is compared with int8');
  const lenet5 = isInt8 ? lenet5Int8Model : lenet5Model;
  const model = product ? productModel(product) : lenet5(batch);
  const session = await InferenceSession.create(new Uint8Array(model), options);
  const tensor = (...shape) =>
    new Tensor('float32', normals(shape.reduce((size, extent) => size * extent)), shape);
  const inputs = product
    ? { a: tensor(product.m, product.k), b: tensor(product.k, product.n) }
    : { x: tensor(batch, 1, 32, 32) };
  const call = () => session.run(inputs);
  const check = async () => {
    const { data } = (await call()).y;
    if (product) checkProduct(product, inputs.a.data, inputs.b.data, data);
    else checkFinite(data[0], 'a logit');
  };
  return { call, check };
}
