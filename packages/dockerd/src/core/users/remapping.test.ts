import test from 'ava';
import {makeRemapping, remappedName, toContainerOwner, toHostId, toHostOwner} from './remapping.ts';

const ranges = [
  {containerId: 0, hostId: 100_000, size: 10},
  {containerId: 10, hostId: 300_000, size: 5},
];
const remapping = makeRemapping('someone', ranges, [{containerId: 0, hostId: 200_000, size: 65_536}]);

test('ids go to the machine and back', t => {
  t.deepEqual(remapping.root, {uid: 100_000, gid: 200_000});
  t.is(remappedName(remapping), '100000.200000');
  t.deepEqual(toHostOwner(remapping, {uid: 12, gid: 7}), {uid: 300_002, gid: 200_007});
  t.deepEqual(toContainerOwner(remapping, {uid: 300_002, gid: 200_007}), {uid: 12, gid: 7});
});

test('ids of nobody', t => {
  t.throws(() => toHostId(ranges, 15), {message: 'container ID 15 cannot be mapped to a host ID'});
  t.deepEqual(toContainerOwner(remapping, {uid: 0, gid: 0}), {uid: 65_534, gid: 65_534});
  t.throws(() => makeRemapping('x', [], ranges), {message: /cannot be mapped/});
});
