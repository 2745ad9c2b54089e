/** The sandbox service: each method is one call of the sandbox. Loaded with the first of them. */

import {SandboxDefinition} from '@longshore/api/gen/containerd/runtime/sandbox/v1/sandbox';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {ServerCallContext, ServiceHandlers} from '@longshore/ttrpc';
import type {UnaryHandlers} from '../handlers.ts';
import {timestamp} from '../timestamp.ts';
import {sandboxMetrics} from './metrics.ts';
import {Sandbox, type SandboxHost} from './sandbox.ts';

/** OCI's names of the machines that Node names otherwise, and the variant that containerd reports for them. */
const machines: Partial<Record<NodeJS.Architecture, {architecture: string; variant: string}>> = {
  x64: {architecture: 'amd64', variant: ''},
  arm64: {architecture: 'arm64', variant: 'v8'},
};

/** Takes and gives encoded messages. */
export function sandboxHandlers(host: SandboxHost): UnaryHandlers {
  const handlers = serve(new Sandbox(host)) as UnaryHandlers;
  const encoded: UnaryHandlers = {};
  for (const [key, {requestType, responseType}] of Object.entries(SandboxDefinition.methods)) {
    encoded[key] = async (ctx, bytes) => {
      const response = await handlers[key]?.(ctx, decode(requestType, bytes as Uint8Array));
      return (responseType as typeof requestType)
        .encode(responseType.fromPartial(response as object) as never)
        .finish();
    };
  }
  return encoded;
}

function decode(type: {decode(bytes: Uint8Array): unknown}, bytes: Uint8Array): unknown {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new EngineError('invalid-argument', `unmarshal request error: ${messageOf(error)}`, {cause: error});
  }
}

function serve(sandbox: Sandbox): ServiceHandlers<typeof SandboxDefinition> {
  return {
    async createSandbox(_ctx, {sandboxId: id, bundlePath: bundle, rootfs, netnsPath, annotations}) {
      sandbox.create({id, bundle, rootfs, netnsPath, annotations});
      return {};
    },
    async startSandbox(_ctx, {sandboxId}) {
      return {pid: process.pid, createdAt: timestamp(sandbox.start(sandboxId))};
    },
    async platform() {
      return {platform: {os: 'linux', ...(machines[process.arch] ?? {architecture: process.arch, variant: ''})}};
    },
    async stopSandbox(_ctx, {sandboxId, timeoutSecs}) {
      await sandbox.stop(sandboxId, timeoutSecs);
      return {};
    },
    async waitSandbox(ctx: ServerCallContext, {sandboxId}) {
      const {exitStatus, exitedAt} = await sandbox.wait(sandboxId, ctx.signal);
      return {exitStatus, exitedAt: timestamp(exitedAt)};
    },
    async sandboxStatus(_ctx, {sandboxId, verbose}) {
      const {state, createdAt, exitedAt, info} = sandbox.status(sandboxId);
      const times = {createdAt: timestamp(createdAt), exitedAt: timestamp(exitedAt)};
      return {sandboxId, pid: process.pid, state, info: verbose ? info : {}, ...times};
    },
    async pingSandbox(_ctx, {sandboxId}) {
      sandbox.status(sandboxId);
      return {};
    },
    async shutdownSandbox(_ctx, {sandboxId}) {
      await sandbox.shutdown(sandboxId);
      return {};
    },
    async sandboxMetrics(_ctx, {sandboxId}) {
      sandbox.status(sandboxId);
      return {metrics: sandboxMetrics(sandboxId, sandbox.containers)};
    },
  };
}
