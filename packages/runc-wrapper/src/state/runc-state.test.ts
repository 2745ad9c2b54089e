import test from 'ava';
import {parseCrunState} from './crun-state.ts';
import {parseRuncState, type RuncStateFile} from './runc-state.ts';

const file: RuncStateFile = {
  id: 'c1',
  init_process_pid: 42,
  init_process_start: 243171,
  created: '2026-11-21T02:15:18.383254344Z',
  rootless: false,
  cgroup_paths: {'': '/sys/fs/cgroup/unified/a', freezer: '/sys/fs/cgroup/freezer/a'},
  intel_rdt_path: '',
  config: {
    rootfs: '/b/rootfs',
    version: '1.2.1',
    labels: ['bundle=evil', 'x.y=z=1', 'nothing', 'bundle=/b'],
    namespaces: [
      {type: 'NEWNS', path: ''},
      {type: 'NEWPID', path: ''},
    ],
    cgroups: {},
    Hooks: {
      poststart: [{path: '/no'}],
      poststop: [{path: '/bin/true', args: ['true', 'x'], env: null, timeout: 5_000_000_000}],
    },
  },
};

test("runc's file: labels are annotations and the bundle, whose last entry is runc's own", t => {
  const record = parseRuncState(file, '/run/runc/c1');
  t.is(record.bundle, '/b');
  t.deepEqual(record.annotations, {'x.y': 'z=1'});
  t.is(record.pid, 42);
  t.is(record.startTime, 243171);
  t.true(record.ownPidNamespace);
  t.false(record.systemdCgroup);
  t.deepEqual(record.cgroupPaths, file.cgroup_paths as Record<string, string>);
});

test('hooks: poststop is owed, with its timeout in seconds; poststart was run by create', t => {
  const record = parseRuncState(file, '/run/runc/c1');
  t.deepEqual(record.poststopHooks, [{path: '/bin/true', args: ['true', 'x'], timeout: 5}]);
  t.deepEqual(record.poststartHooks, []);
});

test('a joined pid namespace is not its own, and older runc writes "Systemd"', t => {
  const config = {...file.config, namespaces: [{type: 'NEWPID', path: '/proc/1/ns/pid'}], cgroups: {Systemd: true}};
  const record = parseRuncState({...file, config}, '/run/runc/c1');
  t.false(record.ownPidNamespace);
  t.true(record.systemdCgroup);
});

test("crun's files: hooks and namespaces are in the copy of config.json", t => {
  const status = {
    pid: 15900,
    'process-start-time': 209649,
    'cgroup-path': '/x/cc',
    rootfs: 'rootfs',
    'systemd-cgroup': false,
    bundle: '/b',
    created: '2026-11-21T04:19:57.488507Z',
  };
  const spec = {
    ociVersion: '1.0.2',
    annotations: {a: 'b'},
    hooks: {poststart: [{path: '/s'}], poststop: [{path: '/e'}]},
    linux: {namespaces: [{type: 'pid' as const}]},
  };
  const record = parseCrunState('cc', status, spec, '/run/crun/cc', path => ({freezer: `/f${path}`}));
  t.like(record, {format: 'crun', id: 'cc', pid: 15900, startTime: 209649, bundle: '/b', ownPidNamespace: true});
  t.deepEqual(record.cgroupPaths, {freezer: '/f/x/cc'});
  t.deepEqual(record.poststartHooks, [{path: '/s'}]);
  t.deepEqual(record.poststopHooks, [{path: '/e'}]);
});
