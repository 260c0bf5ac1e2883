// The policy-and-value net, and what it learns from a search.
import {
  add,
  batchNorm2d,
  chain,
  concat,
  conv2d,
  flatten,
  functional,
  input,
  linear,
  ops,
  relu,
  softmax,
  tanh,
} from 'lanewise';
import { PLANES } from './view.mjs';

/**
 * A residual net (He et al. 2016) with three heads: the chances of the 25 points and of passing, the value of the game for
 * the player, and who will own each point (Wu 2019). The answer has them one after the other: 26 + 1 + 25 numbers.
 */
export function goNet({ channels = 32, blocks = 3, size = 5 } = {}) {
  const [points, state, layers] = [size * size, input([PLANES, size, size]), {}];
  const layer = (name, made) => (layers[name] = made);
  const conv = (from, to) => [conv2d(from, to, 3, { padding: 1 }), batchNorm2d(to)];
  let trunk = layer('stem', chain([...conv(PLANES, channels), relu()]))(state);
  for (let i = 1; i <= blocks; i++) {
    const block = chain([...conv(channels, channels), relu(), ...conv(channels, channels)]);
    trunk = relu(add(layer(`block${i}`, block)(trunk), trunk));
  }
  const squeezed = (to) => [conv2d(channels, to, 1), batchNorm2d(to), relu(), flatten()];
  const policy = layer('policy', chain([...squeezed(4), linear(4 * points, points + 1)]))(trunk);
  const judge = chain([...squeezed(4), linear(4 * points, 32), relu(), linear(32, 1), tanh()]);
  const value = layer('value', judge)(trunk);
  const owner = layer('owner', chain([conv2d(channels, 1, 1), flatten(), tanh()]))(trunk);
  const outputs = { answer: concat(softmax(policy), value, owner), policy, value, owner };
  return functional({ inputs: { state }, outputs, layers });
}

/** The policy learns what the search preferred, the value how the game ended, and the owners who had each point. */
export function goLoss({ policy, value, owner }, { visits, result, owned }) {
  const entropy = ops.negate(ops.sum(ops.multiply(visits, ops.logSoftmax(policy)), 1));
  const error = ops.square(ops.subtract(ops.reshape(value, [-1]), result));
  const ownership = ops.mean(ops.square(ops.subtract(owner, owned)), 1);
  return ops.add(entropy, ops.add(error, ops.scale(ownership, 0.5)));
}
