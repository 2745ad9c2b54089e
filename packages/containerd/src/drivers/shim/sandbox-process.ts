/** A running sandbox shim as the core sees it: the process is a `ShimProcess`, the sandbox its further service. */
import {SandboxDefinition} from '@longshore/api/gen/containerd/runtime/sandbox/v1/sandbox';
import type {CallContext} from '@longshore/base';
import type {
  SandboxCreation,
  SandboxExit,
  SandboxMetric,
  SandboxPlatform,
  SandboxShim,
  SandboxStart,
  SandboxStatus,
} from '../../core/sandboxes/shim.ts';
import type {ProcessExit} from '../../core/tasks/shim.ts';
import {anyOf} from './convert.ts';
import type {ShimProcess} from './shim-process.ts';

export class SandboxProcess implements SandboxShim {
  readonly #shim: ShimProcess;
  readonly address: string;
  readonly version: number;

  constructor(shim: ShimProcess, {address, version}: {address: string; version: number}) {
    this.#shim = shim;
    this.address = address;
    this.version = version;
  }

  get namespace(): string {
    return this.#shim.namespace;
  }

  get id(): string {
    return this.#shim.id;
  }

  get disconnected(): Promise<void> {
    return this.#shim.disconnected;
  }

  async create(ctx: CallContext, {rootfs, options, netnsPath, annotations}: SandboxCreation): Promise<void> {
    await this.#client.createSandbox(ctx, {
      sandboxId: this.id,
      bundlePath: this.#shim.bundle,
      rootfs: rootfs.map(mount => ({...mount, options: [...mount.options]})),
      options: anyOf(options),
      netnsPath,
      annotations: {...annotations},
    });
  }

  async start(ctx: CallContext): Promise<SandboxStart> {
    const {pid, createdAt, spec} = await this.#client.startSandbox(ctx, {sandboxId: this.id});
    return {pid, ...(createdAt && {createdAt}), ...(spec && {spec})};
  }

  async platform(ctx: CallContext): Promise<SandboxPlatform> {
    const {platform} = await this.#client.platform(ctx, {sandboxId: this.id});
    return {os: platform?.os ?? '', architecture: platform?.architecture ?? '', variant: platform?.variant ?? ''};
  }

  async stop(ctx: CallContext, timeoutSeconds: number): Promise<void> {
    await this.#client.stopSandbox(ctx, {sandboxId: this.id, timeoutSecs: timeoutSeconds});
  }

  async wait(ctx: CallContext): Promise<SandboxExit> {
    const {exitStatus, exitedAt} = await this.#client.waitSandbox(ctx, {sandboxId: this.id});
    return {exitStatus, ...(exitedAt && {exitedAt})};
  }

  async status(ctx: CallContext, verbose: boolean, timeoutMs?: number): Promise<SandboxStatus> {
    const options = timeoutMs === undefined ? {} : {timeoutMs};
    const answer = await this.#client.sandboxStatus(ctx, {sandboxId: this.id, verbose}, options);
    const {pid, state, info, createdAt, exitedAt, extra} = answer;
    return {pid, state, info, ...(createdAt && {createdAt}), ...(exitedAt && {exitedAt}), ...(extra && {extra})};
  }

  async metrics(ctx: CallContext): Promise<SandboxMetric | undefined> {
    const {metrics} = await this.#client.sandboxMetrics(ctx, {sandboxId: this.id});
    if (!metrics) return undefined;
    const {id, timestamp, data} = metrics;
    return {id, ...(timestamp && {timestamp}), ...(data && {data})};
  }

  async shutdown(ctx: CallContext): Promise<void> {
    await this.#client.shutdownSandbox(ctx, {sandboxId: this.id});
  }

  async end(ctx: CallContext): Promise<void> {
    await this.#shim.end(ctx, 'failed');
  }

  async cleanUp(): Promise<ProcessExit> {
    return await this.#shim.cleanUp();
  }

  detach(): void {
    this.#shim.detach();
  }

  get #client() {
    return this.#shim.service(SandboxDefinition);
  }
}
