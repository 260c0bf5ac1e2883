/**
 * A list of all update rules. The package's exports, the names in settings, the command line's choices and the tests of
 * rules follow from it.
 */
export { sgd, type SgdOptions } from './sgd.js';
export { momentum, type MomentumOptions } from './momentum.js';
export { lars, type LarsOptions } from './lars.js';
export * from './rated.js';
