/**
 * What execve(2) would refuse is refused before the runtime is run: it would make the container, fail at its start, and
 * print the whole of a megabyte's argument as an error.
 */
import {readFileSync, statSync} from 'node:fs';
import type {Process, Spec} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';

/** MAX_ARG_STRLEN: one argument or variable with the NUL at its end. */
const stringMaximum = 128 * 1024;
/** All together (fs/exec.c): a quarter of the stack's limit, within these bounds; each also costs a pointer. */
const totalMinimum = 128 * 1024;
const totalMaximum = 6 * 1024 * 1024;
const usualStack = 8 * 1024 * 1024;
const pointerSize = 8;
/** PATH_MAX, with the NUL. */
const pathMaximum = 4096;

/** Throws invalid-argument (`argument list too long`) for the process of a bundle that cannot be executed. */
export function checkBundleArguments(bundle: string): void {
  checkFile(`${bundle}/config.json`, text => (JSON.parse(text) as Spec).process);
}

/** The same for the file of an exec's process. */
export function checkProcessArguments(path: string): void {
  checkFile(path, text => JSON.parse(text) as Process);
}

/** A file that is too small for such strings is not even read. What is wrong with it otherwise, the runtime tells. */
function checkFile(path: string, processOf: (text: string) => Process | undefined): void {
  const size = statSync(path, {throwIfNoEntry: false})?.size ?? 0;
  if (size < pathMaximum * 16) return;
  let process: Process | undefined;
  try {
    process = processOf(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return;
    throw error;
  }
  if (process) checkProcess(process);
}

export function checkProcess({args = [], env = [], cwd = '', rlimits = []}: Partial<Process>): void {
  const stack = rlimits?.find(({type}) => type === 'RLIMIT_STACK')?.soft ?? usualStack;
  const maximum = Math.max(Math.min(stack / 4, totalMaximum), totalMinimum);
  const sizes = [...(args ?? []), ...(env ?? [])].map(text => Buffer.byteLength(String(text)) + 1);
  const total = sizes.reduce((sum, size) => sum + size + pointerSize, 0);
  if (total > maximum || sizes.some(size => size > stringMaximum)) {
    const text = `unable to start container process: exec: ${shown(args?.[0] ?? '')}: argument list too long`;
    throw new EngineError('invalid-argument', text);
  }
  if (Buffer.byteLength(cwd) >= pathMaximum) {
    const text = `unable to start container process: chdir to cwd (${shown(cwd)}) set in config.json failed: file name too long`;
    throw new EngineError('invalid-argument', text);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
