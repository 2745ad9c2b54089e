import test from 'ava';
import type {CreateRequest} from '../../core/containers/create.ts';
import {containerConfig} from '../../core/containers/documents/container-config.ts';
import {hostConfig} from '../../core/containers/documents/host-config.ts';
import {networkingConfig} from '../../core/containers/documents/network-settings.ts';
import {parseApiVersion} from '../api-version.ts';
import {adaptCreateRequest, createWarnings} from './older-versions.ts';

function request(config: object, host: object = {}, endpoints: object = {}): CreateRequest {
  return {
    name: '',
    platform: 'linux/amd64',
    config: containerConfig.decode(config, ''),
    host: hostConfig.decode(host, ''),
    networking: networkingConfig.decode({EndpointsConfig: endpoints}, ''),
    isReadOnlyTopOnly: false,
  };
}
const adapt = (from: CreateRequest, version: string) => adaptCreateRequest(from, parseApiVersion(version), true);

test('the newest version changes nothing', t => {
  const given = request({MacAddress: 'x'}, {Annotations: {a: 'b'}, AutoRemove: true}, {net: {GwPriority: 3}});
  t.deepEqual(adapt(given, '1.51'), given);
});

test('what a version did not have is taken out', t => {
  const given = request(
    {Healthcheck: {Test: ['CMD', 'x'], StartInterval: 5_000_000}},
    {Annotations: {a: 'b'}, AutoRemove: true, KernelMemory: 1, KernelMemoryTCP: 1, ConsoleSize: [1, 2]},
    {net: {GwPriority: 3, MacAddress: '02:42:ac:11:00:02'}},
  );
  const old = adapt(given, '1.24');
  t.is(old.platform, '');
  t.is(old.config.Healthcheck?.StartInterval, 0);
  const {Annotations, AutoRemove, KernelMemory, KernelMemoryTCP, ConsoleSize, IpcMode, CgroupnsMode} = old.host;
  t.deepEqual(
    {Annotations, AutoRemove, KernelMemory, KernelMemoryTCP, ConsoleSize, IpcMode, CgroupnsMode},
    {
      ...{Annotations: null, AutoRemove: false, KernelMemory: 1, KernelMemoryTCP: 0, ConsoleSize: [0, 0]},
      ...{IpcMode: 'shareable', CgroupnsMode: 'host'},
    },
  );
  const {GwPriority, MacAddress} = old.networking?.EndpointsConfig?.net ?? {};
  t.deepEqual([GwPriority, MacAddress], [0, '']);
  t.is(adapt(given, '1.42').host.KernelMemory, 0);
});

test('mounts: read-only was not recursive before 1.44, misplaced options were let pass before 1.42', t => {
  const bind = {Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: {CreateMountpoint: true}};
  const [mount] = adapt(request({}, {Mounts: [{...bind, TmpfsOptions: {SizeBytes: 1}}]}), '1.41').host.Mounts ?? [];
  t.like(mount?.BindOptions, {ReadOnlyNonRecursive: true, CreateMountpoint: false});
  t.is(mount?.TmpfsOptions, null);
  const refused = (host: object, version: string, message: string) =>
    t.throws(() => adapt(request({}, host), version), {message, code: 'invalid-argument'});
  refused({Mounts: [{...bind, TmpfsOptions: {}}]}, '1.42', 'TmpfsOptions must not be specified on mount type "bind"');
  const strict = {...bind, BindOptions: {ReadOnlyForceRecursive: true}};
  refused({Mounts: [strict]}, '1.43', 'BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer');
  const several = request({}, {}, {one: {}, two: {}});
  t.throws(() => adapt(several, '1.43'), {
    message: 'Container cannot be created with multiple network endpoints: one, two',
  });
});

test('the old field for the MAC address is warned of from 1.44 on', t => {
  const given = request({MacAddress: '02:42:ac:11:00:02'}, {NetworkMode: 'bridge'});
  t.is(createWarnings(given, parseApiVersion('1.43')).length, 0);
  t.is(createWarnings(given, parseApiVersion('1.44')).length, 1);
});
