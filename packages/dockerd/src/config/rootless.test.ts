import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {cgroupDriverOf, cgroupsPathOf, verifyCgroupSettings} from '../core/containers/cgroup-path.ts';
import type {HostFacts} from '../core/system/host-facts.ts';
import {hostWarnings} from '../core/system/warnings.ts';
import {parseHost} from './hosts.ts';
import {loadConfig} from './load.ts';
import {readRootlessEnvironment, rootlessHost} from './rootless.ts';

const env = {
  ROOTLESSKIT_STATE_DIR: '/run/user/1000/dockerd-rootless',
  ROOTLESSKIT_PARENT_EUID: '1000',
  XDG_RUNTIME_DIR: '/run/user/1000',
  HOME: '/home/dev',
};

test('rootlesskit makes the daemon rootless, with its files in the directories of the user', async t => {
  const rootless = readRootlessEnvironment(env);
  const config = await loadConfig([], rootless);
  t.like(config, {
    rootless: true,
    dataRoot: '/home/dev/.local/share/docker',
    execRoot: '/run/user/1000/docker',
    pidFile: '/run/user/1000/docker.pid',
    configFile: '/home/dev/.config/docker/daemon.json',
    cdiSpecDirs: ['/home/dev/.config/cdi', '/run/user/1000/cdi'],
  });
  t.is(parseHost('', false, rootlessHost(rootless)), 'unix:///run/user/1000/docker.sock');
  t.is(parseHost('unix://', false, rootlessHost(rootless)), 'unix:///run/user/1000/docker.sock');
  t.false((await loadConfig(['--rootless=false', '--config-file', '/dev/null'], rootless)).rootless);
  t.is((await loadConfig(['--data-root', '/d'], rootless)).dataRoot, '/d');
});

test('--rootless does so too; daemon.json is that of the user', async t => {
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  t.teardown(() => rm(home, {recursive: true}));
  await mkdir(join(home, 'docker'));
  await writeFile(join(home, 'docker', 'daemon.json'), '{"labels": ["a=b"], "data-root": "/srv/docker"}');
  const given = {HOME: '/home/dev', XDG_RUNTIME_DIR: '/run/x', XDG_CONFIG_HOME: home, XDG_DATA_HOME: '/data'};
  const rootless = readRootlessEnvironment(given);
  t.like(await loadConfig(['--rootless'], rootless), {
    labels: ['a=b'],
    dataRoot: '/srv/docker',
    execRoot: '/run/x/docker',
  });
  t.like(await loadConfig(['--config-file', '/dev/null'], rootless), {rootless: false, dataRoot: '/var/lib/docker'});
  const without = (name: keyof typeof env) => readRootlessEnvironment({...env, [name]: undefined});
  await t.throwsAsync(loadConfig([], without('XDG_RUNTIME_DIR')), {
    message: 'rootless mode needs XDG_RUNTIME_DIR to be set',
  });
  await t.throwsAsync(loadConfig([], without('HOME')), {message: 'rootless mode needs HOME to be set'});
});

test('only systemd on a unified hierarchy gives cgroups to ordinary users', t => {
  const rootless = {rootless: true, execOptions: [], cgroupParent: ''};
  const record = {id: 'abc', host: {CgroupParent: ''}} as never;
  const host = (version: 1 | 2, systemd: boolean) => ({cgroup: {version}, systemd}) as HostFacts;
  t.is(cgroupDriverOf(rootless, host(2, true)), 'systemd');
  t.is(cgroupDriverOf(rootless, host(2, false)), 'none');
  t.is(cgroupDriverOf(rootless, host(1, true)), 'none');
  t.is(cgroupDriverOf({...rootless, execOptions: ['native.cgroupdriver=cgroupfs']}, host(2, true)), 'none');
  const path = (facts: HostFacts) => cgroupsPathOf({config: rootless as never, facts}, record);
  t.is(path(host(2, true)), 'user.slice:docker:abc');
  t.is(path(host(1, true)), '');
  const forced = {...rootless, execOptions: ['native.cgroupdriver=systemd']} as never;
  t.throws(() => verifyCgroupSettings(forced, host(1, true)), {
    message: 'exec-opt native.cgroupdriver=systemd requires cgroup v2 for rootless mode',
  });
  t.throws(() => verifyCgroupSettings(forced, host(2, false)), {message: /needs a systemd of the user/});
  t.notThrows(() => verifyCgroupSettings(forced, host(2, true)));
});

test('what is missing without cgroups is one warning', t => {
  const host = (version: 1 | 2) => ({cgroup: {version}}) as HostFacts;
  t.deepEqual(hostWarnings(host(1), 'none', true), [
    'WARNING: Running in rootless-mode without cgroups. To enable cgroups in rootless-mode, you need to boot the system in cgroup v2 mode.',
  ]);
  t.deepEqual(hostWarnings(host(2), 'none', false), [
    'WARNING: Running in rootless-mode without cgroups. Systemd is required to enable cgroups in rootless-mode.',
    'WARNING: IPv4 forwarding is disabled',
  ]);
});
