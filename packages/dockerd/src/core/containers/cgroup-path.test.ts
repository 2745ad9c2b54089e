import test from 'ava';
import {mergeConfig} from '../../config/config.ts';
import type {HostFacts} from '../system/host-facts.ts';
import {cgroupDriverOf, cgroupsPathOf, verifyCgroupParent, verifyCgroupSettings} from './cgroup-path.ts';
import type {ContainerRecord} from './record.ts';

const host = (version: 1 | 2, systemd: boolean) =>
  ({cgroup: {version}, systemd}) as unknown as Pick<HostFacts, 'cgroup' | 'systemd'>;
const config = (execOptions: string[] = [], cgroupParent = '') => ({...mergeConfig({}, {}), execOptions, cgroupParent});
const record = (CgroupParent = '') => ({id: 'abc', host: {CgroupParent}}) as ContainerRecord;

test('systemd is the driver where it manages a unified hierarchy, unless told otherwise', t => {
  t.is(cgroupDriverOf(config(), host(2, true)), 'systemd');
  t.is(cgroupDriverOf(config(), host(2, false)), 'cgroupfs');
  t.is(cgroupDriverOf(config(), host(1, true)), 'cgroupfs');
  t.is(cgroupDriverOf(config(['native.cgroupdriver=systemd']), host(1, true)), 'systemd');
  t.is(cgroupDriverOf(config(['native.cgroupdriver=cgroupfs']), host(2, true)), 'cgroupfs');
});

test('paths of both drivers: the parent of the container, else of the daemon, else of Docker', t => {
  const systemd = host(2, true);
  t.is(cgroupsPathOf({config: config(), facts: systemd}, record()), 'system.slice:docker:abc');
  t.is(cgroupsPathOf({config: config([], 'a.slice'), facts: systemd}, record()), 'a.slice:docker:abc');
  t.is(cgroupsPathOf({config: config([], 'a.slice'), facts: systemd}, record('b-c.slice')), 'b-c.slice:docker:abc');
  t.is(cgroupsPathOf({config: config(), facts: host(1, false)}, record()), '/docker/abc');
  t.is(cgroupsPathOf({config: config([], '/x/'), facts: host(1, false)}, record()), '/x/abc');
});

test('with systemd a parent must be a slice', t => {
  for (const good of ['', 'a.slice', 'a-b_1.slice', '-.slice', 'user:x.slice']) {
    t.notThrows(() => verifyCgroupParent(good, config(), host(2, true)), good);
  }
  for (const bad of ['/docker', 'a', '-a.slice', 'a--b.slice', 'a-.slice', 'a/b.slice', '../a.slice', '.slice']) {
    t.throws(
      () => verifyCgroupParent(bad, config(), host(2, true)),
      {message: /valid slice named as "xxx\.slice"$/},
      bad,
    );
    t.notThrows(() => verifyCgroupParent(bad, config(), host(1, false)), bad);
  }
});

test('a daemon that is told to use a systemd that is not there does not start', t => {
  t.throws(() => verifyCgroupSettings(config(['native.cgroupdriver=systemd']), host(1, false)), {
    message: /native\.cgroupdriver=systemd needs a host that systemd runs/,
  });
  t.throws(() => verifyCgroupSettings(config([], '/docker'), host(2, true)), {message: /valid slice/});
  t.notThrows(() => verifyCgroupSettings(config(), host(1, false)));
});
