/**
 * `npm run test:conformance [-- [--original] [SUITE…]]`: the engine's suites (moby.ts) and containerd's (containerd.ts),
 * which is named `containerd`; without names all of them.
 */
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {argv, execPath, exit} from 'node:process';

const options = argv.slice(2).filter(each => each.startsWith('--'));
const names = argv.slice(2).filter(each => !each.startsWith('--'));
const engineSuites = names.filter(name => name !== 'containerd');
const isAll = names.length === 0;

const codes: number[] = [];
if (isAll || engineSuites.length > 0) codes.push(run('moby.ts', [...options, ...engineSuites]));
// Without an option it compares with the original by itself.
const only = options.includes('--original') ? ['--only', 'original'] : [];
if (isAll || names.includes('containerd')) codes.push(run('containerd.ts', only));
exit(Math.max(...codes));

function run(file: string, parameters: readonly string[]): number {
  const {status, error} = spawnSync(execPath, [join(import.meta.dirname, file), ...parameters], {stdio: 'inherit'});
  if (error) throw error;
  return status ?? 1;
}
