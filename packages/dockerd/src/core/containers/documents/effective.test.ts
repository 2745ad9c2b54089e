/** No field of a request is taken and ignored: each is read by some part of the daemon, or has no effect in Docker either. */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {containerConfig} from './container-config.ts';
import {hostConfig} from './host-config.ts';
import {endpointIpamConfig, endpointSettings} from './network-settings.ts';

/** Kept and shown, and nothing more, as Docker does on Linux. */
const onlyShown = new Set(['Cgroup', 'ContainerIDFile', 'CpuCount']);

const source = join(import.meta.dirname, '../../..');
const code = readdirSync(source, {recursive: true, encoding: 'utf8'})
  .filter(path => path.endsWith('.ts') && !path.includes('/documents/') && !/\.test(ing)?\./.test(path))
  .map(path => readFileSync(join(source, path), 'utf8'))
  .join('\n');

const documents = {
  Config: containerConfig.zero(),
  HostConfig: hostConfig.zero(),
  EndpointSettings: endpointSettings.zero(),
  EndpointIPAMConfig: endpointIpamConfig.zero(),
};

for (const [document, fields] of Object.entries(documents)) {
  for (const name of Object.keys(fields)) {
    test(`${document}.${name}`, t => {
      const isRead = new RegExp(`\\.${name}\\b|[{,]\\s*${name}\\b\\s*[,:}]|'${name}'`).test(code);
      t.is(isRead, !onlyShown.has(name), isRead ? 'it is read' : 'nobody reads it');
    });
  }
}
