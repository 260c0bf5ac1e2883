/** An empty process of the engine, against which `bench coldstart` measures. */
process.exitCode = 0;
