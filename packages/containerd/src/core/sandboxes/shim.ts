/** The port of sandbox shims: processes that hold what the containers of a group share. */
import type {CallContext} from '@longshore/base';
import type {TypedValue} from '../metadata/records.ts';
import type {Mount} from '../snapshots/snapshotter.ts';
import type {ProcessExit, ShimRequest} from '../tasks/shim.ts';
import type {Timestamp} from '../time.ts';

export interface SandboxCreation {
  readonly rootfs: readonly Mount[];
  readonly options?: TypedValue;
  /** Path of the network namespace; empty for none. */
  readonly netnsPath: string;
  readonly annotations: {readonly [key: string]: string};
}

export interface SandboxStart {
  readonly pid: number;
  readonly createdAt?: Timestamp;
  readonly spec?: TypedValue;
}

export interface SandboxExit {
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp;
}

export interface SandboxStatus {
  readonly pid: number;
  /** In the shim's own words. */
  readonly state: string;
  readonly info: {readonly [key: string]: string};
  readonly createdAt?: Timestamp;
  readonly exitedAt?: Timestamp;
  readonly extra?: TypedValue;
}

export interface SandboxPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

export interface SandboxMetric {
  readonly id: string;
  readonly timestamp?: Timestamp;
  readonly data?: TypedValue;
}

/** One running sandbox shim. Calls throw what it answered, and `unavailable` once the connection is gone. */
export interface SandboxShim {
  readonly namespace: string;
  readonly id: string;
  /** Where tasks of this sandbox are made: address and version of the shim's task service. */
  readonly address: string;
  readonly version: number;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly disconnected: Promise<void>;
  create(ctx: CallContext, creation: SandboxCreation): Promise<void>;
  start(ctx: CallContext): Promise<SandboxStart>;
  platform(ctx: CallContext): Promise<SandboxPlatform>;
  /** `timeoutSeconds` is how long the shim may wait before it kills; 0 leaves it to the shim. */
  stop(ctx: CallContext, timeoutSeconds: number): Promise<void>;
  wait(ctx: CallContext): Promise<SandboxExit>;
  status(ctx: CallContext, verbose: boolean): Promise<SandboxStatus>;
  metrics(ctx: CallContext): Promise<SandboxMetric | undefined>;
  /** Tells the shim to end. */
  shutdown(ctx: CallContext): Promise<void>;
  /** Ends the process if it still runs and removes its bundle. Never throws; logs instead. */
  end(ctx: CallContext): Promise<void>;
  /** After `disconnected`: removes what the dead shim left. */
  cleanUp(ctx: CallContext): Promise<ProcessExit>;
  /** Lets go of a shim that shall live on without us. */
  detach(): void;
}

export interface SandboxShims {
  /** Makes the bundle and starts the shim; the sandbox is not created yet. Nothing is left over when it throws. */
  startSandbox(ctx: CallContext, request: ShimRequest): Promise<SandboxShim>;
}

/** Who is told about sandboxes that are found at the start of the daemon. */
export interface SandboxObserver {
  found(shim: SandboxShim): void;
  /** Its shim died while no daemon ran, and has been cleaned up after. */
  died(namespace: string, id: string): void;
}
