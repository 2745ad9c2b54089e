import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {type Fields, mapField, parseFilter, parseFilters} from './filter.ts';

type Thing = {name: string; labels: Record<string, string>; other?: string};

const things: Thing[] = [
  {name: 'foo', labels: {foo: 'true', 'very complex label w/ "quotes", spaces, and (parens)': 'bar'}},
  {name: 'bar', labels: {foo: 'false', bar: 'x.y-z'}, other: 'seen'},
  {name: 'baz', labels: {'more complex label with \\ and "': 'present', 'io.example/x': 'v12'}},
  {name: 'compound,labels', labels: {foo: 'omg_asdf.asdf-qwer'}},
];

const fieldsOf =
  (thing: Thing): Fields =>
  path => {
    if (path[0] === 'name') return thing.name;
    if (path[0] === 'other') return thing.other;
    return path[0] === 'labels' ? mapField(thing.labels, path.slice(1)) : undefined;
  };

const names = (...filters: string[]) => {
  const filter = parseFilters(filters);
  return things.filter(thing => filter(fieldsOf(thing))).map(thing => thing.name);
};

const all = things.map(thing => thing.name);

for (const [expression, expected] of [
  ['', all],
  ['   ', all],
  ['name==foo', ['foo']],
  ['name=="foo"', ['foo']],
  ['name == foo', ['foo']],
  ['name!=foo', all.slice(1)],
  ['name~=ba', ['bar', 'baz']],
  ['name~=^b.r$', ['bar']],
  ['name~=/^b/,labels.foo==false', ['bar']],
  ['name~=/^(foo|bar)$/', ['foo', 'bar']],
  ['name=="compound,labels"', ['compound,labels']],
  ['labels.foo', ['foo', 'bar', 'compound,labels']],
  ['labels.foo,name!=bar', ['foo', 'compound,labels']],
  ['labels.foo==omg_asdf.asdf-qwer', ['compound,labels']],
  ['labels."foo"==true', ['foo']],
  ['labels."very complex label w/ \\"quotes\\", spaces, and (parens)"==bar', ['foo']],
  ['labels."more complex label with \\\\ and \\"".post', []],
  ['labels."more complex label with \\\\ and \\""', ['baz']],
  ['labels."io.example/x"~=^v[0-9]+$', ['baz']],
  ['labels.io.nothing!=x', all],
  ['other', ['bar']],
  ['nosuchfield==x', []],
  ['name~=(?i)FOO', ['foo']],
  ['name~=(?P<n>f)oo\\z', ['foo']],
  ['name~=^[[:alpha:]]+$', ['foo', 'bar', 'baz']],
  ['labels.bar~=x\\.y\\-z', ['bar']],
  ['name~=/^compound,/', ['compound,labels']],
] as const) {
  test(`"${expression}" selects ${expected.length}`, t => t.deepEqual(names(expression), [...expected]));
}

test('several expressions are joined by OR and none at all matches everything', t => {
  t.deepEqual(names('name==foo', 'name==bar'), ['foo', 'bar']);
  t.deepEqual(names(), all);
});

for (const [expression, message] of [
  ['name==', 'filters: parse error: [name==]: expected value or quoted: invalid argument'],
  ['name=foo', 'filters: parse error: [name >|=|< foo]: unsupported operator "=": invalid argument'],
  ['name===foo', 'filters: parse error: [name >|=|< ==foo]: unsupported operator "===": invalid argument'],
  [',name', 'filters: parse error: [ >|,|< name]: expected field or quoted: invalid argument'],
  ['name,', 'filters: parse error: [name,]: expected field or quoted: invalid argument'],
  ['name==foo bar', 'filters: parse error: [name==foo >| |< bar]: unexpected input:  : invalid argument'],
  ['name==foo ', 'filters: parse error: [name==foo >| |< ]: unexpected input:  : invalid argument'],
  [
    'labels.a ,name',
    'filters: parse error: [labels.a  >|,|< name]: expected an operator ("=="|"!="|"~="): invalid argument',
  ],
  ['labels."x', 'filters: parse error: [labels. >|"|< x]: quoted literal not terminated: invalid argument'],
  ['labels."\\q"', 'filters: parse error: [labels. >|"|< \\q"]: illegal escape sequence: invalid argument'],
  ['%', 'filters: parse error: [ >|%|< ]: expected field or quoted: invalid argument'],
  ['a.b..c', 'filters: parse error: [a.b. >|.|< c]: expected field or quoted: invalid argument'],
  [
    'labels."a"b==c',
    'filters: parse error: [labels."a" >|b|< ==c]: expected an operator ("=="|"!="|"~="): invalid argument',
  ],
  ['name.==x', 'filters: parse error: [name. >|=|< =x]: expected field or quoted: invalid argument'],
] as const) {
  test(`"${expression}" is refused`, t => {
    const error = t.throws(() => parseFilter(expression));
    t.is(codeOf(error), 'invalid-argument');
    t.is(error?.message, message);
  });
}

test('regular expressions that RE2 has not are refused', t => {
  for (const pattern of ['(?=x)', '(a)\\1', '[[:nosuch:]]', '(unclosed']) {
    t.regex(t.throws(() => parseFilter(`name~=${pattern}`))?.message ?? '', /error parsing regexp/);
  }
});
