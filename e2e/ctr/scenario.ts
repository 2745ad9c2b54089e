/** One session of a `ctr` user from an empty containerd to an empty containerd, as command lines. */
import type {EnginePaths} from '@longshore/testing';

export interface Step {
  /**
   * A shell command in which `ctr` is the client under test, with address and namespace, and `feed WORD COMMAND` gives
   * the command a word as its input and ends that when the word has come out again: the original client forgets the end
   * of an input that comes before the process runs.
   */
  run: string;
  /** What of the answer must be equal: all of it (the default), its lines in any order, or the exit code alone. */
  compare?: 'all' | 'lines' | 'exit';
}

export const busybox = 'docker.io/library/busybox:latest';
const registry = '127.0.0.1:5000/team/busybox:1';

const exit = (run: string): Step => ({run, compare: 'exit'});
const lines = (run: string): Step => ({run, compare: 'lines'});
const all = (run: string): Step => ({run});

const names: Step[] = [
  all('ctr namespaces create other a=b'),
  all('ctr namespaces label other c=d'),
  all('ctr namespaces label other a='),
  all('ctr namespaces create other'),
  lines('ctr namespaces ls'),
  all('ctr namespaces rm other nosuch'),
  lines('ctr namespaces ls -q'),
  all('ctr leases create --id lease1 owner=me'),
  lines('ctr leases ls -q'),
  all('ctr leases create --id lease1'),
  all('ctr leases rm lease1'),
  exit('ctr leases rm lease1'),
  lines('ctr leases ls'),
];

const images = (archive: string): Step[] => [
  exit(`ctr images import ${archive}`),
  all('ctr images ls'),
  all('ctr images ls -q'),
  all(`ctr images check -q`),
  all(`ctr images tag ${busybox} example.com/copy:1 example.com/copy:2`),
  exit(`ctr images tag ${busybox} example.com/copy:1`),
  all('ctr images tag nosuch:1 other:1'),
  all('ctr images label example.com/copy:1 color=red'),
  all('ctr images ls -q name==example.com/copy:1'),
  all('ctr images rm example.com/copy:1 example.com/copy:2'),
  exit('ctr images rm nosuch:1'),
  exit(`ctr images push --plain-http ${registry} ${busybox}`),
  exit(`ctr images rm --sync ${busybox}`),
  lines('ctr content ls -q'),
  exit(`ctr images pull --plain-http ${registry}`),
  all('ctr images ls'),
  exit('ctr images pull --plain-http 127.0.0.1:5000/team/nosuch:1'),
  all(`ctr images tag ${registry} ${busybox}`),
];

const content: Step[] = [
  lines('ctr content ls -q'),
  all('for d in $(ctr content ls -q | sort); do ctr content get $d | sha256sum; done'),
  all('ctr leases create --id now; ctr leases rm --sync now'), // no collection is due in what follows
  exit('ctr content get sha256:0000000000000000000000000000000000000000000000000000000000000000'),
  all('echo hello | ctr content ingest --expected-size 6 ref1'),
  all('echo wrong | ctr content ingest --expected-size 7 ref2 >/dev/null 2>&1; echo $?'),
  all('ctr content label sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 a=b'),
  all('ctr content get sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'),
  all('ctr content rm sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'),
  exit('ctr content rm sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'),
];

const snapshots: Step[] = [
  all('ctr snapshots ls'),
  all("ctr snapshots prepare work $(ctr snapshots ls | awk '/Committed/ {print $1}')"),
  lines('ctr snapshots ls'),
  all('ctr snapshots prepare work'),
  all('ctr snapshots mounts /mnt work'),
  all('ctr snapshots prepare --target /mnt empty'),
  all('ctr snapshots commit layer empty'),
  all('ctr snapshots view look layer'),
  lines('ctr snapshots tree'),
  all('ctr snapshots info layer'),
  all('ctr snapshots label layer color=red'),
  all('ctr snapshots rm layer'),
  all('ctr snapshots rm look layer work'),
  all('ctr snapshots rm nosuch'),
  all('ctr snapshots ls'),
];

