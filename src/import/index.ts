/** `lanewise/import`: reads the files of other programs, so that they can be trained. */
export { LanewiseError } from '../base/errors.js';
