/** Rules of normalisation: batch, instance, group, layer, RMS and local response norm. */
import { showShape, sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  axesOf,
  axisOf,
  fail,
  flag,
  ignored,
  optional,
  real,
  rule,
  whole,
  wholes,
  type RuleCall,
  type Rules,
} from './rule.js';

/** x with all axes behind the channels joined. */
const joined = (call: RuleCall, x: Tensor): Tensor => {
  const [N, C, ...rest] = x.shape;
  if (N === undefined || C === undefined)
    fail(call, `has an input ${showShape(x.shape)}, expected N×C×…`);
  return rest.length > 1 ? ops.reshape(x, [N, C, sizeOf(rest)]) : x;
};

function batchNorm(call: RuleCall, epsilon: number): Tensor {
  const x = at(call, 0);
  const [weight, bias, mean, variance] = [1, 2, 3, 4].map((i) => at(call, i)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const y = ops.normalize({ x: joined(call, x), mean, variance, weight, bias }, epsilon);
  return ops.reshape(y, x.shape);
}

/** Groups' scale and shift are per group before opset 21, per channel since. */
function groupNorm(call: RuleCall, groups: number, epsilon: number): Tensor {
  const x = at(call, 0);
  const C = x.shape[1]!;
  if (groups < 1 || C % groups) fail(call, `has ${groups} groups of ${C} channels`);
  const parameter = (i: number): Tensor => {
    const given = at(call, i);
    if (call.version >= 21 || groups === C) return given;
    if (sizeOf(given.shape) !== groups)
      fail(call, `has ${sizeOf(given.shape)} values in input ${i}, expected ${groups}`);
    return ops.reshape(ops.expand(ops.reshape(given, [groups, 1]), [groups, C / groups]), [C]);
  };
  const y = ops.groupNorm(joined(call, x), groups, parameter(1), parameter(2), epsilon);
  return ops.reshape(y, x.shape);
}

/** Outputs 1 and 2 are the mean and 1/√(variance + epsilon) of each run. */
function layerNorm(call: RuleCall, axis: number, epsilon: number): Tensor {
  const x = at(call, 0);
  const from = axisOf(call, axis, x.shape.length);
  const axes = [...x.shape.keys()].slice(from);
  const shape = x.shape.slice(from);
  if (call.output > 0) {
    const mean = ops.mean(x, axes, true);
    if (call.output === 1) return mean;
    const variance = ops.mean(ops.square(ops.subtract(x, mean)), axes, true);
    const deviation = ops.sqrt(ops.add(variance, ops.constant(epsilon, [])));
    return ops.divide(ops.constant(1, deviation.shape), deviation);
  }
  const [weight, bias] = [optional(call, 1), optional(call, 2)];
  const plain = [weight, bias].every((t) => !t || showShape(t.shape) === showShape(shape));
  if (plain) return ops.layerNorm(x, shape, weight ?? null, bias ?? null, epsilon);
  const y = ops.layerNorm(x, shape, null, null, epsilon);
  const scaled = weight ? ops.multiply(y, weight) : y;
  return bias ? ops.add(scaled, bias) : scaled;
}

function rmsNorm(call: RuleCall, axis: number, epsilon: number): Tensor {
  const [x, weight] = [at(call, 0), at(call, 1)];
  const shape = x.shape.slice(axisOf(call, axis, x.shape.length));
  if (showShape(weight.shape) === showShape(shape)) return ops.rmsNorm(x, shape, weight, epsilon);
  return ops.multiply(ops.rmsNorm(x, shape, null, epsilon), weight);
}

/** x/‖x‖ along an axis; zeros stay zeros. */
function lpNorm(call: RuleCall, given: number, p: number): Tensor {
  const x = at(call, 0);
  const axis = axisOf(call, given, x.shape.length);
  if (p !== 1 && p !== 2) fail(call, `has p ${p}, expected 1 or 2`);
  const norm =
    p === 1 ? ops.sum(ops.abs(x), axis, true) : ops.sqrt(ops.sum(ops.square(x), axis, true));
  return ops.divide(x, ops.add(norm, ops.equal(norm, ops.constant(0, []))));
}

/** Windows over an even number of channels reach one channel farther ahead than behind, unlike PyTorch's. */
function responseNorm(
  call: RuleCall,
  { size, alpha, beta, bias }: { size: number; alpha: number; beta: number; bias: number },
): Tensor {
  const x = at(call, 0);
  if (size < 1 || x.shape.length < 2) fail(call, `has size ${size} for ${showShape(x.shape)}`);
  const turned = size % 2 ? x : ops.flip(x, 1);
  const y = ops.localResponseNorm(turned, { size, alpha, beta, k: bias });
  return size % 2 ? y : ops.flip(y, 1);
}

/** Batch norm by the present values, and what becomes of the statistics: the weight of the old value is `momentum`. */
function trainedBatchNorm(call: RuleCall, epsilon: number, momentum: number): Tensor {
  if (call.samples !== false || call.version < 14 || call.output > 2)
    fail(call, 'has training_mode 1: export the model in evaluation mode');
  const x = joined(call, at(call, 0));
  const moments = ops.channelMoments(x);
  const [mean, variance] = [0, 1].map((i) => ops.reshape(ops.slice(moments, [[i, i + 1]]), [-1]));
  if (call.output === 0)
    return ops.reshape(
      ops.batchNorm(x, moments, at(call, 1), at(call, 2), epsilon),
      at(call, 0).shape,
    );
  const [old, present] = call.output === 1 ? [at(call, 3), mean!] : [at(call, 4), variance!];
  return ops.add(ops.scale(old, momentum), ops.scale(present, 1 - momentum));
}

/** (x − mean)/deviation over axes. */
function meanVariance(call: RuleCall, given: readonly number[]): Tensor {
  const x = at(call, 0);
  const axes = axesOf(call, given, x.shape.length);
  const centred = ops.subtract(x, ops.mean(x, axes, true));
  const deviation = ops.sqrt(ops.mean(ops.square(centred), axes, true));
  return ops.divide(centred, ops.add(deviation, ops.constant(1e-9, [])));
}

export const normRules: Rules = {
  BatchNormalization: rule(
    {
      epsilon: real(1e-5),
      momentum: real(0.9),
      spatial: flag(1),
      is_test: flag(0),
      training_mode: flag(0),
      consumed_inputs: ignored,
    },
    (call, { epsilon, spatial, is_test, training_mode, momentum }) => {
      if (!spatial) fail(call, 'has spatial 0, which is not supported');
      if (training_mode === 1 || (call.version < 7 && !is_test))
        return trainedBatchNorm(call, epsilon, momentum);
      if (call.output > 0) fail(call, 'gives statistics, which are not supported');
      return batchNorm(call, epsilon);
    },
  ),
  GroupNormalization: rule(
    { epsilon: real(1e-5), num_groups: whole(1), stash_type: ignored },
    (call, { epsilon, num_groups }) => groupNorm(call, num_groups, epsilon),
    { since: 18 },
  ),
  InstanceNormalization: rule(
    { epsilon: real(1e-5), consumed_inputs: ignored },
    (call, { epsilon }) => {
      const x = at(call, 0);
      return ops.reshape(
        ops.instanceNorm(joined(call, x), at(call, 1), at(call, 2), epsilon),
        x.shape,
      );
    },
  ),
  LayerNormalization: rule(
    { axis: whole(-1), epsilon: real(1e-5), stash_type: ignored },
    (call, { axis, epsilon }) => layerNorm(call, axis, epsilon),
    { since: 17 },
  ),
  LRN: rule({ size: whole(0), alpha: real(1e-4), beta: real(0.75), bias: real(1) }, responseNorm),
  LpNormalization: rule({ axis: whole(-1), p: whole(2) }, (call, { axis, p }) =>
    lpNorm(call, axis, p),
  ),
  MeanVarianceNormalization: rule({ axes: wholes([0, 2, 3]) }, (call, { axes }) =>
    meanVariance(call, axes),
  ),
  RMSNormalization: rule(
    { axis: whole(-1), epsilon: real(1e-5), stash_type: ignored },
    (call, { axis, epsilon }) => rmsNorm(call, axis, epsilon),
    { since: 23 },
  ),
};
