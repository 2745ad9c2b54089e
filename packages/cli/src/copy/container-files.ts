/** Files of a container through the engine. */
import type {ContainerPathStat} from '@longshore/api/engine';
import {isNotFound} from '../client/api-error.ts';
import type {EngineClient, EngineResponse} from '../client/engine-client.ts';
import type {HttpHead} from '../client/http.ts';
import type {PathInfo} from './paths.ts';

/** Bits of Go's file mode, which the engine answers with. */
const goModeDirectory = 2 ** 31;
const goModeSymlink = 2 ** 27;

export interface ContainerPath extends PathInfo {
  /** Where it leads, for a symbolic link. */
  linkTarget: string;
}

/** What is at a path of a container; a missing one is no error. */
export async function statPath(client: EngineClient, container: string, path: string): Promise<ContainerPath> {
  try {
    const response = await client.request('HEAD', archivePath(container), {query: {path}});
    await response.text();
    return describe(path, response.head);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return {path, exists: false, isDirectory: false, linkTarget: ''};
  }
}

/** An archive of a path, with what is at that path. */
export async function readArchive(
  client: EngineClient,
  container: string,
  path: string,
): Promise<{info: ContainerPath; response: EngineResponse}> {
  const response = await client.request('GET', archivePath(container), {query: {path}});
  return {info: describe(path, response.head), response};
}

export function archivePath(container: string): string {
  return `/containers/${container}/archive`;
}

function describe(path: string, head: HttpHead): ContainerPath {
  const text = Buffer.from(head.headers.get('x-docker-container-path-stat') ?? '', 'base64').toString();
  if (text === '')
    throw new Error('unable to get resource stat from response: unable to decode container path stat header: EOF');
  const {mode, linkTarget} = JSON.parse(text) as ContainerPathStat;
  const has = (bit: number) => Math.floor(Number(mode) / bit) % 2 === 1;
  return {path, exists: true, isDirectory: has(goModeDirectory), linkTarget: has(goModeSymlink) ? linkTarget : ''};
}
