/** A container in memory: its record, its lock, and what exists only while it runs. */
import type {Process} from '@longshore/api/oci';
import {type CallContext, type Deferred, deferred, Mutex} from '@longshore/base';
import type {Exec} from '../exec/exec.ts';
import type {ContainerIo} from '../ports/container-io.ts';
import {OutputHub} from './output-hub.ts';
import type {ContainerRecord} from './record.ts';
import {RestartTracker} from './restart-policy.ts';
import {type ContainerState, type Status, transition} from './state.ts';

/** How a run ended, for those who wait. */
export interface RunResult {
  exitCode: number;
  error: string;
}

export class Container {
  readonly record: ContainerRecord;
  /** Held across a change of state; never while waiting for the container itself. */
  readonly lock = new Mutex();
  readonly output = new OutputHub();
  readonly restarts = new RestartTracker();
  readonly execs = new Map<string, Exec>();
  /** Pipes and log of the current run. */
  io: ContainerIo | undefined;
  /** Its first process as configured: what an exec starts from. Of the current run. */
  process: Process | undefined;
  /** Resolves with `io` when the next run has pipes: those who attach before the start wait for it. */
  #nextIo: Deferred<ContainerIo> = deferred<ContainerIo>();
  #nextExit: Deferred<RunResult> = deferred<RunResult>();
  #removed = deferred<RunResult>();
  /** A restart that is waiting for its time. */
  #pendingRestart: AbortController | undefined;
  /** A stop is on its way: its event comes before that of the death. */
  stopping = 0;
  /** A `docker restart` ends this run: no policy, no automatic removal. */
  suppressAutoActions = 0;
  stopHealthChecks: () => void = () => {};
  /** The trace that started the current run, for what happens at its end. */
  trace: Pick<CallContext, 'traceparent' | 'spans'> = {traceparent: ''};

  constructor(record: ContainerRecord) {
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  /** Without the leading slash. */
  get name(): string {
    return this.record.name.slice(1);
  }

  get state(): ContainerState {
    return this.record.state;
  }

  get removing(): boolean {
    return this.record.removing;
  }

  get status(): Status {
    return this.removing ? 'removing' : this.state.status;
  }

  /** Changes the state. The caller holds the lock and saves the record before anybody is told. */
  moveTo(state: ContainerState): void {
    this.record.state = transition(this.record.state, state);
  }

  /** The pipes of the run that is, or the next one to come. */
  waitForIo(): Promise<ContainerIo> {
    return this.io ? Promise.resolve(this.io) : this.#nextIo.promise;
  }

  setIo(io: ContainerIo): void {
    this.io = io;
    this.#nextIo.resolve(io);
    this.#nextIo = deferred<ContainerIo>();
  }

  /** The end of the current run, or of the next one. */
  nextExit(): Promise<RunResult> {
    return this.#nextExit.promise;
  }

  removed(): Promise<RunResult> {
    return this.#removed.promise;
  }

  /** A run has ended, or a restart was called off, and the record is on disk. */
  announceExit(result: RunResult): void {
    this.#nextExit.resolve(result);
    this.#nextExit = deferred<RunResult>();
  }

  announceRemoved(result: RunResult): void {
    this.announceExit(result);
    this.#removed.resolve(result);
  }

  /** Those who wait for the removal learn that it failed; a later one is told to who waits then. */
  announceRemovalFailure(result: RunResult): void {
    this.#removed.resolve(result);
    this.#removed = deferred<RunResult>();
  }

  /** Remembers a restart that is due later; only one can be. */
  setPendingRestart(abort: AbortController | undefined): void {
    this.#pendingRestart = abort;
  }

  /** True when a waiting restart was called off. */
  cancelPendingRestart(): boolean {
    if (!this.#pendingRestart) return false;
    this.#pendingRestart.abort();
    this.#pendingRestart = undefined;
    return true;
  }
}
