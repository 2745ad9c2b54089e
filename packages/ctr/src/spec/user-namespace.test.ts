import test from 'ava';
import {parseFlags} from '../command/parse-flags.ts';
import {specFlags} from './spec-flags.ts';
import {hostId, mappingText, parseMappings} from './user-namespace.ts';

const parse = (...argv: string[]) => parseMappings(parseFlags(specFlags, argv).values);

test('ranges are parsed and applied', t => {
  const mappings = parse('--uidmap', '0:1000:10', '--uidmap', '10:5000:5', '--gidmap', '0:2000:10');
  t.is(mappingText(mappings!.users), '0:1000:10,10:5000:5');
  t.deepEqual(
    [hostId(mappings!.users, 9), hostId(mappings!.users, 10), hostId(mappings!.groups, 0)],
    [1009, 5000, 2000],
  );
  t.throws(() => hostId(mappings!.users, 15), {message: /id 15 of the image is in no range/});
  t.is(parse(), undefined);
});

test('half a user namespace, bad ranges and labels without ranges are refused', t => {
  t.throws(() => parse('--uidmap', '0:1:1'), {message: '--uidmap and --gidmap must be specified together'});
  t.throws(() => parse('--remap-labels'), {message: '--remap-labels needs --uidmap and --gidmap'});
  for (const word of ['0:1', 'a:b:c', '0:1:0', '0:4294967295:2'])
    t.throws(() => parse('--uidmap', word, '--gidmap', '0:1:1'), {message: /it needs container-id:host-id:length/});
});