const tasks = (cgroup: string): Step[] => [
  all(`ctr run --rm --cgroup ${cgroup}/a ${busybox} a sh -c 'echo out; echo err >&2; sleep 0.3; exit 3'`),
  all(`feed input ctr run --rm --cgroup ${cgroup}/a ${busybox} a cat`),
  all(`ctr run --rm --cgroup ${cgroup}/a --env A=1 --cwd /tmp --user 5:6 ${busybox} a sh -c 'echo $A $PWD; id'`),
  all(`ctr run --rm --cgroup ${cgroup}/a ${busybox} a sh -c 'head -c 60000 /dev/zero' | sha256sum`),
  all('ctr run --rm nosuch:1 a true'),
  exit(`ctr run --rm --cgroup ${cgroup}/a ${busybox} a nosuchcommand`),
  all('ctr containers ls'),
  all(`ctr run -d --cgroup ${cgroup}/b --label color=red ${busybox} b sh -c 'echo data >/file; exec sleep 300'`),
  all(`ctr run -d --cgroup ${cgroup}/b ${busybox} b true`),
  all('ctr containers ls'),
  all('ctr containers ls -q labels.color==red'),
  all('ctr containers info b'),
  all('ctr containers label b color=blue shape=round'),
  all('ctr containers info nosuch'),
  all('ctr tasks ls'),
  all('ctr tasks exec --exec-id e1 b cat /file'),
  all("ctr tasks exec --exec-id e2 b sh -c 'echo in; exit 4'"),
  all('feed through ctr tasks exec --exec-id e3 b cat'),
  exit('ctr tasks exec --exec-id e4 b nosuchcommand'),
  all('ctr tasks start nosuch'),
  all('ctr tasks ps b | wc -l'),
  exit('ctr tasks metrics b'),
  all('ctr tasks pause b'),
  all('ctr tasks ls'),
  all('ctr tasks resume b'),
  all('ctr snapshots diff b | tar tzf -'),
  all('ctr snapshots diff --media-type application/vnd.oci.image.layer.v1.tar b | tar tf -'),
  all('ctr containers checkpoint --rw --image b example.com/saved:1'),
  all('ctr images ls -q'),
  all('ctr containers checkpoint b example.com/saved:2'),
  all('ctr images rm example.com/saved:1 example.com/saved:2'),
  all('ctr containers rm b'),
  all('ctr tasks rm b'),
  all('ctr tasks kill -s nosuch b'),
  all('ctr tasks kill -s SIGKILL b'),
  all('for i in $(seq 50); do ctr tasks ls | grep -q STOPPED && break; sleep 0.1; done; ctr tasks ls'),
  all('ctr tasks exec --exec-id e5 b true'),
  all('ctr tasks rm b'),
  all('ctr tasks kill b'),
  all(`ctr containers create --cgroup ${cgroup}/c ${busybox} c sleep 300`),
  all('ctr tasks start -d c'),
  all('ctr tasks rm -f c'),
  lines('ctr containers rm b c'),
  lines('ctr snapshots ls'),
];

/** What is asked for wrongly: each command with its exit code and what it says. */
const mistakes: Step[] = [
  ...[
    ...['images pull', 'images push', 'images export', 'images export x', 'images tag', 'images tag x', 'images label'],
    ...['images import /nosuch', 'images convert', 'images mount', 'images unmount', 'images check nosuch'],
  ],
  ...['containers create', 'containers create x', 'containers info', 'containers rm', 'containers label nosuch', 'run'],
  ...['tasks metrics nosuch', 'tasks pause nosuch', 'tasks resume nosuch', 'tasks ps nosuch', 'tasks kill', 'run x'],
  ...['content get', 'content get nosuch', 'content label nosuch', 'content ingest', 'namespaces label'],
  ...['run --mount bad x y', 'run --with-ns bad x y', 'run --with-ns no:/x x y', 'run --env-file /nosuch x y'],
].map(command => all(`ctr ${command}`));

const exports = (scratch: string): Step[] => [
  all(`ctr images export ${scratch}/out.tar ${busybox}`),
  lines(`tar xOf ${scratch}/out.tar index.json; tar tf ${scratch}/out.tar | grep blobs/sha256/.`),
  all(`ctr images rm --sync ${busybox} ${registry}`),
  exit(`ctr images import ${scratch}/out.tar`),
  all('ctr images ls -q'),
  exit('ctr namespaces rm scenario'),
  all(`ctr images rm --sync ${busybox}`),
  lines('ctr content ls -q'),
  lines('ctr snapshots ls'),
  all('ctr namespaces rm scenario'),
];

export function scenario({scratch, cgroupParent}: EnginePaths, archive: string): Step[] {
  return [
    ...names,
    ...images(archive),
    ...content,
    ...snapshots,
    ...tasks(cgroupParent),
    ...mistakes,
    ...exports(scratch),
  ];
}
