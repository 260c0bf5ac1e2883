/** Rules of losses: the negative log-likelihood of labels, from log-probabilities or from scores. */
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import { at, fail, oneOf, optional, rule, whole, type RuleCall, type Rules } from './rule.js';

const LOSS = { reduction: oneOf('mean', 'sum', 'none'), ignore_index: whole(undefined) };

/** −weight·log-probability of each label; ignored labels have weight 0. `logs`: N×C×…, labels: N×…. */
function likelihood(
  call: RuleCall,
  logs: Tensor,
  {
    reduction,
    ignore_index,
  }: { reduction: 'mean' | 'sum' | 'none'; ignore_index: number | undefined },
): Tensor {
  const [labels, weights] = [at(call, 1), optional(call, 2)];
  if (labels.shape.join() !== logs.shape.toSpliced(1, 1).join())
    fail(call, `has labels ${labels.shape.join('×')} for ${logs.shape.join('×')}`);
  const counted =
    ignore_index === undefined ? undefined : ops.notEqual(labels, ops.constant(ignore_index, []));
  const classes = counted ? ops.where(counted, labels, ops.constant(0, [])) : labels;
  const picked = ops.takeAlong(logs, ops.reshape(classes, classes.shape.toSpliced(1, 0, 1)), 1);
  const own = ops.negate(ops.reshape(picked, labels.shape));
  const given = weights && ops.gather(weights, classes, 0);
  const factors = counted && given ? ops.multiply(given, counted) : (given ?? counted);
  // A label that is left out leaves nothing, not even a product of 0 and ∞.
  const kept = counted ? ops.where(counted, own, ops.constant(0, [])) : own;
  const losses = factors ? ops.multiply(kept, factors) : kept;
  if (reduction === 'none') return losses;
  if (call.samples !== false) fail(call, `has reduction ${reduction}, which goes over the samples`);
  const total = ops.sum(losses);
  if (reduction === 'sum') return total;
  return factors ? ops.divide(total, ops.sum(factors)) : ops.scale(total, 1 / sizeOf(losses.shape));
}

export const lossRules: Rules = {
  NegativeLogLikelihoodLoss: rule(LOSS, (call, given) => likelihood(call, at(call, 0), given)),
  SoftmaxCrossEntropyLoss: rule(LOSS, (call, given) => {
    const x = at(call, 0);
    if (x.shape.length < 2) fail(call, 'has scores of fewer than 2 axes');
    const last = x.shape.length - 1;
    const logs = ops.transpose(ops.logSoftmax(ops.transpose(x, 1, last)), 1, last);
    return call.output === 1 ? logs : likelihood(call, logs, given);
  }),
};
