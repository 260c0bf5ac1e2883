/** The module that decoder threads load to read the images of a folder. */
export { createReader } from '../src/data/image-reader.js';
