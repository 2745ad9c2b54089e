/** Operations of Docker that this engine does not have: each says so, none is ignored. */
import {EngineError} from '@longshore/errdefs';
import type {ApiRequest, Route} from './route.ts';

const noManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const noExperiment =
  'This experimental feature is disabled by default. Start the Docker daemon in experimental mode in order to enable it.';

/** Method and path of each, by what is answered. */
const notInSwarm = [
  'GET /swarm',
  'GET /swarm/unlockkey',
  'POST /swarm/update',
  ...['services', 'nodes', 'tasks', 'secrets', 'configs'].flatMap(kind => [`GET /${kind}`, `GET /${kind}/{id}`]),
  ...['services', 'secrets', 'configs'].flatMap(kind => [`POST /${kind}/create`, `POST /${kind}/{id}/update`]),
  ...['services', 'nodes', 'secrets', 'configs'].map(kind => `DELETE /${kind}/{id}`),
  'POST /nodes/{id}/update',
  'GET /services/{id}/logs',
  'GET /tasks/{id}/logs',
];

const unsupported: Record<string, string> = {
  'POST /swarm/init': 'swarm mode',
  'POST /swarm/join': 'swarm mode',
  'POST /swarm/unlock': 'swarm mode',
  'POST /build': 'building images',
  'POST /build/prune': 'the build cache',
  'POST /build/cancel': 'building images',
  'POST /session': 'build sessions',
  'POST /grpc': 'the BuildKit API',
  'GET /plugins/privileges': 'plugins',
  'POST /plugins/pull': 'plugins',
  'POST /plugins/create': 'plugins',
};

/** There is none that could be found. */
const ofPlugin = [
  'GET /plugins/{name}/json',
  'DELETE /plugins/{name}',
  ...['enable', 'disable', 'push', 'upgrade', 'set'].map(action => `POST /plugins/{name}/${action}`),
];

const checkpoints = [
  'GET /containers/{name}/checkpoints',
  'POST /containers/{name}/checkpoints',
  'DELETE /containers/{name}/checkpoints/{checkpoint}',
];

/** To be put behind all other routes: the first match wins. */
export function unavailableRoutes(): Route[] {
  const refuse = (key: string, error: () => EngineError): Route => {
    const [method = '', path = ''] = key.split(' ');
    return {
      method: method as Route['method'],
      path,
      job: 'unavailable',
      handle() {
        throw error();
      },
    };
  };
  return [
    {method: 'GET', path: '/plugins', job: 'plugins', handle: (_request, reply) => reply.json(200, [])},
    ...ofPlugin.map(key => {
      const [method = '', path = ''] = key.split(' ');
      return {
        method: method as Route['method'],
        path,
        job: 'plugins',
        handle: ({param}: ApiRequest) => {
          throw new EngineError('not-found', `plugin ${JSON.stringify(param('name'))} not found`);
        },
      };
    }),
    refuse('POST /swarm/leave', () => new EngineError('unavailable', 'This node is not part of a swarm')),
    ...notInSwarm.map(key => refuse(key, () => new EngineError('unavailable', noManager))),
    ...checkpoints.map(key => refuse(key, () => new EngineError('unimplemented', noExperiment))),
    ...Object.entries(unsupported).map(([key, what]) =>
      refuse(key, () => new EngineError('unimplemented', `${what}: not supported yet`)),
    ),
  ];
}
