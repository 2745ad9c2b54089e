/** The OCI runtime as a library: what the shim drives containers with. See README.md for who does what. */

export {cgroupOfContainer, processesOf} from './cgroups/container-cgroup.ts';
export {checkContainerId} from './container-id.ts';
export {RuncRuntime} from './runtime.ts';
export type {
  CheckpointOptions,
  ContainerState,
  ContainerStdio,
  CreateOptions,
  DeleteOptions,
  ExecOptions,
  KillOptions,
  Resources,
  RestoreOptions,
  RuncRuntimeOptions,
} from './runtime-options.ts';
export type {RuntimeInvocation, SpawnRuntime} from './spawn.ts';
export {spawnAndWait} from './spawn.ts';
export type {ContainerRecord} from './state/record.ts';
export type {Status} from './state/status.ts';
export {isInitAlive, statusOf} from './state/status.ts';
