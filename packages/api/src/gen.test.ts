/**
 * The generated code against an independent implementation (protobuf-es) that works from the descriptors: for every
 * message, all fields set, there and back.
 */
import {
  create,
  type DescField,
  type DescMessage,
  equals,
  fromBinary,
  type MessageShape,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import {type ReflectMessage, reflect, reflectList, reflectMap} from '@bufbuild/protobuf/reflect';
import test from 'ava';
import {loadRegistry, ownFiles} from './descriptors.testing.ts';
import type {MessageType, ServiceDefinition} from './index.ts';

type Module = Record<string, unknown>;
const maxDepth = 3; // no message of ours nests deeper than it has to

/** gen/ has a file for each .proto and names nested messages Outer_Inner. */
async function generated(file: string): Promise<Module> {
  return (await import(`./gen/${file}.ts`)) as Module;
}

function generatedName(message: DescMessage): string {
  return message.parent === undefined ? message.name : `${generatedName(message.parent)}_${message.name}`;
}

function everyMessage(messages: readonly DescMessage[]): DescMessage[] {
  return messages.flatMap(message => [message, ...everyMessage(message.nestedMessages)]);
}

/** A value that is not the default, and that a 32-bit or floating-point detour would damage. */
function sampleScalar(type: ScalarType): string | bigint | number | boolean | Uint8Array {
  switch (type) {
    case ScalarType.STRING:
      return 'sample é';
    case ScalarType.BYTES:
      return new Uint8Array([0, 128, 255]);
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
      return -(2n ** 60n + 1n);
    case ScalarType.UINT64:
      return 2n ** 63n + 1n;
    case ScalarType.DOUBLE:
      return 0.1;
    case ScalarType.INT32:
      return -7;
    default:
      return 2 ** 31 - 1;
  }
}

function sample(field: DescField, depth: number): unknown {
  if (field.enum !== undefined) return field.enum.values.at(-1)?.number;
  if (field.message === undefined) return sampleScalar(field.scalar as ScalarType);
  return depth < maxDepth ? reflect(field.message, fill(field.message, depth + 1)) : undefined;
}

function setField(target: ReflectMessage, field: DescField, depth: number): void {
  const value = sample(field, depth);
  if (value === undefined) return;
  if (field.fieldKind === 'list') {
    const list = reflectList(field);
    list.add(value);
    target.set(field, list);
  } else if (field.fieldKind === 'map') {
    const map = reflectMap(field);
    map.set('key', value);
    target.set(field, map);
  } else target.set(field, value);
}

function fill(message: DescMessage, depth = 0): MessageShape<DescMessage> {
  const target = reflect(message, create(message));
  for (const field of message.fields) setField(target, field, depth);
  return target.message;
}

test('every message goes through the generated code unchanged', async t => {
  let count = 0;
  for (const file of ownFiles(loadRegistry())) {
    const module = await generated(file.name);
    for (const message of everyMessage(file.messages)) {
      const type = module[generatedName(message)] as MessageType<unknown>;
      const original = fill(message);
      const bytes = toBinary(message, original);
      if (message.fields.length > 0) t.true(bytes.length > 0, message.typeName);
      const back = fromBinary(message, type.encode(type.decode(bytes)).finish(), {readUnknownFields: false});
      t.true(equals(message, original, back), message.typeName);
      count += 1;
    }
  }
  t.true(count > 300, `${count} messages`);
});

test('every service has its definition, with the names of the wire', async t => {
  let count = 0;
  for (const file of ownFiles(loadRegistry())) {
    const module = await generated(file.name);
    for (const service of file.services) {
      const definition = module[`${service.name}Definition`] as ServiceDefinition;
      t.is(definition.fullName, service.typeName);
      const methods = Object.values(definition.methods);
      t.deepEqual(
        methods.map(({name, requestStream, responseStream}) => ({name, requestStream, responseStream})),
        service.methods.map(({name, methodKind}) => ({
          name,
          requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
          responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
        })),
      );
      count += 1;
    }
  }
  t.true(count > 15, `${count} services`);
});
