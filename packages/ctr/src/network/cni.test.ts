import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {addToNetwork, loadCni, removeFromNetwork} from './cni.ts';

/** A plugin that notes how it was called and answers with its own type, or fails. */
const plugin = (log: string, body: string) => `#!/bin/sh
echo "$CNI_COMMAND \${0##*/} $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $(cat)" >> ${log}
${body}
`;

function directories(t: ExecutionContext) {
  const root = mkdtempSync('/tmp/ctr-cni-');
  t.teardown(() => rmSync(root, {recursive: true}));
  const [config, plugins, log] = [join(root, 'net.d'), join(root, 'bin'), join(root, 'log')];
  for (const dir of [config, plugins]) mkdirSync(dir);
  writeFileSync(join(plugins, 'one'), plugin(log, 'echo "{\\"from\\":\\"one\\"}"'), {mode: 0o755});
  writeFileSync(join(plugins, 'two'), plugin(log, 'echo "{\\"from\\":\\"two\\"}"'), {mode: 0o755});
  writeFileSync(join(plugins, 'bad'), plugin(log, 'echo "{\\"msg\\":\\"no addresses\\"}"; exit 1'), {mode: 0o755});
  const configure = (...types: string[]) => {
    const list = {name: 'net', cniVersion: '1.0.0', plugins: types.map(type => ({type}))};
    writeFileSync(join(config, '10-net.conflist'), JSON.stringify(list));
  };
  return {config, plugins, configure, calls: () => readFileSync(log, 'utf8').trimEnd().split('\n')};
}

test('plugins are chained, each with the result of the one before, and undone in reverse', async t => {
  const dirs = directories(t);
  dirs.configure('one', 'two');
  const network = await loadCni(dirs);
  const target = {containerId: 'default-c', netns: '/proc/1/ns/net', directories: dirs};
  t.deepEqual(await addToNetwork(network, target), {from: 'two'});
  await removeFromNetwork(network, {...target, netns: ''});
  const calls = dirs.calls();
  t.deepEqual(
    calls.map(line => line.split(' ').slice(0, 3).join(' ')),
    ['ADD one default-c', 'ADD two default-c', 'DEL two default-c', 'DEL one default-c'],
  );
  t.deepEqual(JSON.parse(calls[1]!.slice(calls[1]!.indexOf('{'))), {
    ...{type: 'two', name: 'net', cniVersion: '1.0.0'},
    prevResult: {from: 'one'},
  });
});

test('a plugin that fails undoes what was done, and its message is the error', async t => {
  const dirs = directories(t);
  dirs.configure('one', 'bad', 'two');
  const network = await loadCni(dirs);
  const adding = addToNetwork(network, {containerId: 'c', netns: '/n', directories: dirs});
  await t.throwsAsync(adding, {message: 'cni plugin "bad" failed (add): no addresses'});
  t.deepEqual(
    dirs.calls().map(line => line.split(' ').slice(0, 2).join(' ')),
    ['ADD one', 'ADD bad', 'DEL bad', 'DEL one'],
  );
});

test('what is missing is named', async t => {
  const dirs = directories(t);
  await t.throwsAsync(loadCni(dirs), {message: `cni config load failed: no network config found in ${dirs.config}`});
  dirs.configure('absent');
  await t.throwsAsync(loadCni(dirs), {message: /cni plugin "absent" of 10-net\.conflist is not in/});
  writeFileSync(join(dirs.config, '00.conf'), '{"name":"x"}');
  await t.throwsAsync(loadCni(dirs), {message: /it needs a name and at least one plugin/});
});
