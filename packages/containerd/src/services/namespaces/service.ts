import {type Namespace, NamespacesDefinition} from '@longshore/api/gen/containerd/services/namespaces/v1/namespace';
import {mapField, parseFilter} from '../../core/filters/filter.ts';
import type {NamespaceRecord} from '../../core/metadata/records.ts';
import type {Namespaces} from '../../core/namespaces/namespaces.ts';
import {type ServedService, serve} from '../serve.ts';

export function namespacesService(namespaces: Namespaces): ServedService {
  const definition = NamespacesDefinition;
  return serve(
    definition,
    {
      async get(_ctx, {name}) {
        return {namespace: toWire(await namespaces.get(name))};
      },
      async list(_ctx, {filter: expression}) {
        const filter = parseFilter(expression);
        const found = (await namespaces.list()).filter(({name, labels}) =>
          filter(([first, ...rest]) => {
            if (first === 'name') return name;
            return first === 'labels' ? mapField(labels, rest) : undefined;
          }),
        );
        return {namespaces: found.map(toWire)};
      },
      async create(_ctx, {namespace}) {
        return {namespace: toWire(await namespaces.create(namespace?.name ?? '', namespace?.labels ?? {}))};
      },
      async update(_ctx, {namespace, updateMask}) {
        const {name = '', labels = {}} = namespace ?? {};
        return {namespace: toWire(await namespaces.update(name, labels, updateMask ?? []))};
      },
      async delete(_ctx, {name}) {
        await namespaces.delete(name);
        return {};
      },
    },
    false,
  );
}

function toWire({name, labels}: NamespaceRecord): Namespace {
  return {name, labels: {...labels}};
}
