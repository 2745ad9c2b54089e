import test from 'ava';
import {findTexts, releaseCodePages} from './code-pages.ts';
import {readKernelFile} from './kernel-file.ts';

const maps = `00200000-01a39000 r--p 00000000 08:01 42   /usr/bin/x
01a40000-0684a000 r-xp 01838000 08:01 42   /usr/bin/x
0684a000-0685f000 r--p 06641000 08:01 42   /usr/bin/x
06867000-07050000 rw-p 0665f000 08:01 42   /usr/bin/x
7f0000000000-7f0000001000 r-xp 00000000 00:00 0
7f0000002000-7f0000003000 rwxp 00000000 08:01 43   /usr/lib/jit.so
7ffd01f4a000-7ffd01f4c000 r-xp 00000000 00:00 0    [vdso]
`;

test('only unwritten program text and constants of files are released', t => {
  t.deepEqual(findTexts(maps), [
    {address: 0x00200000n, size: 0x01a39000 - 0x00200000},
    {address: 0x01a40000n, size: 0x0684a000 - 0x01a40000},
  ]);
});

test('the process goes on with less mapped', t => {
  const resident = () => Number(/^RssFile:\s+(\d+)/m.exec(readKernelFile('/proc/self/status'))?.[1]);
  const before = resident();
  releaseCodePages();
  t.true(resident() < before * 0.8, `${before} KiB before`);
  t.is([1, 2, 3].map(n => n * n).join(), '1,4,9');
});
