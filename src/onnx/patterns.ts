/**
 * Patterns: nodes that are layers of Lanewise, with PyTorch's names for parameters. What has no pattern goes by the rules
 * of ops.
 */
import { activationPatterns } from './activation-patterns.js';
import { arithmeticPatterns } from './arithmetic-patterns.js';
import { movingPatterns } from './moving-patterns.js';
import type { Patterns } from './pattern.js';
import { recurrentPatterns } from './recurrent-patterns.js';
import { weightPatterns } from './weight-patterns.js';
import { windowPatterns } from './window-patterns.js';

export const patterns: Patterns = /* @__PURE__ */ Object.assign(
  {},
  activationPatterns,
  arithmeticPatterns,
  movingPatterns,
  recurrentPatterns,
  weightPatterns,
  windowPatterns,
);
