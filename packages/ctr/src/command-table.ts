/** Every command of ctr by its names. A leaf's module is loaded when the command is run. */
import type {CommandEntry} from './command/command.ts';
import {debugSocketFlag, shimFlags, snapshotterFlag} from './flags.ts';

export const commandTable: CommandEntry[] = [
  {
    ...{names: ['plugins', 'plugin'], summary: 'Provides information about containerd plugins'},
    commands: [
      {names: ['list', 'ls'], summary: 'Lists containerd plugins', load: () => import('./commands/plugins/list.ts')},
      {
        names: ['inspect-runtime'],
        summary: 'Display runtime info',
        load: () => import('./commands/plugins/inspect-runtime.ts'),
      },
    ],
  },
  {names: ['version'], summary: 'Print the client and server versions', load: () => import('./commands/version.ts')},
  {
    ...{names: ['containers', 'c', 'container'], summary: 'Manage containers'},
    commands: [
      {names: ['create'], summary: 'Create container', load: () => import('./commands/containers/create.ts')},
      {
        names: ['delete', 'del', 'remove', 'rm'],
        summary: 'Delete one or more existing containers',
        load: () => import('./commands/containers/delete.ts'),
      },
      {names: ['info'], summary: 'Get info about a container', load: () => import('./commands/containers/info.ts')},
      {names: ['list', 'ls'], summary: 'List containers', load: () => import('./commands/containers/list.ts')},
      {
        names: ['label'],
        summary: 'Set and clear labels for a container',
        load: () => import('./commands/containers/label.ts'),
      },
      {
        names: ['checkpoint'],
        summary: 'Checkpoint a container',
        load: () => import('./commands/containers/checkpoint.ts'),
      },
      {
        names: ['restore'],
        summary: 'Restore a container from checkpoint',
        load: () => import('./commands/containers/restore.ts'),
      },
    ],
  },
  {
    ...{names: ['content'], summary: 'Manage content'},
    commands: [
      {names: ['active'], summary: 'Display active transfers', load: () => import('./commands/content/active.ts')},
      {
        names: ['delete', 'del', 'remove', 'rm'],
        summary: 'Permanently delete one or more blobs',
        load: () => import('./commands/content/delete.ts'),
      },
      {names: ['get'], summary: 'Get the data for an object', load: () => import('./commands/content/get.ts')},
      {names: ['ingest'], summary: 'Accept content into the store', load: () => import('./commands/content/ingest.ts')},
      {names: ['label'], summary: 'Add labels to content', load: () => import('./commands/content/label.ts')},
      {names: ['list', 'ls'], summary: 'List all blobs in the store', load: () => import('./commands/content/list.ts')},
      {
        names: ['edit'],
        summary: 'Edit a blob and return a new digest',
        load: () => import('./commands/content/edit.ts'),
      },
      {
        names: ['fetch'],
        summary: 'Fetch all content for an image into containerd',
        load: () => import('./commands/content/fetch.ts'),
      },
      {
        names: ['fetch-object'],
        summary: 'Retrieve objects from a remote',
        load: () => import('./commands/content/fetch-object.ts'),
      },
      {
        names: ['fetch-blob'],
        summary: 'Retrieve blobs from a remote',
        load: () => import('./commands/content/fetch-blob.ts'),
      },
      {
        names: ['push-object'],
        summary: 'Push an object to a remote',
        load: () => import('./commands/content/push-object.ts'),
      },
      {
        ...{names: ['prune'], summary: 'Prunes content from the content store'},
        commands: [
          {
            names: ['references'],
            summary: 'Prunes preference labels from the content store (layers only by default)',
            load: () => import('./commands/content/prune-references.ts'),
          },
        ],
      },
    ],
  },
  {names: ['events', 'event'], summary: 'Display containerd events', load: () => import('./commands/events.ts')},
  {
    ...{names: ['images', 'image', 'i'], summary: 'Manage images'},
    commands: [
      {
        names: ['check'],
        summary: 'Check existing images to ensure all content is available locally',
        load: () => import('./commands/images/check.ts'),
      },
      {names: ['export'], summary: 'Export images', load: () => import('./commands/images/export.ts')},
      {names: ['import'], summary: 'Import images', load: () => import('./commands/images/import.ts')},
      {names: ['inspect', 'i'], summary: 'Inspect an image', load: () => import('./commands/images/inspect.ts')},
      {
        names: ['list', 'ls'],
        summary: 'List images known to containerd',
        load: () => import('./commands/images/list.ts'),
      },
      {
        names: ['label'],
        summary: 'Set and clear labels for an image',
        load: () => import('./commands/images/label.ts'),
      },
      {names: ['pull'], summary: 'Pull an image from a remote', load: () => import('./commands/images/pull.ts')},
      {names: ['push'], summary: 'Push an image to a remote', load: () => import('./commands/images/push.ts')},
      {
        names: ['delete', 'del', 'remove', 'rm'],
        summary: 'Remove one or more images by reference',
        load: () => import('./commands/images/delete.ts'),
      },
      {names: ['tag'], summary: 'Tag an image', load: () => import('./commands/images/tag.ts')},
      {
        names: ['usage'],
        summary: 'Display usage of snapshots for a given image ref',
        load: () => import('./commands/images/usage.ts'),
      },
      {names: ['mount'], summary: 'Mount an image to a target path', load: () => import('./commands/images/mount.ts')},
      {
        names: ['unmount'],
        summary: 'Unmount the image from the target',
        load: () => import('./commands/images/unmount.ts'),
      },
      {names: ['prune'], summary: 'Remove unused images', load: () => import('./commands/images/prune.ts')},
      {names: ['convert'], summary: 'Convert an image', load: () => import('./commands/images/convert.ts')},
    ],
  },
  {
    ...{names: ['leases'], summary: 'Manage leases'},
    commands: [
      {names: ['list', 'ls'], summary: 'List all active leases', load: () => import('./commands/leases/list.ts')},
      {names: ['create'], summary: 'Create lease', load: () => import('./commands/leases/create.ts')},
      {
        names: ['delete', 'del', 'remove', 'rm'],
        summary: 'Delete a lease',
        load: () => import('./commands/leases/delete.ts'),
      },
    ],
  },
  {
    ...{names: ['namespaces', 'namespace', 'ns'], summary: 'Manage namespaces'},
    commands: [
      {
        names: ['create', 'c'],
        summary: 'Create a new namespace',
        load: () => import('./commands/namespaces/create.ts'),
      },
      {names: ['list', 'ls'], summary: 'List namespaces', load: () => import('./commands/namespaces/list.ts')},
      {
        names: ['remove', 'rm'],
        summary: 'Remove one or more namespaces',
        load: () => import('./commands/namespaces/remove.ts'),
      },
      {
        names: ['label'],
        summary: 'Set and clear labels for a namespace',
        load: () => import('./commands/namespaces/label.ts'),
      },
    ],
  },
  {names: ['run'], summary: 'Run a container', load: () => import('./commands/run.ts')},
  {
    ...{names: ['snapshots', 'snapshot'], summary: 'Manage snapshots', flags: [snapshotterFlag]},
    commands: [
      {
        names: ['commit'],
        summary: 'Commit an active snapshot into the provided name',
        load: () => import('./commands/snapshots/commit.ts'),
      },
      {
        names: ['delete', 'del', 'remove', 'rm'],
        summary: 'Delete one or more snapshots',
        load: () => import('./commands/snapshots/delete.ts'),
      },
      {names: ['info'], summary: 'Get info about a snapshot', load: () => import('./commands/snapshots/info.ts')},
      {names: ['label'], summary: 'Add labels to content', load: () => import('./commands/snapshots/label.ts')},
      {names: ['list', 'ls'], summary: 'List snapshots', load: () => import('./commands/snapshots/list.ts')},
      {
        names: ['mounts', 'm', 'mount'],
        summary: 'Mount gets mount commands for the snapshots',
        load: () => import('./commands/snapshots/mounts.ts'),
      },
      {
        names: ['prepare'],
        summary: 'Prepare a snapshot from a committed snapshot',
        load: () => import('./commands/snapshots/prepare.ts'),
      },
      {
        names: ['tree'],
        summary: 'Display tree view of snapshot branches',
        load: () => import('./commands/snapshots/tree.ts'),
      },
      {
        names: ['unpack'],
        summary: 'Unpack applies layers from a manifest to a snapshot',
        load: () => import('./commands/snapshots/unpack.ts'),
      },
      {names: ['usage'], summary: 'Usage snapshots', load: () => import('./commands/snapshots/usage.ts')},
      {
        names: ['view'],
        summary: 'Create a read-only snapshot from a committed snapshot',
        load: () => import('./commands/snapshots/view.ts'),
      },
      {
        names: ['diff'],
        summary: "Get the diff of two snapshots. the default second snapshot is the first snapshot's parent.",
        load: () => import('./commands/snapshots/diff.ts'),
      },
    ],
  },
  {
    ...{names: ['tasks', 't', 'task'], summary: 'Manage tasks'},
    commands: [
      {
        names: ['attach'],
        summary: 'Attach to the IO of a running container',
        load: () => import('./commands/tasks/attach.ts'),
      },
      {
        names: ['delete', 'del', 'remove', 'rm'],
        summary: 'Delete one or more tasks',
        load: () => import('./commands/tasks/delete.ts'),
      },
      {
        names: ['exec'],
        summary: 'Execute additional processes in an existing container',
        load: () => import('./commands/tasks/exec.ts'),
      },
      {names: ['list', 'ls'], summary: 'List tasks', load: () => import('./commands/tasks/list.ts')},
      {
        names: ['kill'],
        summary: 'Signal a container (default: SIGTERM)',
        load: () => import('./commands/tasks/kill.ts'),
      },
      {
        names: ['metrics', 'metric'],
        summary: 'Get a single data point of metrics for a task with the built-in Linux runtime',
        load: () => import('./commands/tasks/metrics.ts'),
      },
      {names: ['pause'], summary: 'Pause an existing container', load: () => import('./commands/tasks/pause.ts')},
      {names: ['ps'], summary: 'List processes for container', load: () => import('./commands/tasks/ps.ts')},
      {names: ['resume'], summary: 'Resume a paused container', load: () => import('./commands/tasks/resume.ts')},
      {
        names: ['start'],
        summary: 'Start a container that has been created',
        load: () => import('./commands/tasks/start.ts'),
      },
      {names: ['checkpoint'], summary: 'Checkpoint a container', load: () => import('./commands/tasks/checkpoint.ts')},
    ],
  },
  {
    ...{names: ['oci'], summary: 'OCI tools'},
    commands: [{names: ['spec'], summary: 'Generate a default OCI spec', load: () => import('./commands/oci/spec.ts')}],
  },
  {names: ['info'], summary: 'Print the server info', load: () => import('./commands/info.ts')},
  {
    ...{names: ['deprecations'], summary: 'Deprecated features in use'},
    commands: [
      {
        names: ['list', 'ls'],
        summary: 'Print warnings for deprecations',
        load: () => import('./commands/deprecations/list.ts'),
      },
    ],
  },
  {names: ['install'], summary: 'Install a new package', load: () => import('./commands/install.ts')},
  {
    ...{names: ['pprof'], summary: 'Provide profiles of containerd from its debug socket', flags: [debugSocketFlag]},
    commands: profiles(false),
  },
  {
    ...{names: ['sandboxes', 'sandbox', 'sb', 's'], summary: 'Manage sandboxes'},
    commands: [
      {
        names: ['run', 'create', 'c', 'r'],
        summary: 'Run a new sandbox',
        load: () => import('./commands/sandboxes/run.ts'),
      },
      {names: ['list', 'ls'], summary: 'List sandboxes', load: () => import('./commands/sandboxes/list.ts')},
      {names: ['remove', 'rm'], summary: 'Remove sandboxes', load: () => import('./commands/sandboxes/remove.ts')},
    ],
  },
  {
    ...{names: ['shim'], summary: 'Interact with a shim directly', flags: shimFlags},
    commands: [
      {names: ['delete'], summary: 'Delete a container with a task', load: () => import('./commands/shim/delete.ts')},
      {
        names: ['exec'],
        summary: "Exec a new process in the task's container",
        load: () => import('./commands/shim/exec.ts'),
      },
      {names: ['start'], summary: 'Start a container with a task', load: () => import('./commands/shim/start.ts')},
      {
        names: ['state'],
        summary: 'Get the state of all main process of the task',
        load: () => import('./commands/shim/state.ts'),
      },
      {
        names: ['shutdown'],
        summary: 'Shutdown shim if there is no active container',
        load: () => import('./commands/shim/shutdown.ts'),
      },
      {...{names: ['pprof'], summary: 'Provide profiles of a shim'}, commands: profiles(true)},
    ],
  },
  {
    names: ['completion'],
    summary: 'Print the completion script of a shell (bash, zsh, fish)',
    load: () => import('./commands/completion.ts'),
  },
];

/** The same profiles of containerd and of a shim. */
function profiles(ofShim: boolean): CommandEntry[] {
  const names: Record<string, string> = {
    block: 'Goroutine blocking profile',
    goroutines: 'Dump goroutine stack dump',
    heap: 'Dump heap profile',
    profile: 'CPU profile',
    threadcreate: 'Goroutine thread creating profile',
    trace: 'Collect execution trace',
  };
  return Object.entries(names).map(([name, summary]) => ({
    ...{names: [name], summary},
    load: async () => ({default: (await import('./commands/pprof.ts')).profileLeaf(name, ofShim)}),
  }));
}
