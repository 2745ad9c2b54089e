import test from 'ava';
import {compileTemplate} from './index.ts';

const container = {
  Name: '/web1',
  Args: ['-f', '-p', '80'],
  State: {Status: 'running', Pid: 24277, ExitCode: 0, Running: true},
  Config: {Labels: {b: '2', a: '1'}, Env: [], Healthcheck: null},
  NetworkSettings: {
    Ports: {'80/tcp': [{HostIp: '0.0.0.0', HostPort: '8080'}], '90/udp': null},
    Networks: {net2: {IPAddress: '10.0.0.3'}, bridge: {IPAddress: '172.17.0.2'}},
  },
  Limit: 9223372036854771712n,
};

const render = (source: string, data: unknown = container) => compileTemplate(source).execute(data);
const failure = (source: string, data: unknown = container) => {
  try {
    return `no error: ${render(source, data)}`;
  } catch (error) {
    return (error as Error).message;
  }
};

const rendered: [source: string, result: string][] = [
  ['{{.State.Status}} {{.State.Pid}}', 'running 24277'],
  ['{{range $k,$v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}', 'bridge=172.17.0.2 net2=10.0.0.3 '],
  ['{{range $i, $a := .Args}}{{if $i}},{{end}}{{$a}}{{end}}', '-f,-p,80'],
  ['{{range .Args}}{{.}}{{else}}none{{end}}', '-f-p80'],
  ['{{range .Config.Env}}{{.}}{{else}}none{{end}}', 'none'],
  ['{{range .Args}}{{if eq . "-p"}}{{continue}}{{end}}{{.}}{{if eq . "80"}}{{break}}{{end}}{{end}}', '-f80'],
  ['{{json .State}}', '{"Status":"running","Pid":24277,"ExitCode":0,"Running":true}'],
  ['{{.State | json}}', '{"Status":"running","Pid":24277,"ExitCode":0,"Running":true}'],
  ['{{.Limit}} {{json .Limit}}', '9223372036854771712 9223372036854771712'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{index .Config.Labels "a"}}{{index .Config.Labels "nope"}}', '1'],
  ['{{if .State.Running}}up{{else if .State.ExitCode}}bad{{else}}done{{end}}', 'up'],
  ['{{if and .State.Running (gt .State.Pid 0)}}y{{end}}', 'y'],
  ['{{if not .State.ExitCode}}zero{{end}}', 'zero'],
  ['{{with .Config.Healthcheck}}{{.Test}}{{else}}no check{{end}}', 'no check'],
  ['{{with $x := .State.Status}}{{$x}}/{{.}}{{end}}', 'running/running'],
  ['{{$n := .Name}}{{$n = slice $n 1}}{{$n}}', 'web1'],
  ['{{upper .Name}} {{lower "ABC"}} {{title "a bc"}}', '/WEB1 abc A Bc'],
  ['{{join .Args " "}} {{split "a:b" ":"}} {{len .Args}}', '-f -p 80 [a b] 3'],
  ['{{println .Name 1}}{{print 1 2 "x" "y" 3}}', '/web1 1\n1 2x y3'.replace('x y', 'xy')],
  [
    '{{printf "%-8s|%5d|%05d|%q|%v|%.2f|%x" .Name 42 7 "a\\"b" .Args 1.5 255}}',
    '/web1   |   42|00007|"a\\"b"|[-f -p 80]|1.50|ff',
  ],
  ['{{eq .State.Status "running" "paused"}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}}', 'true true true true'],
  ['a {{- 1 -}} b {{/* gone */}}c', 'a1b c'],
  ['{{.Config.Labels}} {{.Args}} {{.Config.Healthcheck}}', 'map[a:1 b:2] [-f -p 80] <nil>'],
  ['{{.State.Nope}}', '<no value>'],
  ['{{define "x"}}<{{.}}>{{end}}{{template "x" .Name}}', '</web1>'],
  ['{{`raw \\n`}} {{"tab\\t|"}} {{\'a\'}}', 'raw \\n tab\t| 97'],
  ['{{truncate .Name 3}} {{pad "x" 1 2}}|', '/we  x  |'],
  ['{{html "<a>"}} {{urlquery "a b&c"}}', '&lt;a&gt; a+b%26c'],
];

for (const [source, result] of rendered) {
  test(`renders ${source}`, t => {
    t.is(render(source), result);
  });
}

const failures: [source: string, message: string][] = [
  ['{{.Names', ':1: unclosed action'],
  ['{{foo}}', ':1: function "foo" not defined'],
  ['{{.Names}} {{if}}', ':1: missing value for if'],
  ['{{end}}', ':1: unexpected {{end}}'],
  ['{{"abc}}', ':1: unterminated quoted string'],
  ['{{$x}}', ':1: undefined variable "$x"'],
  ['{{if .Name}}a{{else}}', ':1: unexpected EOF'],
  ['{{break}}', ':1: {{break}} outside {{range}}'],
  ['{{index .Args 5}}', ':1:2: executing "" at <index .Args 5>: error calling index: index out of range: 5'],
  ['{{.Name.Foo}}', ':1:7: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type string'],
  ['{{len 3}}', ':1:2: executing "" at <len 3>: error calling len: len of type int'],
  ['{{template "x"}}', ':1:11: executing "" at <{{template "x"}}>: template "x" not defined'],
  ['{{eq 1 "a"}}', ':1:2: executing "" at <eq 1 "a">: error calling eq: incompatible types for comparison'],
  ['{{join .Name ","}}', ':1:7: executing "" at <.Name>: wrong type for value; expected []string; got string'],
  ['{{lt 1 2 3}}', ':1:2: executing "" at <lt>: wrong number of args for lt: want 2 got 3'],
  ['{{range .Name}}x{{end}}', ':1:8: executing "" at <.Name>: range can\'t iterate over /web1'],
];

for (const [source, message] of failures) {
  test(`refuses ${source}`, t => {
    t.is(failure(source), `template: ${message}`);
  });
}

test('a policy for absent keys can refuse them', t => {
  const missing = (_: unknown, name: string) => {
    throw new Error(`map has no entry for key ${JSON.stringify(name)}`);
  };
  const error = t.throws(() => compileTemplate('{{.State.Health.Status}}').execute(container, {missing}));
  t.is(error.message, 'template: :1:8: executing "" at <.State.Health.Status>: map has no entry for key "Health"');
});

test('computed fields take arguments and may lack', t => {
  const row = {
    goType: '*formatter.Row',
    templateField: (name: string) => (name === 'Label' ? (key: unknown) => `v-${key}` : undefined),
  };
  t.is(render('{{.Label "a"}}', row), 'v-a');
  t.is(
    failure('{{.Label}}', row),
    'template: :1:2: executing "" at <.Label>: wrong number of args for Label: want 1 got 0',
  );
  t.is(
    failure('{{.Nope}}', row),
    'template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *formatter.Row',
  );
});
