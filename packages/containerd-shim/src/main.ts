#!/usr/bin/env node
/** containerd-shim-runc-v2: one per container. Started by containerd, it outlives it. */
import {writeSync} from 'node:fs';
import {argv, env, exit} from 'node:process';
import {messageOf} from '@longshore/errdefs';
import {HelpRequested, parseCommandLine, usage} from './flags.ts';
import {run} from './run.ts';

const program = 'containerd-shim-runc-v2';

try {
  const {flags, rest} = parseCommandLine(argv.slice(2));
  await run(flags, rest[0] ?? '', env);
} catch (error) {
  if (error instanceof HelpRequested) {
    writeSync(2, usage(program));
    exit(0);
  }
  writeSync(2, `io.containerd.runc.v2: ${messageOf(error)}\n`);
  exit(1);
}
