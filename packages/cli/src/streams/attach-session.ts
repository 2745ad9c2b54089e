/** The time between attaching to a container or exec and its end: terminal mode, sizes, bytes both ways. */
import type {Writable} from 'node:stream';
import {resolveDetachKeys} from '@longshore/term';
import type {Cli} from '../cli.ts';
import type {Hijacked} from '../client/engine-client.ts';
import {type PumpResult, pump} from './pump.ts';
import {followSize, rawTerminal, type TerminalSize} from './terminal.ts';

export interface SessionOptions {
  stream: Hijacked;
  wantsInput: boolean;
  /** The process inside has a terminal: input is typed through, output is one stream. */
  hasTerminal: boolean;
  /** `--detach-keys`; empty for the configuration's. */
  detachKeys: string;
  /** Makes a program that was left alone draw its screen again, by a change of size and back. */
  redraws?: boolean;
  resize?(size: TerminalSize): Promise<unknown>;
}

/** Resolves when the output ends or the user detaches. The terminal is then as it was. */
export async function attachSession(cli: Cli, options: SessionOptions): Promise<PumpResult> {
  const {stream, wantsInput, hasTerminal, detachKeys, redraws, resize} = options;
  const keys = wantsInput && hasTerminal ? resolveDetachKeys(detachKeys, cli.config.detachKeys) : undefined;
  const isTyped = wantsInput && hasTerminal && cli.stdin.isTTY;
  using _raw = isTyped ? await rawTerminal(cli.stdin) : undefined;
  using _size = hasTerminal && resize ? followSize(cli.stdout, resize, redraws) : undefined;
  return await pump({
    socket: stream.socket,
    first: stream.first,
    stdin: wantsInput ? cli.stdin : undefined,
    stdout: cli.stdout as Writable,
    stderr: cli.stderr as Writable,
    isMultiplexed: !hasTerminal,
    detachKeys: keys,
  });
}
