/** FIFOs of a task that was started with --detach, or that its terminal has left: they belong to the task. */
import {lstatSync, rmdirSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import type {StdioPaths} from './stdio.ts';

/** Removes them with the directory that was made for them; nothing else: a log file stays. */
export function removeFifos({stdin, stdout, stderr}: StdioPaths): void {
  const fifos = [stdin, stdout, stderr].filter(isFifo);
  for (const path of fifos) rmSync(path, {force: true});
  for (const directory of new Set(fifos.map(path => dirname(path)))) removeIfEmpty(directory);
}

function isFifo(path: string): boolean {
  return path.startsWith('/') && lstatSync(path, {throwIfNoEntry: false})?.isFIFO() === true;
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    const {code = ''} = error as NodeJS.ErrnoException;
    if (!['ENOTEMPTY', 'ENOENT', 'EBUSY'].includes(code)) throw error;
  }
}
