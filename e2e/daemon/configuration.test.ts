/** What daemon.json says is what containers and `docker info` show. */
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

interface Info {
  Runtimes: Record<string, {path?: string; runtimeArgs?: string[]}>;
  GenericResources: unknown;
  Labels: string[];
  RegistryConfig: {Mirrors: string[]; IndexConfigs: Record<string, unknown>};
  CDISpecDirs: string[];
  DefaultRuntime: string;
}

test('a runtime with arguments, and what else info shows of the configuration', async t => {
  const wrapper = `/tmp/ls-wrapper-${process.pid}`;
  const seen = `${wrapper}.seen`;
  t.teardown(() => [wrapper, seen].map(path => rmSync(path, {force: true})));
  writeFileSync(wrapper, `#!/bin/sh\n[ "$1" = --marker ] && shift\necho "$@" >> ${seen}\nexec runc "$@"\n`, {
    mode: 0o755,
  });
  const engine = await openEngine(t, {
    config: {
      runtimes: {marked: {path: wrapper, runtimeArgs: ['--marker']}},
      'default-runtime': 'marked',
      'default-ulimits': {nofile: {Name: 'nofile', Soft: 1234, Hard: 2345}},
      'default-shm-size': '32M',
      'node-generic-resources': ['gpu=UUID1', 'fpga=2'],
      labels: ['a=b'],
      'registry-mirrors': ['https://mirror.example'],
      'insecure-registries': ['registry.example:5000'],
      'cdi-spec-dirs': ['/etc/other-cdi'],
      features: {'containerd-snapshotter': true},
      builder: {gc: {enabled: true, defaultKeepStorage: '20GB'}},
      'default-network-opts': {bridge: {'com.docker.network.driver.mtu': '1234'}},
      'allow-direct-routing': true,
      'no-new-privileges': true,
      'raw-logs': true,
    },
  });
  const info = await engine.api.get<Info>('/info');
  t.like(info.Runtimes.marked, {path: wrapper, runtimeArgs: ['--marker']});
  t.deepEqual(info.GenericResources, [
    {NamedResourceSpec: {Kind: 'gpu', Value: 'UUID1'}},
    {DiscreteResourceSpec: {Kind: 'fpga', Value: 2}},
  ]);
  t.deepEqual(info.Labels, ['a=b']);
  t.deepEqual(info.RegistryConfig.Mirrors, ['https://mirror.example/']);
  t.true('registry.example:5000' in info.RegistryConfig.IndexConfigs);
  t.deepEqual([info.CDISpecDirs, info.DefaultRuntime], [['/etc/other-cdi'], 'marked']);
  const show = 'ulimit -Sn; ulimit -Hn; df -k /dev/shm | tail -1; grep NoNewPrivs /proc/self/status';
  const shown = await engine.dockerOk('run', '--rm', 'busybox', 'sh', '-c', show);
  t.regex(shown, /^1234\n2345\nshm +32768 [\s\S]*NoNewPrivs:\s+1$/);
  t.regex(readFileSync(seen, 'utf8'), /create/, 'the runtime was called through its script');
  await engine.dockerOk('network', 'create', 'n1');
  t.regex(await engine.dockerOk('run', '--rm', '--network', 'n1', 'busybox', 'ip', 'link', 'show', 'eth0'), /mtu 1234/);
});

test('--validate says what is wrong in one line, and nothing is started', async t => {
  const engine = await openEngine(t, {busybox: false});
  const run = (config: string) => {
    const path = join(engine.paths.scratch, 'daemon.json');
    writeFileSync(path, config);
    return engine.run([engine.executables.dockerd, '--validate', '--config-file', path]);
  };
  t.like(await run('{"debug":true}'), {exitCode: 0, stdout: 'configuration OK'});
  const bad = await run('{"bogus":true}');
  t.is(bad.exitCode, 1);
  t.regex(bad.stderr, /^unable to configure the Docker daemon with file \S+: the following directives don't match/);
  t.is(bad.stderr.split('\n').length, 1);
});
