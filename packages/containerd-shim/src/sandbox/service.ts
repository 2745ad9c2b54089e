/**
 * The sandbox service as the listener knows it: names of methods, and bytes. What they mean is loaded with the first
 * call, which most shims never get.
 */

import type {ServiceDefinition} from '@longshore/api';
import {rawMessage, type UnaryHandlers} from '../handlers.ts';
import type {SandboxHost} from './sandbox.ts';

const methodNames = [
  'CreateSandbox',
  'StartSandbox',
  'Platform',
  'StopSandbox',
  'WaitSandbox',
  'SandboxStatus',
  'PingSandbox',
  'ShutdownSandbox',
  'SandboxMetrics',
] as const;

function keyOf(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export const sandboxDefinition: ServiceDefinition = {
  name: 'Sandbox',
  fullName: 'containerd.runtime.sandbox.v1.Sandbox',
  methods: Object.fromEntries(
    methodNames.map(name => [
      keyOf(name),
      {name, requestType: rawMessage, requestStream: false, responseType: rawMessage, responseStream: false},
    ]),
  ),
};

export function sandboxService(host: SandboxHost): UnaryHandlers {
  let loading: Promise<UnaryHandlers> | undefined;
  const load = async () => (await import('./handlers.ts')).sandboxHandlers(host);
  const handlers: UnaryHandlers = {};
  for (const key of Object.keys(sandboxDefinition.methods)) {
    handlers[key] = async (ctx, request) => {
      loading ??= load();
      return (await loading)[key]?.(ctx, request) ?? {};
    };
  }
  return handlers;
}
