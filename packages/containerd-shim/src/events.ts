/** A container's life as containerd events: which topic, which message. */
import * as messages from '@longshore/api/gen/containerd/events/task';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import type {ContainerProcess, ProcessExit} from './process/container-process.ts';
import type {Publisher} from './publisher.ts';
import {timestamp} from './timestamp.ts';

export class ContainerEvents {
  readonly #publisher: Publisher;
  readonly #containerId: string;

  constructor(publisher: Publisher, containerId: string) {
    this.#publisher = publisher;
    this.#containerId = containerId;
  }

  created(bundle: string, rootfs: Mount[], init: ContainerProcess, checkpoint: string): void {
    const {stdin, stdout, stderr, terminal} = init.uris;
    const io = {stdin, stdout, stderr, terminal};
    const event = {containerId: this.#containerId, bundle, rootfs, io, checkpoint, pid: init.pid};
    this.#publish('/tasks/create', protobufTypeUrl.taskCreate, messages.TaskCreate.encode(event));
  }

  started(process: ContainerProcess): void {
    const {execId, pid} = process;
    const containerId = this.#containerId;
    if (execId === '') {
      this.#publish('/tasks/start', protobufTypeUrl.taskStart, messages.TaskStart.encode({containerId, pid}));
      return;
    }
    const event = messages.TaskExecStarted.encode({containerId, execId, pid});
    this.#publish('/tasks/exec-started', protobufTypeUrl.taskExecStarted, event);
  }

  execAdded({execId}: ContainerProcess): void {
    const event = messages.TaskExecAdded.encode({containerId: this.#containerId, execId});
    this.#publish('/tasks/exec-added', protobufTypeUrl.taskExecAdded, event);
  }

  exited({id, pid}: ContainerProcess, {exitStatus, exitedAt}: ProcessExit): void {
    const event = {containerId: this.#containerId, id, pid, exitStatus, exitedAt: timestamp(exitedAt)};
    this.#publish('/tasks/exit', protobufTypeUrl.taskExit, messages.TaskExit.encode(event));
  }

  deleted({pid}: ContainerProcess, exit: ProcessExit | undefined): void {
    const exitStatus = exit?.exitStatus ?? 0;
    const event = {containerId: this.#containerId, pid, exitStatus, exitedAt: timestamp(exit?.exitedAt), id: ''};
    this.#publish('/tasks/delete', protobufTypeUrl.taskDelete, messages.TaskDelete.encode(event));
  }

  paused(): void {
    const event = messages.TaskPaused.encode({containerId: this.#containerId});
    this.#publish('/tasks/paused', protobufTypeUrl.taskPaused, event);
  }

  resumed(): void {
    const event = messages.TaskResumed.encode({containerId: this.#containerId});
    this.#publish('/tasks/resumed', protobufTypeUrl.taskResumed, event);
  }

  checkpointed(checkpoint: string): void {
    const event = messages.TaskCheckpointed.encode({containerId: this.#containerId, checkpoint});
    this.#publish('/tasks/checkpointed', protobufTypeUrl.taskCheckpointed, event);
  }

  outOfMemory(): void {
    const event = messages.TaskOOM.encode({containerId: this.#containerId});
    this.#publish('/tasks/oom', protobufTypeUrl.taskOom, event);
  }

  #publish(topic: string, typeUrl: string, event: {finish(): Uint8Array}): void {
    this.#publisher.publish(topic, {typeUrl, value: Buffer.from(event.finish())});
  }
}
