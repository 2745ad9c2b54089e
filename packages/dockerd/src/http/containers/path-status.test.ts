import test from 'ava';
import {encodePathStatus, goFileMode} from './path-status.ts';

test('modes as Go numbers them', t => {
  t.is(goFileMode(0o100644), 420);
  t.is(goFileMode(0o040755), 2147484141);
  t.is(goFileMode(0o120777), 134218239);
  t.is(goFileMode(0o041777), 2147483648 + 1048576 + 511);
  t.is(goFileMode(0o104755), 8388608 + 493);
  t.is(goFileMode(0o102755), 4194304 + 493);
  t.is(goFileMode(0o020620), 67108864 + 2097152 + 400);
  t.is(goFileMode(0o060660), 67108864 + 432);
  t.is(goFileMode(0o010600), 33554432 + 384);
  t.is(goFileMode(0o140600), 16777216 + 384);
});

test('the header is the one that Docker sends', t => {
  const mtime = BigInt(Date.parse('2026-11-21T01:39:54Z')) * 1_000_000n;
  t.is(
    encodePathStatus({name: 'passwd', size: 30, mode: 0o100644, mtime, linkTarget: ''}),
    'eyJuYW1lIjoicGFzc3dkIiwic2l6ZSI6MzAsIm1vZGUiOjQyMCwibXRpbWUiOiIyMDI2LTExLTIxVDAxOjM5OjU0WiIsImxpbmtUYXJnZXQiOiIifQ==',
  );
});
