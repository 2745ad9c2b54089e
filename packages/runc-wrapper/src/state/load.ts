/** Reads the state directories of a root. What is read is the truth of that moment: nothing is cached. */
import {readdirSync, readFileSync} from 'node:fs';
import type {Spec} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {cgroupPathsAt} from '../cgroups/container-cgroup.ts';
import {checkContainerId} from '../container-id.ts';
import {type CrunStatusFile, parseCrunState} from './crun-state.ts';
import type {ContainerRecord} from './record.ts';
import {parseRuncState, type RuncStateFile} from './runc-state.ts';

/** Throws not-found with runc's text when there is no such container, or only a half-made one. */
export function loadContainer(root: string, id: string): ContainerRecord {
  checkContainerId(id);
  const record = loadIfExists(root, id);
  if (!record) throw new EngineError('not-found', 'container does not exist');
  return record;
}

/** Every container of the root, by name. Throws ENOENT (of node:fs) when the root itself is missing. */
export function loadContainers(root: string, onError: (id: string, error: unknown) => void): ContainerRecord[] {
  const records: ContainerRecord[] = [];
  for (const entry of readdirSync(root, {withFileTypes: true})) {
    if (!entry.isDirectory()) continue;
    try {
      const record = loadIfExists(root, entry.name);
      if (record) records.push(record);
    } catch (error) {
      onError(entry.name, error);
    }
  }
  return records.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function loadIfExists(root: string, id: string): ContainerRecord | undefined {
  const directory = `${root}/${id}`;
  const runc = readJson(`${directory}/state.json`);
  if (runc) return parseRuncState(runc as RuncStateFile, directory);
  const crun = readJson(`${directory}/status`);
  if (!crun) return undefined;
  const spec = (readJson(`${directory}/config.json`) ?? {}) as Spec;
  return parseCrunState(id, crun as CrunStatusFile, spec, directory, cgroupPathsAt);
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EngineError('data-loss', `unable to unmarshal ${path}`, {cause: error});
  }
}
