/** The table op → ONNX nodes, for every op that layers are made of. */
import { choiceRules } from './export-choices.js';
import { elementwiseRules } from './export-elementwise.js';
import { normRules } from './export-norms.js';
import { productRules } from './export-products.js';
import { sequenceRules } from './export-sequences.js';
import { shapeRules } from './export-shapes.js';
import type { Rule } from './export-writer.js';

export const exportRules: Readonly<Record<string, Rule>> = /* @__PURE__ */ Object.assign(
  {},
  choiceRules,
  elementwiseRules,
  normRules,
  productRules,
  sequenceRules,
  shapeRules,
);
