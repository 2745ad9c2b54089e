/** `node-generic-resources`: what a node offers besides CPUs and memory, by name (`gpu=UUID1`) or number (`fpga=2`). */
import {EngineError} from '@longshore/errdefs';

export type GenericResource =
  | {NamedResourceSpec: {Kind: string; Value: string}}
  | {DiscreteResourceSpec: {Kind: string; Value: number}};

/** In the form of `docker info`. Throws `invalid-argument`. */
export function parseGenericResources(values: readonly string[]): GenericResource[] {
  const resources = values.map(parseOne);
  const byKind = new Map<string, GenericResource>();
  for (const resource of resources) {
    const {Kind: kind} = specOf(resource);
    const before = byKind.get(kind);
    if (before && !('NamedResourceSpec' in before && 'NamedResourceSpec' in resource)) {
      throw invalid(`mixed discrete and named resources in expression '${values.join(',')}'`);
    }
    byKind.set(kind, resource);
  }
  return resources;
}

function parseOne(text: string): GenericResource {
  const [, kind, value] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (kind === undefined || value === undefined) {
    throw new EngineError(
      'invalid-argument',
      `invalid node-generic-resource format \`${text}\` expected \`name=value\``,
    );
  }
  if (!/^-?\d+$/.test(value)) return {NamedResourceSpec: {Kind: kind, Value: value}};
  if (Number(value) < 0) throw invalid(`cannot ask for negative resource ${kind}`);
  return {DiscreteResourceSpec: {Kind: kind, Value: Number(value)}};
}

function specOf(resource: GenericResource): {Kind: string} {
  return 'NamedResourceSpec' in resource ? resource.NamedResourceSpec : resource.DiscreteResourceSpec;
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', `invalid node generic resource: ${message}`);
}
