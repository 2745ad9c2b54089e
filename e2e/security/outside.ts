/** A directory of the machine that no container may reach, whatever it and its image do. */
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Engine} from '@longshore/testing';

export const secret = 'only of the machine';

export interface Outside {
  path: string;
  /** Words for each thing that was written, made, removed or mounted there. */
  changes: () => string[];
}

export function makeOutside(engine: Engine): Outside {
  const path = join(engine.paths.scratch, 'outside');
  mkdirSync(path);
  const files = {file: secret, passwd: 'planted:x:0:0::/:/bin/sh\n'};
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  const changes = () => {
    const names = readdirSync(path).filter(name => !(name in files));
    const edited = Object.entries(files).filter(
      ([name, content]) => readFileSync(join(path, name), 'utf8') !== content,
    );
    const mounts = readFileSync(`/proc/${engine.sandbox.pid}/mountinfo`, 'utf8').split('\n');
    return [
      ...names.map(name => `made ${name}`),
      ...edited.map(([name]) => `changed ${name}`),
      ...mounts.filter(line => line.split(' ')[4]?.startsWith(path)).map(line => `mounted ${line}`),
    ];
  };
  return {path, changes};
}

/** Shell text that prints the secret when the machine's root is the working directory or one of its parents. */
export function lookAround(outside: string): string {
  return `at=.; for i in 1 2 3 4 5 6 7 8 9; do cat $at${outside}/file 2>/dev/null; at=$at/..; done; true`;
}
