/** The declaration of AssemblyScript's i32 for files that both compilers read. */
declare type i32 = number;
type bool = boolean;
