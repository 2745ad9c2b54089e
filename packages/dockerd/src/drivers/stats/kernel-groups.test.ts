import test from 'ava';
import {parseNetDev} from './interface-reader.ts';
import {ownDirectory} from './kernel-groups.ts';

const id = 'c7d63ca3573869aaaab1d8b403ede49ebb0521789439faf0d3718c6a3b3dac38';

test('the group of a container, wherever below it its process is', t => {
  t.is(ownDirectory(`/sys/fs/cgroup/memory/docker/${id}`, id), `/sys/fs/cgroup/memory/docker/${id}`);
  t.is(ownDirectory(`/sys/fs/cgroup/docker/${id}/init`, id), `/sys/fs/cgroup/docker/${id}`);
  const scope = `/sys/fs/cgroup/system.slice/docker-${id}.scope`;
  t.is(ownDirectory(`${scope}/nested/deeper`, id), scope);
  t.is(ownDirectory('/sys/fs/cgroup/user.slice', id), undefined);
});

test('/proc/net/dev: received, then sent', t => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:     572       6    1    2    0     0          0         0       84       3    4    5    0     0       0          0
`;
  const [, eth0] = parseNetDev(text);
  t.deepEqual(eth0, {
    name: 'eth0',
    ...{rxBytes: 572n, rxPackets: 6n, rxErrors: 1n, rxDropped: 2n},
    ...{txBytes: 84n, txPackets: 3n, txErrors: 4n, txDropped: 5n},
  });
});
