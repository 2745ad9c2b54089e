import type {Spec} from '@longshore/api/oci';
import test from 'ava';
import {delegatedLimits} from '../../../drivers/host/rootless-facts.ts';
import type {CgroupFacts} from '../../system/host-facts.ts';
import {type RootlessLimits, toRootless} from './rootless.ts';

const all: CgroupFacts = {
  version: 2,
  memoryLimit: true,
  swapLimit: true,
  memoryReservation: true,
  memorySwappiness: false,
  oomKillDisable: false,
  kernelMemory: false,
  kernelMemoryTcp: false,
  cpuShares: true,
  cpuCfs: true,
  cpuRealtime: false,
  cpuset: true,
  cpusetCpus: '0-1',
  cpusetMems: '0',
  pids: true,
  blkioWeight: true,
  blkioWeightDevice: true,
  blkioReadBps: true,
  blkioWriteBps: true,
  blkioReadIops: true,
  blkioWriteIops: true,
};
const spec: Spec = {
  ociVersion: '1.2.0',
  process: {user: {uid: 0, gid: 0}, args: ['sh'], cwd: '/', oomScoreAdj: -500},
  mounts: [
    {destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid']},
    {destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid']},
  ],
  linux: {
    cgroupsPath: 'user.slice:docker:x',
    namespaces: [{type: 'mount'}],
    resources: {
      devices: [{allow: false, access: 'rwm'}],
      memory: {limit: 1},
      cpu: {shares: 2},
      pids: {limit: 3},
      blockIO: {weight: 4},
    },
  },
};
const limits: RootlessLimits = {cgroup: all, ownOomScoreAdj: 100, hostPid: false, hostIpc: false, hasQueues: true};

test('limits of delegated controllers stay; device rules go', t => {
  const cgroup = delegatedLimits(all, ['memory', 'pids']);
  const {linux, process, mounts} = toRootless(spec, {...limits, cgroup});
  t.deepEqual(linux?.resources, {memory: {limit: 1}, pids: {limit: 3}});
  t.is(linux?.cgroupsPath, 'user.slice:docker:x');
  t.is(process?.oomScoreAdj, 100);
  t.deepEqual(mounts, spec.mounts);
});

test('without a cgroup there are no limits', t => {
  const {linux} = toRootless({...spec, linux: {...spec.linux, cgroupsPath: ''}}, limits);
  t.deepEqual(linux, {namespaces: [{type: 'mount'}]});
});

test('file systems of namespaces of the host are bound', t => {
  const bind = (path: string) => ({destination: path, type: 'bind', source: path, options: ['rbind']});
  const shared = {...limits, hostPid: true, hostIpc: true};
  t.deepEqual(toRootless(spec, shared).mounts, [bind('/proc'), bind('/dev/mqueue')]);
  t.deepEqual(toRootless(spec, {...shared, hasQueues: false}).mounts, [bind('/proc')]);
});

test('nothing is delegated on cgroup v1', t => {
  const facts = delegatedLimits({...all, version: 1}, ['memory', 'cpu', 'cpuset', 'io', 'pids']);
  const on = Object.entries(facts).filter(([, value]) => value === true);
  t.deepEqual(on, [['rootless', true]]);
  t.deepEqual([facts.cpusetCpus, facts.cpusetMems], ['', '']);
});
