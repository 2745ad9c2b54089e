/** containerd's services that are not here: they answer every call with the reason. */
import type {ServiceDefinition} from '@longshore/api';
import {MountsDefinition} from '@longshore/api/gen/containerd/services/mounts/v1/mounts';
import {EngineError} from '@longshore/errdefs';
import type {ServedService} from './serve.ts';

export function unimplementedServices(): ServedService[] {
  return [unimplementedService(MountsDefinition, 'mounts are made by the client or the shim')];
}

function unimplementedService(definition: ServiceDefinition, reason: string): ServedService {
  const refuse = (method: string) => new EngineError('unimplemented', `${definition.fullName}/${method}: ${reason}`);
  const handlers: Record<string, ServedService['handlers'][string]> = {};
  for (const [key, {name, requestStream, responseStream}] of Object.entries(definition.methods)) {
    handlers[key] = requestStream || responseStream ? () => failing(refuse(name)) : () => Promise.reject(refuse(name));
  }
  return {definition, handlers, namespaced: false};
}

function failing(error: EngineError): AsyncIterable<never> {
  return {[Symbol.asyncIterator]: () => ({next: () => Promise.reject(error)})};
}
