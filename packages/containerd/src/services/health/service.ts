/** grpc.health.v1: only the server as a whole has a health; a named service is not known to it. */
import {once} from 'node:events';
import {HealthCheckResponse_ServingStatus, HealthDefinition} from '@longshore/api/gen/grpc/health/v1/health';
import {EngineError} from '@longshore/errdefs';
import {type ServedService, serve} from '../serve.ts';

const serving = {status: HealthCheckResponse_ServingStatus.SERVING};

export function healthService(): ServedService {
  return serve(
    HealthDefinition,
    {
      async check(_ctx, {service}) {
        if (service !== '') throw new EngineError('not-found', 'unknown service');
        return serving;
      },
      async list() {
        return {statuses: {'': serving}};
      },
      async *watch(ctx, {service}) {
        yield service === '' ? serving : {status: HealthCheckResponse_ServingStatus.SERVICE_UNKNOWN};
        if (!ctx.signal.aborted) await once(ctx.signal, 'abort');
      },
    },
    false,
  );
}
