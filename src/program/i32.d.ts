/** AssemblyScript's name, in files that both compilers read. */
declare type i32 = number;
