import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {defaultSpec} from './default-spec.ts';
import {addGpus} from './gpus.ts';

test('GPUs are a hook of the tool that knows them', t => {
  const bin = mkdtempSync(join(tmpdir(), 'ctr-gpus-'));
  t.teardown(() => rmSync(bin, {recursive: true}));
  const spec = defaultSpec('default', 'c');
  const add = (...indexes: string[]) => addGpus(spec, indexes, bin);
  writeFileSync(join(bin, 'containerd'), '', {mode: 0o755});
  const error = t.throws(() => add('0'));
  t.is(codeOf(error), 'not-found');
  t.regex(error?.message ?? '', /^--gpus needs nvidia-container-cli in PATH/);
  t.is(codeOf(t.throws(() => add('all'))), 'invalid-argument');
  t.is(spec.hooks, undefined);
  const tool = join(bin, 'nvidia-container-cli');
  writeFileSync(tool, '', {mode: 0o755});
  add('0', '2');
  const [hook] = spec.hooks?.prestart ?? [];
  t.is(hook?.path, join(bin, 'containerd'));
  t.deepEqual(hook?.args?.slice(0, 7), [
    ...['containerd', 'oci-hook', '--', tool, '--load-kmods', 'configure', '--device=0,2'],
  ]);
  t.deepEqual(hook?.args?.slice(-2), ['--pid={{pid}}', '{{rootfs}}']);
});
