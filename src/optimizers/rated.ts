/** The update rules that have a default learning rate, so that a setting may name them. */
export { adagrad, type AdagradOptions } from './adagrad.js';
export { rmsprop, type RmspropOptions } from './rmsprop.js';
export { adadelta, type AdadeltaOptions } from './adadelta.js';
export { adam, adamW, type AdamOptions } from './adam.js';
export { adamax, type AdamaxOptions } from './adamax.js';
export { lion, type LionOptions } from './lion.js';
