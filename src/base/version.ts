/** The version of the package, which the build inserts from package.json. */
declare const LANEWISE_VERSION: string;

export const version = LANEWISE_VERSION;
