/** The recorded results that every runtime must compute, bit for bit, with any number of workers. */
import { EXPECTED_SHA256 } from '../../src/train/verify.js';

export const recorded = {
  /** Weights of the recipe of `verify`. */
  verify: EXPECTED_SHA256,
  /** Weights of program.ts in each numerics. */
  strict: 'a986750c2d71f94923d8aa3ef40f0f3ef270d7b7ab9d84e9d43e0bd84abb2ef3',
  fused: '8c1fece473f24f5225ec15ed1da8008ab12c08078726a3eeb9643e714f5cd31b',
  /** Weights of the net of rare functions in program.ts. */
  functions: '8db902c71a21f08f2b6667e0cb2402884690222504280fa2569aafe01c593822',
  /** What the kernels on bytes give, in both of their builds. */
  int8: 'b64c564ebabf826eafc00793a90a1407133cce95e8b69d357473fee47310560a',
} as const;
