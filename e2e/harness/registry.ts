import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';

export const registryHost = '127.0.0.1:5000';

/** Debian's registry inside the engine's network namespace. */
export async function startRegistry(e: Engine): Promise<void> {
  const config = join(e.paths.root, 'registry.yml');
  const storage = {filesystem: {rootdirectory: join(e.paths.root, 'registry')}, delete: {enabled: true}};
  writeFileSync(config, JSON.stringify({version: 0.1, log: {level: 'warn'}, storage, http: {addr: registryHost}}));
  await e.sandbox.spawn(['docker-registry', 'serve', config], {
    ...{env: e.clientEnv(), log: join(e.paths.logs, 'registry.log')},
  });
  const ping = async () => (await e.run(['/bin/busybox', 'wget', '-qO-', `http://${registryHost}/v2/`])).exitCode === 0;
  await poll(ping, {what: 'the registry to answer'});
}
