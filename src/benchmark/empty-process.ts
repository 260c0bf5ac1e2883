/** What `bench coldstart` measures against: a process of the engine that does nothing. */
process.exitCode = 0;
