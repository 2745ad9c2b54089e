import test from 'ava';
import {
  attributeText,
  attributeU32,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  fixedPart,
  MessageBuilder,
} from './codec.ts';
import {broadcastOf, formatIp, formatMac, parseIp, parseMac, parsePrefix} from './ip.ts';

test('a message is built byte for byte', t => {
  const body = new MessageBuilder();
  body.reserve(4).writeUInt32LE(0xaabbccdd);
  body
    .text(3, 'lo')
    .u32(4, 0x11223344)
    .nested(18, inner => inner.u8(1, 7));
  const expected = [
    ...[48, 0, 0, 0, 16, 0, 5, 6, 9, 0, 0, 0, 0, 0, 0, 0],
    ...[0xdd, 0xcc, 0xbb, 0xaa],
    ...[7, 0, 3, 0, 0x6c, 0x6f, 0, 0],
    ...[8, 0, 4, 0, 0x44, 0x33, 0x22, 0x11],
    ...[12, 0, 18, 0x80, 5, 0, 1, 0, 7, 0, 0, 0],
  ];
  t.deepEqual([...encodeMessage(16, 0x605, 9, body.bytes)], expected);
});

test('a long message grows without losing its beginning', t => {
  const body = new MessageBuilder();
  body.reserve(4);
  for (let i = 0; i < 500; i++) body.u32(1, i);
  t.is(body.bytes.length, 4 + 500 * 8);
  t.is(body.bytes.readUInt32LE(4 + 8 * 250 + 4), 250);
});

test('what is built is read back', t => {
  const body = new MessageBuilder();
  body.reserve(4);
  body.text(3, 'eth0').nested(18, inner => inner.text(1, 'veth').u16(2, 5));
  const [first, second, ...rest] = decodeMessages(
    Buffer.concat([encodeMessage(16, 2, 1, body.bytes), encodeMessage(3, 2, 1, Buffer.alloc(4))]),
  );
  t.like(first, {type: 16, flags: 2, sequence: 1});
  t.like(second, {type: 3});
  t.deepEqual(rest, []);
  const attributes = decodeAttributes(first!.body, 4);
  t.is(attributeText(attributes.get(3)), 'eth0');
  const nested = decodeAttributes(attributes.get(18)!);
  t.is(attributeText(nested.get(1)), 'veth');
  t.is(attributeU32(nested.get(2)), undefined, 'two bytes are no 32-bit number');
});

test('lengths that do not fit are refused, never read beyond', t => {
  const code = {code: 'data-loss'};
  const message = encodeMessage(16, 0, 1, Buffer.alloc(8));
  for (const length of [0, 15, 25, 0xffffffff]) {
    const broken = Buffer.from(message);
    broken.writeUInt32LE(length, 0);
    t.throws(() => decodeMessages(broken), code, String(length));
  }
  t.throws(() => decodeMessages(Buffer.alloc(10)), code);
  for (const length of [0, 3, 9, 0xffff]) {
    const attribute = Buffer.alloc(8);
    attribute.writeUInt16LE(length, 0);
    t.throws(() => decodeAttributes(attribute), code, String(length));
  }
  t.throws(() => decodeAttributes(Buffer.alloc(3)), code);
  t.throws(() => fixedPart(Buffer.alloc(15), 16), code);
});

test('IPv6 addresses are written as RFC 5952 wants', t => {
  const cases = {
    '::': '::',
    '::1': '::1',
    '1::': '1::',
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    'fe80:0:0:1::': 'fe80:0:0:1::',
    '::ffff:10.1.2.3': '::ffff:a01:203',
    '64:ff9b::10.1.2.3': '64:ff9b::a01:203',
    '1:2:3:4:5:6:7:8': '1:2:3:4:5:6:7:8',
    '10.20.30.255': '10.20.30.255',
  };
  for (const [text, expected] of Object.entries(cases)) t.is(formatIp(parseIp(text)), expected);
  for (const text of ['', '1.2.3', '1.2.3.256', 'fe80::1%eth0', '1::2::3', 'localhost'])
    t.throws(() => parseIp(text), {code: 'invalid-argument'}, text);
});

test('prefixes and their broadcast address', t => {
  t.like(parsePrefix('10.0.0.1/8'), {family: 2, length: 8});
  t.like(parsePrefix('fd00::1'), {family: 10, length: 128});
  t.is(formatIp(broadcastOf(parsePrefix('172.17.0.1/16'))), '172.17.255.255');
  t.is(formatIp(broadcastOf(parsePrefix('10.1.2.3/31'))), '10.1.2.3');
  t.is(formatIp(broadcastOf(parsePrefix('10.1.2.3/0'))), '255.255.255.255');
  for (const text of ['10.0.0.1/33', '10.0.0.1/', '10.0.0.1/-1', '10.0.0.1/a', 'fd00::/129'])
    t.throws(() => parsePrefix(text), {code: 'invalid-argument'}, text);
});

test('hardware addresses', t => {
  t.is(formatMac(parseMac('02:42:AC-11-00:02')), '02:42:ac:11:00:02');
  for (const text of ['', '02:42', '02:42:ac:11:00:0g', '02:42:ac:11:00:02:03'])
    t.throws(() => parseMac(text), {code: 'invalid-argument'}, text);
});
