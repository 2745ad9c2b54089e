/** Starts whole isolated engines for tests: `await using engine = await startEngine()`. */

export {busyboxArchive, loadBusyboxImage} from './busybox-image.ts';
export type {ClientResult} from './client.ts';
export {type StandaloneContainerd, startContainerd} from './containerd.ts';
export {type CreatedTask, createTask} from './created-task.ts';
export {type DaemonHandle, pidFromFile} from './daemon-handle.ts';
export {Engine, type EngineOptions, startEngine} from './engine.ts';
export {ApiError, type ApiRequest, type ApiResponse, EngineApi} from './engine-api.ts';
export type {EnginePaths} from './engine-paths.ts';
export {debianExecutables, type Executables, longshoreExecutables} from './executables.ts';
export {findLeaks} from './leak-check.ts';
export {type PollOptions, poll} from './poll.ts';
export {ProcessHandle} from './process-handle.ts';
export * from './process-tree.ts';
export {Sandbox, type SandboxProcess} from './sandbox.ts';
