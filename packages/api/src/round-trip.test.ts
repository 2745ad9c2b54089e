/** What the generated types look like in use: the cases that JavaScript makes delicate. proto/ has no oneof. */
import test from 'ava';
import {TaskExit} from './gen/containerd/events/task.ts';
import {BootstrapParams} from './gen/containerd/runtime/bootstrap/v1/bootstrap.ts';
import {Container} from './gen/containerd/services/containers/v1/containers.ts';
import {ReadContentResponse} from './gen/containerd/services/content/v1/content.ts';
import {UpdateImageRequest} from './gen/containerd/services/images/v1/images.ts';
import {TasksDefinition} from './gen/containerd/services/tasks/v1/tasks.ts';
import {Options} from './gen/containerd/types/runc/options/oci.ts';
import {Process, Status} from './gen/containerd/types/task/task.ts';
import {protobufTypeUrl} from './type-urls.ts';

test('64-bit integers and nanoseconds stay exact', t => {
  const exit = TaskExit.fromPartial({
    containerId: 'c',
    exitStatus: 137,
    exitedAt: {seconds: '253402300799', nanos: 999_999_999},
  });
  t.deepEqual(TaskExit.decode(TaskExit.encode(exit).finish()).exitedAt, {seconds: 253402300799n, nanos: 999_999_999});
  const chunk = ReadContentResponse.fromPartial({offset: 2n ** 62n + 1n, data: Buffer.from([1, 2])});
  t.deepEqual(ReadContentResponse.decode(ReadContentResponse.encode(chunk).finish()), chunk);
});

test('the bytes are those of the wire', t => {
  const hex = '0a0163' + '120178' + '1807' + '208901' + '2a0408011002';
  const exit = TaskExit.decode(Buffer.from(hex, 'hex'));
  t.deepEqual(exit, {containerId: 'c', id: 'x', pid: 7, exitStatus: 137, exitedAt: {seconds: 1n, nanos: 2}});
  t.is(Buffer.from(TaskExit.encode(exit).finish()).toString('hex'), hex);
});

test('an Any holds the bytes of another message, and maps keep every key', t => {
  const options = Options.fromPartial({binaryName: 'runc', root: '/var/run/docker/runtime-runc', systemdCgroup: true});
  const container = Container.fromPartial({
    id: 'c',
    labels: {'a.b/c': '', __proto: 'x'},
    runtime: {name: 'io.containerd.runc.v2', options: {typeUrl: protobufTypeUrl.runcOptions, value: pack(options)}},
    extensions: {one: {typeUrl: 't', value: Buffer.from('1')}},
  });
  const back = Container.decode(Container.encode(container).finish());
  t.deepEqual(back, container);
  t.deepEqual(Options.decode(back.runtime!.options!.value), options);
  t.is(back.spec, undefined);
});

test('an enum is a number with names, and a number without a name survives', t => {
  t.is(Status.STOPPED, 3);
  const process = Process.decode(Process.encode({...Process.fromPartial({}), status: 42 as Status}).finish());
  t.is(process.status as number, 42);
});

test('optional fields know that they are absent; field masks are lists of paths', t => {
  t.is(BootstrapParams.decode(new Uint8Array()).socketDir, undefined);
  t.is(
    BootstrapParams.decode(BootstrapParams.encode(BootstrapParams.fromPartial({socketDir: ''})).finish()).socketDir,
    '',
  );
  const update = UpdateImageRequest.fromPartial({updateMask: ['labels.a', 'target']});
  t.deepEqual(UpdateImageRequest.decode(UpdateImageRequest.encode(update).finish()).updateMask, ['labels.a', 'target']);
});

test('malformed input is an error, unknown fields are not', t => {
  t.throws(() => TaskExit.decode(Buffer.from('0aff', 'hex')));
  t.is(TaskExit.decode(Buffer.from('0a0163' + 'fa070178', 'hex')).containerId, 'c');
});

test('a service definition carries its types', t => {
  const {create} = TasksDefinition.methods;
  t.is(`/${TasksDefinition.fullName}/${create.name}`, '/containerd.services.tasks.v1.Tasks/Create');
  t.is(create.responseType.decode(create.responseType.encode({containerId: 'c', pid: 1}).finish()).pid, 1);
});

function pack(options: Options): Buffer {
  return Buffer.from(Options.encode(options).finish());
}
