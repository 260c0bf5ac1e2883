/** Activations by their names in Keras, as layers here. */
import { isObject } from '../../base/check.js';
import {
  add,
  block,
  chain,
  divide,
  multiply,
  rescale,
  scale,
  type Wire,
  elu,
  gelu,
  hardTanh,
  leakyRelu,
  logSoftmax,
  relu,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
  hardSigmoid,
  hardSwish,
  type Layer,
} from '../../layers/index.js';
import { refuseIn, shown, type Dialect, type Settings } from './keras-settings.js';
import type { Site } from './keras-site.js';
import { asKeras, inOrderOf, type Value } from './keras-values.js';

/** The name of an activation in a description: a text, or an object with its name. */
function nameIn(value: unknown): string | undefined {
  if (typeof value === 'string')
    // tfjs also writes its own spelling.
    return value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (!isObject(value)) return undefined;
  const { class_name: className, config } = value;
  if (className === 'function' && typeof config === 'string') return config;
  return undefined;
}

/** The name of a layer's activation, with `linear` for none. */
export function activationName(s: Settings, key: string, usual = 'linear'): string {
  const value = s.config[key] ?? usual;
  const name = nameIn(value);
  if (name !== undefined) return name;
  refuseIn(s, `${key} is ${shown(value)}`);
  return 'linear';
}

/** min(max(0.2·x + 0.5, 0), 1), as tfjs and Keras before 3 have it. */
const hardSigmoidOfFifths = (): Layer =>
  chain({ line: rescale({ mean: 0.5, deviation: 0.2 }), clip: hardTanh({ minVal: 0, maxVal: 1 }) });

/** x·tanh(ln(1 + eˣ)) (Misra 2019). */
const mish = (): Layer => block({}, (_, x: Wire) => multiply(x, tanh(softplus(x))));

/** x / (1 + |x|) */
const softsign = (): Layer =>
  block({}, (_, x: Wire) => divide(x, rescale({ mean: 1 })(add(relu(x), relu(scale(-1)(x))))));

type Functions = Readonly<Record<string, (dialect: Dialect) => Layer>>;

const FUNCTIONS: Functions = {
  elu: () => elu(),
  // tfjs' gelu and Keras' are exact; gelu_new is the approximation.
  gelu: () => gelu(),
  gelu_new: () => gelu({ approximate: 'tanh' }),
  // Keras 3 has PyTorch's, min(max(x/6 + 1/2, 0), 1); before, the slope was 0.2.
  hard_sigmoid: (dialect) => (dialect === 'keras3' ? hardSigmoid() : hardSigmoidOfFifths()),
  hard_silu: () => hardSwish(),
  hard_swish: () => hardSwish(),
  leaky_relu: () => leakyRelu({ negativeSlope: 0.2 }),
  log_softmax: () => logSoftmax(),
  mish,
  relu: () => relu(),
  relu6: () => hardTanh({ minVal: 0, maxVal: 6 }),
  selu: () => selu(),
  sigmoid: () => sigmoid(),
  silu: () => silu(),
  softmax: () => softmax(),
  softplus: () => softplus(),
  softsign,
  swish: () => silu(),
  tanh: () => tanh(),
};

/** Functions along the last axis of Keras' order. */
const ALONG_LAST = new Set(['softmax', 'log_softmax']);

/** Applies an activation to what the layer gives. */
export type Activate = (site: Site, value: Value) => Value;

/** The activation that a setting names; `suffix` is put to the layer's name, and is the activation's with `_` if not given. */
export function activationOf(s: Settings, key: string, suffix?: string, usual?: string): Activate {
  const name = activationName(s, key, usual);
  if (name === 'linear') return (_, value) => value;
  const make = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]! : undefined;
  if (!make) {
    refuseIn(s, `${key} is '${name}'`);
    return (_, value) => value;
  }
  return (site, given) => {
    const value = ALONG_LAST.has(name) ? alongLast(site, given) : given;
    return inOrderOf(
      value,
      site.own(suffix ?? `_${name}`, () => make(s.dialect), value),
    );
  };
}

/** A value whose last axis is Keras' last; flat ones are in any order. */
export const alongLast = (site: Site, value: Value): Value =>
  value.shape.length === 1 ? value : asKeras(value, site.apply);
