import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import test from 'ava';
import {optionsToJson, pidFile, readPidFile, readRuntimeFiles, runtimeRoot, writeRuntimeFiles} from './bundle.ts';
import {groupOf, hasOwnPidNamespace} from './oci-spec.ts';

test('options.json has the names and the brevity of the original', t => {
  const options = Options.fromPartial({binaryName: 'runc', root: '/var/run/docker/runtime-runc'});
  t.is(optionsToJson(options), '{"binary_name":"runc","root":"/var/run/docker/runtime-runc"}');
  t.is(optionsToJson(Options.fromPartial({})), '{}');
});

test('what is written is read back; what is missing has defaults', t => {
  const bundle = mkdtempSync(join(tmpdir(), 'bundle-'));
  t.teardown(() => rmSync(bundle, {recursive: true}));
  t.deepEqual(readRuntimeFiles(bundle), Options.fromPartial({}));
  const options = Options.fromPartial({binaryName: 'crun', systemdCgroup: true, ioUid: 1000, shimCgroup: '/x'});
  writeRuntimeFiles(bundle, options);
  t.deepEqual(readRuntimeFiles(bundle), options);
  t.is(readFileSync(join(bundle, 'runtime'), 'utf8'), 'crun');
  t.is(statSync(join(bundle, 'options.json')).mode & 0o777, 0o600);
  t.is(runtimeRoot(options, 'moby'), '/run/containerd/runc/moby');
  t.is(readPidFile(pidFile(bundle)), undefined);
  writeFileSync(pidFile(bundle), '4711');
  t.is(readPidFile(pidFile(bundle)), 4711);
});

test('pid namespace and group of a config.json', t => {
  const config = (namespaces: object[]) => JSON.stringify({linux: {namespaces}});
  t.true(hasOwnPidNamespace(config([{type: 'pid'}])));
  t.false(hasOwnPidNamespace(config([{type: 'pid', path: '/proc/1/ns/pid'}])));
  t.false(hasOwnPidNamespace(config([{type: 'mount'}])));
  t.is(groupOf('{}'), '');
  t.is(groupOf('{"annotations":{"io.kubernetes.cri.sandbox-id":"k"}}'), 'k');
  t.is(groupOf('{"annotations":{"io.kubernetes.cri.sandbox-id":"k","io.containerd.runc.v2.group":"g"}}'), 'g');
});
