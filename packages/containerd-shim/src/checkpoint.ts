/** Checkpoints of a container: where CRIU works, and what is said when it fails. */
import {copyFileSync, mkdirSync, rmSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {CheckpointOptions, RuncRuntime} from '@longshore/runc-wrapper';
import type {RestoreSource} from './container.ts';

/** What the runtime's options say about CRIU, for checkpoints that do not say it themselves. */
export type CriuOptions = Pick<Options, 'binaryName' | 'criuPath' | 'criuImagePath' | 'criuWorkPath'>;

export interface Checkpoint {
  runtime: RuncRuntime;
  id: string;
  bundle: string;
  options: CheckpointOptions;
  criu: CriuOptions;
}

/** CRIU's log of a failure is kept in the bundle; the error names it, in the words of containerd's shim. */
export async function takeCheckpoint({runtime, id, bundle, options, criu}: Checkpoint): Promise<void> {
  const given = options.workPath || criu.criuWorkPath;
  const workPath = given || join(bundle, 'work', 'criu-work');
  mkdirSync(workPath, {recursive: true, mode: 0o711});
  try {
    const imagePath = options.imagePath || criu.criuImagePath;
    await runtime.checkpoint(id, {...options, imagePath, workPath, ...criuPath(criu)});
  } catch (error) {
    const log = join(bundle, 'criu-dump.log');
    copyIfThere(join(workPath, 'dump.log'), log);
    const runc = basename(criu.binaryName || 'runc');
    const words = messageOf(error).split('\n')[0];
    const text = `${runc} did not terminate successfully: exit status 1: ${words} path= ${log}`;
    throw new EngineError('unknown', text, {cause: error});
  } finally {
    if (given === '') rmSync(workPath, {recursive: true, force: true});
  }
}

export function restoreSource(imagePath: string, criu: CriuOptions): RestoreSource {
  return {imagePath, ...(criu.criuWorkPath === '' ? {} : {workPath: criu.criuWorkPath}), ...criuPath(criu)};
}

function criuPath({criuPath: path}: CriuOptions): {criuPath?: string} {
  return path === '' ? {} : {criuPath: path};
}

function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
