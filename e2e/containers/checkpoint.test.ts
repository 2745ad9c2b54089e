/**
 * Checkpoints, with a stand-in for a runtime that has CRIU: it notes how it was called, ends the container if it should,
 * and "restores" by running the container afresh. What CRIU itself can do depends on the machine's kernel.
 */
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

function standIn(directory: string): string {
  const path = join(directory, 'runtime');
  const script = `#!/bin/bash
case " $* " in
*" checkpoint "*)
  echo "$@" >>${directory}/calls
  [ -e ${directory}/broken ] && { echo "criu failed: type NOTIFY errno 0" >&2; exit 1; }
  while [ $# -gt 1 ]; do
    [ "$1" = --image-path ] && echo state >"$2/pages-1.img"
    [ "$1" = --root ] && root=$2
    [ "$1" = --leave-running ] && leave=yes
    shift
  done
  [ "$leave" ] || runc --root "$root" kill "$1" KILL
  exit 0 ;;
*" restore "*)
  echo "$@" >>${directory}/calls
  words=()
  while [ $# -gt 0 ]; do
    case $1 in restore) words+=(run) ;; --image-path | --work-path) shift ;; *) words+=("$1") ;; esac
    shift
  done
  exec runc "\${words[@]}" ;;
esac
exec runc "$@"
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

test('create, list, start from one, delete; errors leave nothing', async t => {
  const directory = mkdtempSync('/tmp/ls-criu-');
  t.teardown(() => rmSync(directory, {recursive: true}));
  const engine = await openEngine(t, {dockerdArgs: ['--experimental', '--add-runtime', `fake=${standIn(directory)}`]});
  const docker = (...args: string[]) => engine.dockerOk(...args);
  const id = await docker('run', '-d', '--name', 'cp', '--runtime', 'fake', 'busybox', 'sleep', '600');
  const path = '/containers/cp/checkpoints';
  const create = (CheckpointID: string, Exit = false) =>
    engine.api.send<{message: string}>(path, {method: 'POST', body: {CheckpointID, Exit}});
  const list = async () => ((await engine.api.get<{Name: string}[] | null>(path)) ?? []).map(({Name}) => Name).sort();
  const state = () => docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'cp');
  const refused = async (answer: Promise<{body: {message: string}}>, message: RegExp) =>
    t.regex((await answer).body.message, message);
  const start = (name: string) =>
    engine.api.send<{message: string}>(`/containers/cp/start?checkpoint=${name}`, {method: 'POST'});

  t.deepEqual(await list(), []);
  t.is((await create('one')).status, 201);
  t.is(await state(), 'running 0');
  const file = join(engine.paths.dataRoot, 'containers', id, 'checkpoints/one/pages-1.img');
  t.is(readFileSync(file, 'utf8'), 'state\n');
  t.is((await create('two', true)).status, 201);
  await docker('wait', 'cp');
  t.is(await state(), 'exited 137');
  t.deepEqual(await list(), ['one', 'two']);

  t.is((await start('two')).status, 204);
  t.regex(readFileSync(join(directory, 'calls'), 'utf8'), /restore .*--image-path \S+\/checkpoints\/two/);
  t.is(await docker('exec', 'cp', 'echo', 'alive'), 'alive');

  await refused(create('one'), /checkpoint with name one already exists for container/);
  await refused(create('../x'), /Invalid checkpoint ID \(\.\.\/x\)/);
  writeFileSync(join(directory, 'broken'), '');
  await refused(
    create('three'),
    /Cannot checkpoint container [0-9a-f]{64}: (OCI runtime checkpoint failed|runtime did not terminate successfully)/,
  );
  await engine.api.delete(`${path}/one`);
  t.deepEqual(await list(), ['two']);
  await docker('stop', '-t', '0', 'cp');
  await refused(start('one'), /checkpoint one does not exist/);
  await refused(create('four'), /is not running/);
});

test('without the experiment', async t => {
  const engine = await openEngine(t);
  await engine.dockerOk('create', '--name', 'cp', 'busybox', 'true');
  const {status, body} = await engine.api.send('/containers/cp/checkpoints');
  t.is(status, 501);
  t.regex(JSON.stringify(body), /This experimental feature is disabled by default/);
  const start = await engine.api.send('/containers/cp/start?checkpoint=x', {method: 'POST'});
  t.deepEqual([start.status, start.body], [400, {message: 'checkpoint is only supported in experimental mode'}]);
});
