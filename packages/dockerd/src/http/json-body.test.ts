/** Messages for bodies that are wrong, as the original gives them. */
import test from 'ava';
import {bool, int64, list, map, omitEmpty, pointer, struct, text, textOrList} from '../core/shape/shape.ts';
import {decodeJson} from './json-body.ts';
import {describeJsonError} from './json-syntax.ts';

const shape = struct({
  Tty: bool,
  Image: text,
  Memory: int64,
  Cmd: textOrList,
  Labels: map(text),
  Extra: omitEmpty(list(text)),
  Limit: pointer(int64),
});

const syntax: [string, string][] = [
  ['{bad json', "invalid character 'b' looking for beginning of object key string"],
  ['', 'EOF'],
  ['{"a":', 'unexpected EOF'],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  ['{"a":"\u0001"}', "invalid character '\\u0001' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['[-a]', "invalid character 'a' in numeric literal"],
];
for (const [body, message] of syntax) {
  test(`syntax of ${JSON.stringify(body)}`, t => {
    t.throws(() => JSON.parse(body));
    t.is(describeJsonError(body), message);
  });
}

const types: [string, string][] = [
  ['{"Tty":"yes"}', 'json: cannot unmarshal string into Go struct field .Tty of type bool'],
  ['{"Memory":1.5}', 'json: cannot unmarshal number 1.5 into Go struct field .Memory of type int64'],
  [
    '{"Memory":9223372036854775808}',
    'json: cannot unmarshal number 9223372036854775808 into Go struct field .Memory of type int64',
  ],
  ['{"Labels":["a"]}', 'json: cannot unmarshal array into Go struct field .Labels of type map[string]string'],
  ['{"Cmd":5}', 'json: cannot unmarshal number into Go struct field .Cmd of type []string'],
];
for (const [body, message] of types) {
  test(`type in ${body}`, t => {
    t.throws(() => decodeJson(body, shape), {message: `invalid JSON: ${message}`});
  });
}

test('keys match in any case, unknown ones are skipped, null is nothing', t => {
  const value = decodeJson('{"tty":true,"IMAGE":"x","cmd":"one","bogus":[1],"Labels":null}', shape);
  t.deepEqual(value, {Tty: true, Image: 'x', Memory: 0, Cmd: ['one'], Labels: null, Extra: null, Limit: null});
});

test('what is written has the order of the table and leaves out what is empty', t => {
  const value = {...shape.zero(), Labels: {b: '1', a: '2'}};
  t.is(
    JSON.stringify(shape.encode(value)),
    '{"Tty":false,"Image":"","Memory":0,"Cmd":null,"Labels":{"a":"2","b":"1"},"Limit":null}',
  );
});

test('a key of a user is data, whatever its name', t => {
  const value = decodeJson('{"Labels":{"__proto__":"x"}}', shape);
  t.deepEqual(Object.keys(value.Labels ?? {}), ['__proto__']);
});
