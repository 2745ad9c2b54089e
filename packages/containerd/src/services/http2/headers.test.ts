import {Buffer} from 'node:buffer';
import test from 'ava';
import {HeaderDecoder} from './header-decoder.ts';
import {encodeHeaderBlock} from './header-encoder.ts';
import type {Header} from './header-table.ts';
import {decodeHuffman} from './huffman.ts';
import {checkRequest} from './request-headers.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const decode = (text: string, decoder = new HeaderDecoder(10_000)) => decoder.decode(hex(text));

test('blocks of the standard that build on each other (RFC 7541, C.4)', t => {
  const decoder = new HeaderDecoder(10_000);
  const common: Header[] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ];
  t.deepEqual(decode('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', decoder), common);
  t.deepEqual(decode('8286 84be 5886 a8eb 1064 9cbf', decoder), [...common, ['cache-control', 'no-cache']]);
  t.deepEqual(decode('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', decoder), [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ]);
});

test('a table that is full forgets its oldest (RFC 7541, C.6)', t => {
  const decoder = new HeaderDecoder(10_000);
  decode('3f e1 01', decoder); // to 256 bytes
  const first = `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
    2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`.replaceAll(/\s/g, '');
  t.deepEqual(
    decode(first, decoder).map(([name]) => name),
    [':status', 'cache-control', 'date', 'location'],
  );
  t.deepEqual(decode('4883 640e ffc1 c0bf', decoder)[0], [':status', '307']);
  const third = `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
    77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5
    b106 3d50 07`.replaceAll(/\s/g, '');
  t.deepEqual(decode(third, decoder), [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ]);
});

test('damaged blocks are refused', t => {
  const cases: [block: string, message: RegExp][] = [
    ['80', /bad index 0/],
    ['be', /bad index 62/],
    ['ffffffffffff', /bad integer/],
    ['ff', /bad length/],
    ['0003 6162', /bad length/],
    ['3f e2 1f', /bad table size/],
    ['82 20', /bad table size/],
    ['0084 ffffffff 00', /bad text/], // the end of string
    ['0082 1fff 00', /bad text/], // a byte of padding
  ];
  for (const [block, message] of cases) t.throws(() => decode(block), {message}, block);
});

test('small blocks that unfold to much are refused', t => {
  const decoder = new HeaderDecoder(10_000);
  const long = Buffer.alloc(3000, 'x');
  decoder.decode(Buffer.concat([hex('40 01 61 7f b9 16'), long]));
  t.throws(() => decoder.decode(Buffer.alloc(100, 0xbe)), {message: 'too many headers'});
});

test('what is encoded is decoded', t => {
  const headers: Header[] = [
    [':status', '200'],
    ['a', ''],
    ['b', 'x'.repeat(127)],
    ['c', 'y'.repeat(5000)],
  ];
  t.deepEqual(new HeaderDecoder(10_000).decode(encodeHeaderBlock(headers)), headers);
});

test('long codes (RFC 7541, appendix B)', t => {
  const codes = {ffc7: 0, ffffed: 145, fffffbbf: 255, fffffff3: 10, fffffffb: 22, ffffffef: 249, fffffe1f: 254};
  for (const [code, symbol] of Object.entries(codes)) t.deepEqual(decodeHuffman(hex(code)), Buffer.of(symbol), code);
  // All ones are the end of the string: no bits are free, and so no length is wrong.
  t.is(decodeHuffman(hex('ffffffff')), undefined);
  t.is(decodeHuffman(hex(''))?.length, 0);
});

test('requests have what they must', t => {
  const base: Header[] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/a/b'],
  ];
  const request = checkRequest([...base, ['x', '1'], ['x', '2']]);
  t.deepEqual([request.get(':path'), request.get('x')], ['/a/b', '1']);
  const bad: [headers: Header[], message: RegExp][] = [
    [base.slice(1), /without ":method"/],
    [[...base, [':path', '/c']], /":path"/],
    [[...base, [':status', '200']], /":status"/],
    [[['x', '1'], ...base], /":method"/],
    [[...base, ['X', '1']], /"X"/],
    [[...base, ['connection', 'close']], /"connection"/],
  ];
  for (const [headers, message] of bad) t.throws(() => checkRequest(headers), {message});
});
