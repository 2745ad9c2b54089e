/**
 * `npm run quickstart`: builds, starts an isolated engine, runs a container in it, shows the live process tree and
 * what the clients print of it, and stops everything.
 */
import {spawnSync} from 'node:child_process';
import {join, resolve} from 'node:path';
import {env, exit, stdout} from 'node:process';
import {styleText} from 'node:util';

const root = resolve(import.meta.dirname, '..');

build();
// Only now: it needs the protocols' types, which the build generates.
await import('./quickstart-engine.ts');

function build(): void {
  console.log(styleText('bold', '\n▸ building (from the cache where nothing changed)'));
  const result = spawnSync(join(root, 'node_modules/.bin/nx'), ['run-many', '-t', 'build', '--output-style=static'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {...env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', DO_NOT_TRACK: '1'},
  });
  if (result.status === 0) return;
  stdout.write(result.stdout);
  exit(1);
}
