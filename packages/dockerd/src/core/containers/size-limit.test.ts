import test from 'ava';
import {rootfsSizeLimit} from './size-limit.ts';

test("the container's size, else the daemon's, else none", t => {
  t.is(rootfsSizeLimit({}, []), undefined);
  t.is(rootfsSizeLimit({size: '10G'}, []), 10 * 2 ** 30);
  t.is(rootfsSizeLimit({Size: '1m'}, ['overlay2.size=5G']), 2 ** 20);
  t.is(rootfsSizeLimit({}, ['overlay2.override_kernel_check=true', 'overlay2.size = 5G']), 5 * 2 ** 30);
  t.is(rootfsSizeLimit({size: '0'}, ['overlay2.size=5G']), undefined);
});

test('what is no size, and no option', t => {
  t.throws(() => rootfsSizeLimit({size: 'big'}, []), {message: "invalid size: 'big'"});
  t.throws(() => rootfsSizeLimit({inodes: '5'}, []), {message: 'unknown option inodes'});
});
