/**
 * proto/ against the table of containerd's API: nothing missing, nothing invented, every number and type the same.
 * Rows `only:1.6.20` are left out on purpose: an Envelope that is on the wire the same as containerd.types.Envelope,
 * and runc's criu_path, which newer shims ignore (its number is reserved).
 */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  ScalarType,
} from '@bufbuild/protobuf';
import test from 'ava';
import {loadRegistry, ownFiles, reference} from './descriptors.testing.ts';

const table = join(reference, 'containerd-api.tsv');
type Typed = Pick<DescField, 'scalar' | 'enum' | 'message'>;

/** As the table spells it: `string`, `containerd.types.Mount`. */
function typeName({scalar, enum: enumeration, message}: Typed): string {
  return enumeration?.typeName ?? message?.typeName ?? ScalarType[scalar as ScalarType].toLowerCase();
}

function fieldRow(field: DescField): string[] {
  const type =
    field.fieldKind === 'map' ? `map<${ScalarType[field.mapKey].toLowerCase()},${typeName(field)}>` : typeName(field);
  const plain = field.proto.proto3Optional ? 'optional' : 'singular';
  const label = field.fieldKind === 'map' ? 'map' : field.fieldKind === 'list' ? 'repeated' : plain;
  const name = `${field.parent.typeName}.${field.name}`;
  const oneof = field.oneof === undefined ? '' : `oneof=${field.oneof.name}`;
  return ['field', name, `${field.number}`, oneof === '' ? label : 'oneof', type, oneof];
}

function messageRows(message: DescMessage): string[][] {
  const oneofs = message.oneofs.map(o => [
    'oneof',
    `${message.typeName}.${o.name}`,
    o.fields.map(f => f.name).join(','),
  ]);
  return [
    ['message', message.typeName],
    ...message.fields.map(fieldRow),
    ...oneofs,
    ...message.nestedMessages.flatMap(messageRows),
    ...message.nestedEnums.flatMap(enumRows),
  ];
}

function enumRows({typeName, values}: DescEnum): string[][] {
  return [['enum', typeName], ...values.map(value => ['value', `${typeName}.${value.name}`, `${value.number}`])];
}

function serviceRows(service: DescService): string[][] {
  const methods = service.methods.map(({name, input, output, methodKind}) => {
    const client = methodKind === 'client_streaming' || methodKind === 'bidi_streaming' ? 'client-stream' : '-';
    const server = methodKind === 'server_streaming' || methodKind === 'bidi_streaming' ? 'server-stream' : '-';
    return ['method', `${service.typeName}/${name}`, input.typeName, output.typeName, client, server];
  });
  return [['service', service.typeName], ...methods];
}

function fileRows(file: DescFile): string[][] {
  return [
    ...file.messages.flatMap(messageRows),
    ...file.enums.flatMap(enumRows),
    ...file.services.flatMap(serviceRows),
  ];
}

/** One spelling for both sides: six columns, trailing empty ones dropped. */
function key(row: string[]): string {
  return row.slice(0, 6).join('\t').trimEnd();
}

/** The rows of the table without its last column, the oldest version that has them. */
function tableRows(): string[] {
  const rows = readFileSync(table, 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split('\t'))
    .filter(row => row.at(-1) !== 'only:1.6.20');
  return rows.map(row => key(row.slice(0, -1)));
}

/** What proto/ has besides: our own services, and options of older containerd that clients still send. */
function isOwn(row: string): boolean {
  return (
    /\t(longshore|containerd\.linux\.runc)\./.test(row) ||
    row.startsWith('field\tcontainerd.runc.v1.Options.criu_path\t')
  );
}

test('proto/ declares what the table of the containerd API lists, and no more', t => {
  if (!existsSync(table)) {
    t.log(`skipped: ${table} is not there`);
    t.pass();
    return;
  }
  const ours = new Set(ownFiles(loadRegistry()).flatMap(fileRows).map(key));
  const theirs = new Set(tableRows());
  t.true(theirs.size > 1400, 'the table was read');
  t.deepEqual(
    [...theirs].filter(row => !ours.has(row)),
    [],
    'missing from proto/',
  );
  t.deepEqual(
    [...ours].filter(row => !theirs.has(row) && !isOwn(row)),
    [],
    'not in the table',
  );
});
