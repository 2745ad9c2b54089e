/** Published ports. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {SandboxRequest} from '../ports/network-controller.ts';
import type {BridgeNetwork} from './network.ts';
import type {FirewallRule} from './ports.ts';
import type {Endpoint, PublishedPort} from './sandbox-record.ts';

export class PortPublisher {
  async publish(
    _ctx: CallContext,
    request: SandboxRequest,
    _network: BridgeNetwork,
    _endpoint: Endpoint,
    _record: (ports: PublishedPort[]) => void,
  ): Promise<void> {
    const wanted = request.exposedPorts.filter(port => request.publishAllPorts || request.portBindings[port]);
    if (wanted.length > 0) throw new EngineError('unimplemented', 'publishing ports is not implemented');
  }

  async adopt(_ctx: CallContext, _ports: readonly PublishedPort[]): Promise<void> {}

  async withdraw(_ports: readonly PublishedPort[]): Promise<void> {}

  rules(_ports: readonly PublishedPort[]): FirewallRule[] {
    return [];
  }
}
