/**
 * A decoder-only transformer like GPT-2 (Radford et al. 2019), in nanoGPT's form. It has vectors for tokens and places,
 * blocks of causal self-attention and a two-layer net, each after a layer normalisation and inside a shortcut, a last
 * normalisation, and scores from the tokens' own vectors. Layers have GPT-2's names (wte, wpe, h, ln_f).
 *
 * With D features, L blocks, V tokens and T places there are V·D + T·D + L·(12·D² + 13·D) + 2·D parameters:
 * 124,439,808 for GPT-2's 768, 12, 50257 and 1024.
 */
import { checkOptions, extent } from '../base/check.js';
import {
  add,
  block,
  chain,
  dropout,
  embedding,
  functional,
  gelu,
  initializers,
  input,
  layerNorm,
  linear,
  multiheadAttention,
  positionEmbedding,
  type Layer,
  type Model,
} from '../layers/index.js';

/** Settings of `gpt`. */
export interface GptOptions {
  /** Number of different tokens. */
  readonly vocabulary: number;
  /** Tokens in a window; default 64. */
  readonly length?: number;
  /** Blocks; default 2. */
  readonly layers?: number;
  /** Default 4. */
  readonly heads?: number;
  /** Features of a token; default 64. */
  readonly features?: number;
  /** Rate after the embedding, on attention weights, and after each half of a block; default 0. */
  readonly dropout?: number;
}

/** x + attention(norm(x)), then x + net(norm(x)). Both paths back to the sum start with deviation `std`. */
function decoder(features: number, heads: number, rate: number, std: number): Layer {
  const [weightInit, biasInit] = [initializers.normal(0, 0.02), initializers.constant(0)];
  const outInit = initializers.normal(0, std);
  const attention = { causal: true, dropout: rate, weightInit, biasInit, outInit };
  const layers = {
    ln_1: layerNorm(features),
    attn: multiheadAttention(features, heads, attention),
    ln_2: layerNorm(features),
    mlp: chain({
      c_fc: linear(features, 4 * features, { weightInit, biasInit }),
      gelu: gelu({ approximate: 'tanh' }),
      c_proj: linear(4 * features, features, { weightInit: outInit, biasInit }),
    }),
  };
  const drop = dropout(rate);
  return block(layers, ({ ln_1, attn, ln_2, mlp }, x) => {
    const attended = add(x, drop(attn(ln_1(x))));
    return add(attended, drop(mlp(ln_2(attended))));
  });
}

/** From tokens T to scores T×vocabulary, each from the tokens up to its place. */
export function gpt(options: GptOptions): Model {
  const {
    vocabulary,
    length = 64,
    layers = 2,
    heads = 4,
    features = 64,
    dropout: rate = 0,
  } = checkOptions('gpt', options, {
    vocabulary: extent,
    length: extent,
    layers: extent,
    heads: extent,
    features: extent,
    dropout: true,
  });
  extent('gpt', 'vocabulary', vocabulary);
  const weightInit = initializers.normal(0, 0.02);
  // GPT-2 §2.3: 2·layers paths lead into one sum.
  const std = 0.02 / Math.sqrt(2 * layers);
  const wte = embedding(vocabulary, features, { reversible: true, weightInit });
  const wpe = positionEmbedding(length, features, { weightInit });
  const drop = dropout(rate);
  const h = Array.from({ length: layers }, () => decoder(features, heads, rate, std));
  const ln_f = layerNorm(features);

  const tokens = input([length], { vocabulary });
  const embedded = drop(wpe(wte(tokens)));
  const x = h.reduce((x, decode) => decode(x), embedded);
  return functional({
    inputs: tokens,
    outputs: wte(ln_f(x)),
    layers: { wte, wpe, drop, h, ln_f },
  });
}
