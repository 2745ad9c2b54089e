import type {Spec} from '@longshore/api/oci';
import test from 'ava';
import {hostConfig} from '../documents/host-config.ts';
import {applyEdits} from './apply-edits.ts';
import {cdiDeviceNames, cdiEditsOf} from './cdi-registry.ts';
import {parseCdiSpec} from './cdi-spec.ts';
import {type DeviceRequest, deviceEdits} from './device-requests.ts';

const request = (fields: object) =>
  hostConfig.decode({DeviceRequests: [fields]}, '').DeviceRequests?.[0] as DeviceRequest;
const spec = (kind: string, ...names: string[]) =>
  parseCdiSpec({
    cdiVersion: '0.6.0',
    kind,
    containerEdits: {env: [`ALL=${kind}`]},
    devices: names.map(name => ({name, containerEdits: {env: [`${name.toUpperCase()}=1`]}})),
  });

test('edits of devices: those of their specification once, before the first', t => {
  const specs = [{spec: spec('vendor.com/gpu', 'a', 'b'), rank: 0}];
  const edits = cdiEditsOf(specs, ['vendor.com/gpu=b', 'vendor.com/gpu=a']);
  t.deepEqual(
    edits.flatMap(({env}) => env),
    ['ALL=vendor.com/gpu', 'B=1', 'A=1'],
  );
  t.throws(() => cdiEditsOf(specs, ['vendor.com/gpu=c', 'x.com/y=z']), {
    message: 'CDI device injection failed: unresolvable CDI devices vendor.com/gpu=c, x.com/y=z',
  });
});

test('a later directory wins; two files of one directory with one device make it unknown', t => {
  const early = {spec: spec('v.com/c', 'a'), rank: 0};
  const late = {spec: {...spec('v.com/c', 'a'), containerEdits: {env: ['LATE=1']}}, rank: 1};
  t.deepEqual(cdiEditsOf([early, late], ['v.com/c=a'])[0]?.env, ['LATE=1']);
  t.deepEqual(cdiDeviceNames([early, late]), ['v.com/c=a']);
  t.deepEqual(cdiDeviceNames([early, {...early}]), []);
});

test('specifications that are none', t => {
  for (const bad of [
    [],
    {kind: 'v.com/c', devices: [{name: 'a'}]},
    {cdiVersion: '0.6.0', kind: 'nothing', devices: [{name: 'a'}]},
    {cdiVersion: '0.6.0', kind: 'v.com/c', devices: []},
    {cdiVersion: '0.6.0', kind: 'v.com/c', devices: [{name: 'a', containerEdits: {bogus: 1}}]},
    {
      cdiVersion: '0.6.0',
      kind: 'v.com/c',
      devices: [{name: 'a', containerEdits: {hooks: [{hookName: 'x', path: '/y'}]}}],
    },
  ]) {
    t.throws(() => parseCdiSpec(bad), {code: 'invalid-argument'});
  }
});

test('a driver for each request, or none in the words of the original', t => {
  const none = {cdi: undefined, nvidiaHook: undefined};
  const gpu = request({Count: -1, Capabilities: [['gpu']]});
  t.throws(() => deviceEdits([gpu], none), {
    message: 'could not select device driver "" with capabilities: [[gpu]]',
    code: 'invalid-argument',
  });
  t.throws(() => deviceEdits([request({Driver: 'cdi', DeviceIDs: ['v.com/c=a']})], none), {
    message: 'could not select device driver "cdi" with capabilities: []',
  });
  const [edits] = deviceEdits([request({DeviceIDs: ['1'], Capabilities: [['gpu', 'compute', 'utility']]})], {
    ...none,
    nvidiaHook: '/usr/bin/hook',
  });
  t.deepEqual(edits, {
    env: ['NVIDIA_VISIBLE_DEVICES=1', 'NVIDIA_DRIVER_CAPABILITIES=compute,utility'],
    hooks: [{hookName: 'prestart', path: '/usr/bin/hook', args: ['nvidia-container-runtime-hook', 'prestart']}],
  });
});

test('edits change the configuration: environment, devices with rules, mounts by depth, hooks, groups', t => {
  const before: Spec = {
    ociVersion: '1.0.2',
    process: {cwd: '/', user: {uid: 5, gid: 0}, args: ['x'], env: ['A=1', 'B=2']},
    mounts: [
      {destination: '/proc', type: 'proc', source: 'proc'},
      {destination: '/opt/lib/x', type: 'bind', source: '/x'},
    ],
    linux: {devices: [{path: '/dev/d', type: 'c', major: 9, minor: 9}]},
  };
  const after = applyEdits(
    before,
    [
      {
        env: ['A=3'],
        deviceNodes: [{path: '/dev/d', hostPath: '/dev/null', permissions: 'r'}],
        mounts: [{hostPath: '/lib', containerPath: '/opt', options: ['ro', 'rbind']}],
        hooks: [{hookName: 'createContainer', path: '/bin/hook'}],
        additionalGids: [0, 44],
      },
    ],
    () => ({path: '/dev/d', type: 'c', major: 1, minor: 3, fileMode: 0o666}),
  );
  t.deepEqual(after.process?.env, ['A=3', 'B=2']);
  t.deepEqual(after.process?.user.additionalGids, [44]);
  t.deepEqual(after.linux?.devices, [{path: '/dev/d', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 5}]);
  t.deepEqual(after.linux?.resources?.devices, [{allow: true, type: 'c', major: 1, minor: 3, access: 'r'}]);
  t.deepEqual(
    after.mounts?.map(({destination}) => destination),
    ['/proc', '/opt', '/opt/lib/x'],
  );
  t.deepEqual(after.hooks, {createContainer: [{path: '/bin/hook'}]});
});
