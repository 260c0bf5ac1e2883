/**
 * Every update rule. What the package exports, what settings may name, the command line's choices and the tests of rules
 * follow from these lists.
 */
export { sgd, type SgdOptions } from './sgd.js';
export { momentum, type MomentumOptions } from './momentum.js';
export { lars, type LarsOptions } from './lars.js';
export * from './rated.js';
