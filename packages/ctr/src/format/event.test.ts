import {ContainerUpdate} from '@longshore/api/gen/containerd/events/container';
import {TaskExit} from '@longshore/api/gen/containerd/events/task';
import {ImageCreate} from '@longshore/api/gen/containerd/services/images/v1/images';
import test from 'ava';
import {decodeEvent} from './event.ts';

test('events as the original prints them', t => {
  const labels = {'b.Upper': '2', a: '1'};
  const update = ContainerUpdate.encode(ContainerUpdate.fromPartial({id: 'c', labels, snapshotKey: 's'})).finish();
  t.is(
    decodeEvent({typeUrl: 'containerd.events.ContainerUpdate', value: Buffer.from(update)}),
    '{"id":"c","labels":{"a":"1","b.Upper":"2"},"snapshot_key":"s"}',
  );
  const exit = TaskExit.fromPartial({containerId: 'c', id: 'c', pid: 7, exitedAt: {seconds: 5n, nanos: 6}});
  t.is(
    decodeEvent({typeUrl: 'containerd.events.TaskExit', value: Buffer.from(TaskExit.encode(exit).finish())}),
    '{"container_id":"c","id":"c","pid":7,"exited_at":{"seconds":5,"nanos":6}}',
  );
  const image = ImageCreate.encode(ImageCreate.fromPartial({name: 'i'})).finish();
  t.is(decodeEvent({typeUrl: 'containerd.services.images.v1.ImageCreate', value: Buffer.from(image)}), '{"name":"i"}');
  t.is(decodeEvent({typeUrl: 'x.Unknown', value: Buffer.from('ab')}), '{"type_url":"x.Unknown","value":"YWI="}');
});
