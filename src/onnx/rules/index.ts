/** The table of op rules: what each ONNX op of domain '' is in terms of Lanewise's ops. */
import { LanewiseError } from '../../base/errors.js';
import type { Tensor } from '../../graph/tensor.js';
import { attentionRules } from './attention-rules.js';
import { castRules } from './cast-rules.js';
import { elementRules } from './element-rules.js';
import { indexRules } from './index-rules.js';
import { lossRules } from './loss-rules.js';
import { normRules } from './norm-rules.js';
import { productRules } from './product-rules.js';
import { recurrentRules } from './recurrent-rules.js';
import { reduceRules } from './reduce-rules.js';
import { typeOf, type Rule, type RuleCall, type Rules } from './rule.js';
import { sampleRules } from './sample-rules.js';
import { shapeRules } from './shape-rules.js';
import { windowRules } from './window-rules.js';

export type { Host, Operand, Rule, RuleCall } from './rule.js';

/** All rules by op. */
export const rules: Rules = /* @__PURE__ */ Object.assign(
  {},
  attentionRules,
  castRules,
  elementRules,
  indexRules,
  lossRules,
  normRules,
  productRules,
  recurrentRules,
  reduceRules,
  sampleRules,
  shapeRules,
  windowRules,
);

/** The rule for an op at an opset. @throws LanewiseError kind 'file' if there is none, or for other opsets only. */
export function ruleFor(op: string, version: number): Rule {
  const rule = Object.hasOwn(rules, op) ? rules[op]! : undefined;
  if (!rule) throw new LanewiseError('file', `${op} is an op that Lanewise has no rule for`);
  const { since, until = Infinity } = rule;
  if (version < since || version > until)
    throw new LanewiseError(
      'file',
      `${op} is read of opset ${since}${until < Infinity ? ` to ${until}` : ' and up'}, found ${version}`,
    );
  return rule;
}

/** The tensor of one output of an op. @throws LanewiseError for what is not supported. */
export const applyRule = (call: RuleCall): Tensor => ruleFor(call.op, call.version).build(call);

/** The element type of an op's output. */
export const outputType = (
  call: Pick<RuleCall, 'op' | 'attributes' | 'types' | 'operands' | 'output'>,
): string => rules[call.op]?.type?.(call) ?? typeOf(call, 0);
