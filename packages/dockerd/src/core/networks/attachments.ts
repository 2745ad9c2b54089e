/** `docker network connect` and `disconnect`: containers put on and taken off networks, running or not. */
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  type EndpointSettings,
  endpointSettings,
  type NetworkSettings,
} from '../containers/documents/network-settings.ts';
import type {AttachableContainer, ContainerEndpoints} from '../ports/network-controller.ts';
import {checkEndpoint} from './endpoint-rules.ts';
import type {Network} from './network.ts';
import type {NetworkRegistry} from './registry.ts';
import {pendingEndpoint, requestedOf, storedEndpoint} from './sandbox-settings.ts';
import type {Sandboxes} from './sandboxes.ts';

export interface AttachmentsParts {
  registry: NetworkRegistry;
  sandboxes: Sandboxes;
  containers: () => ContainerEndpoints;
}

export class Attachments {
  readonly #parts: AttachmentsParts;

  constructor(parts: AttachmentsParts) {
    this.#parts = parts;
  }

  /** Throws Docker's refusals; see the checks below. */
  async connect(
    _ctx: CallContext,
    reference: string,
    container: string,
    wanted: EndpointSettings | null,
  ): Promise<void> {
    const network = this.#parts.registry.find(reference);
    const target = this.#parts.containers().find(container);
    const settings = wanted ? requestedOf(wanted) : endpointSettings.zero();
    checkConnect(network, target);
    checkEndpoint(network.record.Name, settings, network.record);
    await target.update(async current => {
      const entry = await this.#connected(network, target, current, settings);
      return {...current, Networks: {...current.Networks, [network.record.Name]: entry}};
    });
  }

  /** With `force` also from a network that is not there any more. */
  async disconnect(_ctx: CallContext, reference: string, container: string, force: boolean): Promise<void> {
    const target = this.#target(container, reference, force);
    const network = this.#networkOf(reference, target, force);
    if (network?.kind === 'host' && target.running) {
      throw new EngineError(
        'invalid-argument',
        'container cannot be disconnected from host network or connected to host network',
      );
    }
    const name = network?.record.Name ?? reference;
    await target.update(async current => {
      const {[name]: entry, ...others} = current.Networks ?? {};
      if (!entry) {
        const which = target.running && network ? 'network' : 'the network';
        throw new EngineError('unknown', `container ${target.id} is not connected to ${which} ${name}`);
      }
      if (target.running && network) await this.#parts.sandboxes.disconnect(network, target.request());
      return {...current, Networks: others};
    });
  }

  #target(container: string, network: string, force: boolean): AttachableContainer {
    try {
      return this.#parts.containers().find(container);
    } catch (error) {
      if (!force || !isErrorCode(error, 'not-found')) throw error;
      this.#parts.registry.find(network);
      throw new EngineError('not-found', `endpoint ${container} not found`, {cause: error});
    }
  }

  /** Undefined when it is gone and only the container's settings still name it. */
  #networkOf(reference: string, target: AttachableContainer, force: boolean): Network | undefined {
    try {
      return this.#parts.registry.find(reference);
    } catch (error) {
      if ((target.running && !force) || !isErrorCode(error, 'not-found')) throw error;
      return undefined;
    }
  }

  async #connected(
    network: Network,
    target: AttachableContainer,
    current: NetworkSettings,
    settings: EndpointSettings,
  ) {
    if (!target.running) return pendingEndpoint(network.record.Id, settings);
    if (current.Networks?.[network.record.Name] || network.endpoints.has(target.id)) {
      throw new EngineError(
        'permission-denied',
        `endpoint with name ${target.name} already exists in network ${network.record.Name}`,
      );
    }
    const endpoint = await this.#parts.sandboxes.connect(network, target.request(), settings);
    return storedEndpoint(endpoint, settings);
  }
}

function checkConnect(network: Network, target: AttachableContainer): void {
  if (network.kind === 'host') {
    throw new EngineError(
      'invalid-argument',
      'cannot connect container to host network - container must be created in host network mode',
    );
  }
  if (target.networkMode === 'host' || target.networkMode.startsWith('container:')) {
    throw new EngineError(
      'invalid-argument',
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  }
  const names = Object.keys(target.settings.Networks ?? {}).filter(name => name !== network.record.Name);
  const isPrivate = network.kind === 'null' ? names.length > 0 : names.includes('none');
  if (!isPrivate) return;
  throw new EngineError(
    'invalid-argument',
    'container cannot be connected to multiple networks with one of the networks in private (none) mode',
  );
}
