/** Checkpoints: create, list, delete. Only with `--experimental`. */
import {checkCheckpointName, createCheckpoint} from '../../core/containers/checkpoints.ts';
import type {World} from '../../core/containers/world.ts';
import {bool, struct, text} from '../../core/shape/shape.ts';
import {readJson} from '../json-body.ts';
import type {Route} from '../route.ts';

const createBody = struct({CheckpointID: text, CheckpointDir: text, Exit: bool});

/** None without the experiment: another list of routes then says that it is off. */
export function checkpointRoutes(world: World): Route[] {
  if (!world.config.experimental) return [];
  const path = '/containers/{name}/checkpoints';
  return [
    {
      ...{method: 'GET', path, job: 'checkpoints'},
      async handle({param, query}, reply) {
        const {id} = world.registry.find(param('name'));
        const names = await world.checkpoints.list(id, query.text('dir'));
        reply.json(200, names.length > 0 ? names.map(Name => ({Name})) : null);
      },
    },
    {
      ...{method: 'POST', path, job: 'checkpoint_create'},
      async handle(request, reply) {
        const container = world.registry.find(request.param('name'));
        const {CheckpointID: name, CheckpointDir: directory, Exit: exit} = await readJson(request, createBody);
        await createCheckpoint(world, request.ctx, container, {name, directory, exit});
        reply.empty(201);
      },
    },
    {
      ...{method: 'DELETE', path: `${path}/{checkpoint}`, job: 'checkpoint_delete'},
      async handle({param, query}, reply) {
        const {id} = world.registry.find(param('name'));
        checkCheckpointName(param('checkpoint'));
        await world.checkpoints.find(id, query.text('dir'), param('checkpoint'));
        await world.checkpoints.remove(id, query.text('dir'), param('checkpoint'));
        reply.empty(204);
      },
    },
  ];
}
