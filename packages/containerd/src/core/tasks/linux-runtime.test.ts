import {CreateOptions, RuncOptions} from '@longshore/api/gen/containerd/linux/runc/runc';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import test from 'ava';
import {effectiveRuntime} from './linux-runtime.ts';

const any = (typeUrl: string, value: Uint8Array = new Uint8Array()) => ({typeUrl, value});
const modern = 'io.containerd.runc.v2';

test('the options of a task come in the place of those of its container', t => {
  const [one, two] = [any('containerd.runc.v1.Options'), any('containerd.runc.v1.Options', Buffer.from([8, 1]))];
  t.deepEqual(effectiveRuntime({name: modern, options: one}, undefined), {name: modern, options: one});
  t.deepEqual(effectiveRuntime({name: modern, options: one}, two), {name: modern, options: two});
});

test('the runtime of old is the runtime of today with both of its options', t => {
  const runc = RuncOptions.encode(RuncOptions.fromPartial({runtime: 'crun', runtimeRoot: '/r', systemdCgroup: true}));
  const create = CreateOptions.encode(CreateOptions.fromPartial({ioUid: 7, noPivotRoot: true, shimCgroup: '/s'}));
  const {name, options} = effectiveRuntime(
    {name: 'io.containerd.runtime.v1.linux', options: any('x/containerd.linux.runc.RuncOptions', runc.finish())},
    any('containerd.linux.runc.CreateOptions', create.finish()),
  );
  t.is(name, modern);
  t.is(options?.typeUrl, 'containerd.runc.v1.Options');
  const expected = {binaryName: 'crun', root: '/r', systemdCgroup: true, ioUid: 7, noPivotRoot: true, shimCgroup: '/s'};
  t.deepEqual(Options.decode(options?.value ?? new Uint8Array()), Options.fromPartial(expected));
});

test('the runtime of old with options of today', t => {
  const options = any('containerd.runc.v1.Options');
  const container = {name: 'io.containerd.runtime.v1.linux', options: any('containerd.linux.runc.RuncOptions')};
  t.deepEqual(effectiveRuntime(container, options), {name: modern, options});
});
