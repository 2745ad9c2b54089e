import test from 'ava';
import {containerConfig} from '../documents/container-config.ts';
import {hostConfig} from '../documents/host-config.ts';
import {ContainerRegistry} from '../registry.ts';
import {collectMounts} from './collect.ts';

const daemonRoot = '/var/lib/docker';

function propagationOf(host: object): string | undefined {
  const wanted = collectMounts(containerConfig.zero(), hostConfig.decode(host, ''), {
    registry: new ContainerRegistry(),
    isReadOnlyTopOnly: false,
    daemonRoot,
  });
  const [entry] = wanted.values();
  return entry?.kind === 'new' ? entry.mount.propagation : undefined;
}

test('what shows the directory of the daemon follows what the host unmounts', t => {
  for (const source of ['/', '/var', '/var/lib/docker', '/var/lib/docker/volumes/']) {
    t.is(propagationOf({Binds: [`${source}:/x`]}), 'rslave', source);
    t.is(propagationOf({Mounts: [{Type: 'bind', Source: source, Target: '/x'}]}), 'rslave', source);
  }
  t.is(propagationOf({Binds: ['/var:/x:rshared']}), 'rshared');
  for (const source of ['/var/lib/docker2', '/srv']) t.is(propagationOf({Binds: [`${source}:/x`]}), 'rprivate');
});

test('a propagation that would keep its mounts is refused', t => {
  for (const mode of ['private', 'rprivate', 'shared', 'slave']) {
    t.throws(() => propagationOf({Binds: [`${daemonRoot}:/x:${mode}`]}), {
      message: new RegExp(`must use either propagation mode "rslave" or "rshared".* propagation: "${mode}"$`),
    });
  }
});

test('targets of tmpfs mounts are absolute and not the root', t => {
  for (const [target, problem] of [
    ['.', 'mount path must be absolute'],
    ['foo', 'mount path must be absolute'],
    ['/', `destination can't be '/'`],
    ['//', `destination can't be '/'`],
  ] as const) {
    t.throws(() => propagationOf({Tmpfs: {[target]: ''}}), {message: new RegExp(`${problem}$`)});
  }
});
