import {LeasesDefinition} from '@longshore/api/gen/containerd/services/leases/v1/leases';
import type {Leases} from '../../core/leases/leases.ts';
import type {LeaseRecord, LeaseResource} from '../../core/metadata/records.ts';
import {type ServedService, serve} from '../serve.ts';

export function leasesService(leases: Leases): ServedService {
  return serve(LeasesDefinition, {
    async create(ctx, {id, labels}) {
      return {lease: toWire(await leases.create(ctx, id, labels))};
    },
    async delete(ctx, {id, sync}) {
      await leases.delete(ctx, id, sync);
      return {};
    },
    async list(ctx, {filters}) {
      return {leases: (await leases.list(ctx, filters)).map(toWire)};
    },
    async addResource(ctx, {id, resource}) {
      await leases.addResource(ctx, id, resource ?? nothing);
      return {};
    },
    async deleteResource(ctx, {id, resource}) {
      await leases.deleteResource(ctx, id, resource ?? nothing);
      return {};
    },
    async listResources(ctx, {id}) {
      return {resources: await leases.listResources(ctx, id)};
    },
  });
}

/** Refused by the core with a message that names what is missing. */
const nothing: LeaseResource = {type: '', id: ''};

function toWire({id, labels, createdAt}: LeaseRecord) {
  return {id, labels: {...labels}, createdAt};
}
