/** Named endpoints: `contexts/meta/SHA256(name)/meta.json` under the configuration directory. */
import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

export interface ContextMetadata {
  Name: string;
  Metadata: {Description?: string};
  Endpoints: {docker?: {Host?: string; SkipTLSVerify?: boolean}};
}

/** A context and the name of its directories. */
export type StoredContext = ContextMetadata & {id: string};

export function contextId(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

export function contextPaths(directory: string, id: string): {meta: string; tls: string} {
  return {meta: join(directory, 'contexts/meta', id), tls: join(directory, 'contexts/tls', id)};
}

/** Throws an Error with Docker's text when there is no such context. */
export function readContext(directory: string, name: string): StoredContext {
  const id = contextId(name);
  const path = join(contextPaths(directory, id).meta, 'meta.json');
  try {
    return {...(JSON.parse(readFileSync(path, 'utf8')) as ContextMetadata), id};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`context "${name}": context not found: open ${path}: no such file or directory`);
  }
}

/** All contexts but `default`, which is stored nowhere; sorted by name. */
export function listContexts(directory: string): StoredContext[] {
  let ids: string[];
  try {
    ids = readdirSync(join(directory, 'contexts/meta'));
  } catch {
    return [];
  }
  const contexts = ids.flatMap(id => {
    try {
      const text = readFileSync(join(contextPaths(directory, id).meta, 'meta.json'), 'utf8');
      return [{...(JSON.parse(text) as ContextMetadata), id}];
    } catch {
      return []; // a directory without metadata is no context
    }
  });
  return contexts.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

export function writeContext(directory: string, context: ContextMetadata, tls: Record<string, Buffer> = {}): void {
  const paths = contextPaths(directory, contextId(context.Name));
  mkdirSync(paths.meta, {recursive: true, mode: 0o755});
  const temporary = join(paths.meta, `meta.json.${process.pid}.tmp`);
  writeFileSync(temporary, JSON.stringify(context), {mode: 0o644});
  renameSync(temporary, join(paths.meta, 'meta.json'));
  rmSync(paths.tls, {recursive: true, force: true});
  for (const [name, content] of Object.entries(tls)) {
    mkdirSync(join(paths.tls, 'docker'), {recursive: true, mode: 0o700});
    writeFileSync(join(paths.tls, 'docker', `${name}.pem`), content, {mode: 0o600});
  }
}

export function removeContext(directory: string, id: string): void {
  const paths = contextPaths(directory, id);
  rmSync(paths.tls, {recursive: true, force: true});
  rmSync(paths.meta, {recursive: true, force: true});
}
