import test from 'ava';
import {advertisement, announcement} from './announcement.ts';

test('an address is announced in the forms of ARP and of neighbour discovery', t => {
  const mac = Buffer.from('02420a000002', 'hex');
  t.is(
    announcement(mac, Buffer.from([10, 0, 0, 2])).toString('hex'),
    'ffffffffffff02420a0000020806000108000604000102420a0000020a0000020000000000000a000002',
  );
  const address = Buffer.from('fd000000000000000000000000000002', 'hex');
  const frame = advertisement(mac, address);
  t.is(frame.subarray(0, 22).toString('hex'), '33330000000102420a00000286dd' + '6000000000203aff');
  // Summed up with its checksum in place, a message is all ones (RFC 1071).
  const pseudo = Buffer.concat([frame.subarray(22, 54), Buffer.from([0, 0, 0, 32, 0, 0, 0, 58]), frame.subarray(54)]);
  let sum = 0;
  for (let at = 0; at < pseudo.length; at += 2) sum += pseudo.readUInt16BE(at);
  t.is((sum & 0xffff) + (sum >>> 16), 0xffff);
  t.is(frame.subarray(54).toString('hex').slice(0, 4), '8800');
  t.true(frame.subarray(62, 78).equals(address));
});
