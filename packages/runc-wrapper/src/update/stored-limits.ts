/** The limits within runc's state.json, read and written so that every other byte of meaning stays. */
import {closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync} from 'node:fs';
import {weightOfShares} from '@longshore/linux';
import type {ContainerRecord} from '../state/record.ts';
import type {Limits} from './resource-fields.ts';

interface StateFile {
  config: {cgroups: Record<string, unknown>};
}

/** Empty for runtimes that keep no limits in their state. */
export function storedLimits(record: ContainerRecord): Limits {
  if (record.format !== 'runc') return {};
  return (JSON.parse(readFileSync(pathOf(record), 'utf8')) as StateFile).config.cgroups as Limits;
}

/**
 * Writes what was changed into the state, for the runtime's own next `update`. The file is replaced as a whole: who
 * is killed here leaves the old state and an extra file, which goes with the container.
 */
export function storeLimits(record: ContainerRecord, limits: Limits): void {
  if (record.format !== 'runc') return;
  const state = readState(record);
  Object.assign(state.config.cgroups, limits);
  const {cpu_shares: shares, memory, memory_swap: both} = limits;
  if (shares !== undefined) state.config.cgroups.cpu_weight = weightOfShares(shares);
  if (memory === -1 && both === undefined) state.config.cgroups.memory_swap = -1;
  replaceFile(pathOf(record), JSON.stringify(state));
}

function pathOf(record: ContainerRecord): string {
  return `${record.directory}/state.json`;
}

/** ECMAScript 2026; both runtimes have it and TypeScript's library does not know it yet. */
const {rawJSON} = JSON as unknown as {rawJSON(text: string): unknown};

/** Go writes 64-bit integers, which a JavaScript number would round: such ones are kept as they were written. */
function readState(record: ContainerRecord): StateFile {
  const exact = (_key: string, value: unknown, context?: {source?: string}) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && context?.source !== undefined
      ? rawJSON(context.source)
      : value;
  return JSON.parse(readFileSync(pathOf(record), 'utf8'), exact) as StateFile;
}

function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, {force: true});
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
