/** The body of POST /containers/create: a Config with HostConfig and NetworkingConfig beside its fields. */
import {EngineError} from '@longshore/errdefs';
import type {CreateRequest} from '../../core/containers/create.ts';
import {configFields, containerConfig} from '../../core/containers/documents/container-config.ts';
import {hostConfig} from '../../core/containers/documents/host-config.ts';
import {networkingConfig} from '../../core/containers/documents/network-settings.ts';
import {pointer, type Shape, struct} from '../../core/shape/shape.ts';
import {readJson} from '../json-body.ts';
import type {ApiRequest} from '../route.ts';
import {adaptCreateRequest} from './older-versions.ts';

const body = struct({...configFields, HostConfig: pointer(hostConfig), NetworkingConfig: pointer(networkingConfig)});
const configKeys = new Set(Object.keys(configFields).map(key => key.toLowerCase()));

/** Also tells whether there was a Config at all, which decides on the message for an empty request. */
const createBody: Shape<ReturnType<typeof body.zero> & {hasConfig: boolean}> = {
  type: body.type,
  zero: () => ({...body.zero(), hasConfig: false}),
  isEmpty: () => false,
  encode: value => body.encode(value),
  decode(value, path) {
    const hasConfig = Object.keys(value ?? {}).some(key => configKeys.has(key.toLowerCase()));
    return {...body.decode(value, path), hasConfig};
  },
};

/** Throws Docker's messages for bodies that are no request. */
export async function readCreateRequest(request: ApiRequest, isCgroup1: boolean): Promise<CreateRequest> {
  const {HostConfig: host, NetworkingConfig: networking, hasConfig, ...rest} = await readJson(request, createBody);
  if (!hasConfig) {
    throw new EngineError('invalid-argument', 'config cannot be empty in order to create a container');
  }
  const config = {...containerConfig.zero(), ...rest};
  const {version} = request;
  const given = {
    name: request.query.text('name'),
    platform: request.query.text('platform'),
    config,
    host: host ?? {...hostConfig.zero()},
    networking: networking ?? undefined,
    isReadOnlyTopOnly: version.below('1.44'),
  };
  return adaptCreateRequest(given, version, isCgroup1);
}
