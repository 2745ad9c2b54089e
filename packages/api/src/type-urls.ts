/**
 * The `typeUrl`s of google.protobuf.Any values that containerd, its shims and its clients exchange.
 * Protobuf values have the bare message name without a domain; values under `types.containerd.io/` are JSON.
 */

/** Values that are protobuf: the message of the same name in `gen/`. */
export const protobufTypeUrl = {
  runcOptions: 'containerd.runc.v1.Options',
  runcCheckpointOptions: 'containerd.runc.v1.CheckpointOptions',
  runcProcessDetails: 'containerd.runc.v1.ProcessDetails',
  linuxRuncOptions: 'containerd.linux.runc.RuncOptions',
  linuxCreateOptions: 'containerd.linux.runc.CreateOptions',
  runtimeOptions: 'runtimeoptions.v1.Options',
  cgroupsV1Metrics: 'io.containerd.cgroups.v1.Metrics',
  cgroupsV2Metrics: 'io.containerd.cgroups.v2.Metrics',
  containerCreate: 'containerd.events.ContainerCreate',
  containerUpdate: 'containerd.events.ContainerUpdate',
  containerDelete: 'containerd.events.ContainerDelete',
  contentCreate: 'containerd.events.ContentCreate',
  contentDelete: 'containerd.events.ContentDelete',
  imageCreate: 'containerd.services.images.v1.ImageCreate',
  imageUpdate: 'containerd.services.images.v1.ImageUpdate',
  imageDelete: 'containerd.services.images.v1.ImageDelete',
  namespaceCreate: 'containerd.events.NamespaceCreate',
  namespaceUpdate: 'containerd.events.NamespaceUpdate',
  namespaceDelete: 'containerd.events.NamespaceDelete',
  sandboxCreate: 'containerd.events.SandboxCreate',
  sandboxStart: 'containerd.events.SandboxStart',
  sandboxExit: 'containerd.events.SandboxExit',
  snapshotPrepare: 'containerd.events.SnapshotPrepare',
  snapshotCommit: 'containerd.events.SnapshotCommit',
  snapshotRemove: 'containerd.events.SnapshotRemove',
  taskCreate: 'containerd.events.TaskCreate',
  taskStart: 'containerd.events.TaskStart',
  taskExit: 'containerd.events.TaskExit',
  taskDelete: 'containerd.events.TaskDelete',
  taskOom: 'containerd.events.TaskOOM',
  taskExecAdded: 'containerd.events.TaskExecAdded',
  taskExecStarted: 'containerd.events.TaskExecStarted',
  taskPaused: 'containerd.events.TaskPaused',
  taskResumed: 'containerd.events.TaskResumed',
  taskCheckpointed: 'containerd.events.TaskCheckpointed',
} as const;

/** Values that are UTF-8 JSON: the type of `oci/` named beside each. */
export const jsonTypeUrl = {
  /** `Spec` */
  spec: 'types.containerd.io/opencontainers/runtime-spec/1/Spec',
  /** `Process` */
  process: 'types.containerd.io/opencontainers/runtime-spec/1/Process',
  /** `LinuxResources` */
  linuxResources: 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources',
  /** not used on Linux */
  windowsResources: 'types.containerd.io/opencontainers/runtime-spec/1/WindowsResources',
  /** `Features` */
  features: 'types.containerd.io/opencontainers/runtime-spec/1/features/Features',
} as const;
