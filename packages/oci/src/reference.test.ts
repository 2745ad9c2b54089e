import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {
  familiarName,
  familiarReference,
  formatReference,
  parseFullReference,
  parseReference,
  pullReference,
  withDefaultTag,
  withTag,
} from './reference.ts';

const hex = 'a'.repeat(64);

const good: [text: string, full: string, familiar: string][] = [
  ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['a/b', 'docker.io/a/b:latest', 'a/b:latest'],
  ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['localhost/b', 'localhost/b:latest', 'localhost/b:latest'],
  ['localhost:5000/b:x', 'localhost:5000/b:x', 'localhost:5000/b:x'],
  ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b:latest', '127.0.0.1:5000/a/b:latest'],
  ['[::1]:5000/b', '[::1]:5000/b:latest', '[::1]:5000/b:latest'],
  ['FOO/b', 'FOO/b:latest', 'FOO/b:latest'],
  ['ghcr.io/a/b.c_d__e---f', 'ghcr.io/a/b.c_d__e---f:latest', 'ghcr.io/a/b.c_d__e---f:latest'],
  [`busybox@sha256:${hex}`, `docker.io/library/busybox@sha256:${hex}`, `busybox@sha256:${hex}`],
  [`busybox:1@sha256:${hex}`, `docker.io/library/busybox:1@sha256:${hex}`, `busybox:1@sha256:${hex}`],
  ['x:0', 'docker.io/library/x:0', 'x:0'],
  [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
  ['a'.repeat(63), `docker.io/library/${'a'.repeat(63)}:latest`, `${'a'.repeat(63)}:latest`],
];

for (const [text, full, familiar] of good) {
  test(`"${text.slice(0, 40)}" (${text.length}) is ${full.slice(0, 60)}`, t => {
    const reference = withDefaultTag(parseReference(text));
    t.is(formatReference(reference), full);
    t.is(familiarReference(reference), familiar);
    t.deepEqual(withDefaultTag(parseReference(familiar)), reference);
    t.deepEqual(parseFullReference(full), reference);
  });
}

const bad: [text: string, message: string][] = [
  ['', 'invalid reference format'],
  [':x', 'invalid reference format'],
  ['UPPER', 'invalid reference format: repository name (library/UPPER) must be lowercase'],
  ['a/Upper:x', 'invalid reference format: repository name (a/Upper) must be lowercase'],
  ['a b', 'invalid reference format'],
  ['-a', 'invalid reference format'],
  ['a-', 'invalid reference format'],
  ['a..b', 'invalid reference format'],
  ['a___b', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['a/', 'invalid reference format'],
  ['x:', 'invalid reference format'],
  ['x:-a', 'invalid reference format'],
  [`x:${'t'.repeat(129)}`, 'invalid reference format'],
  ['x@sha256:abc', 'invalid reference format'],
  ['x@', 'invalid reference format'],
  [`x@sha256:${'a'.repeat(63)}`, 'invalid checksum digest length'],
  [`x@md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
  [`x@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
  [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
  ['host..name/a', 'invalid reference format'],
  ['http://a/b', 'invalid reference format'],
  ['a\nb', 'invalid reference format'],
  ['a.b/c\n', 'invalid reference format'],
  [`a.b/${'c'.repeat(256)}`, 'repository name must not be more than 255 characters'],
  ['../a', 'invalid reference format'],
];

for (const [text, message] of bad) {
  test(`${JSON.stringify(text.slice(0, 40))} (${text.length}) is refused: ${message.slice(0, 60)}`, t => {
    const error = t.throws(() => parseReference(text));
    t.is(error?.message, message);
    t.is(codeOf(error), 'invalid-argument');
  });
}

test('a digest wins over a tag when pulling', t => {
  t.is(formatReference(pullReference(`x:1@sha256:${hex}`)), `docker.io/library/x@sha256:${hex}`);
  t.is(formatReference(pullReference('x')), 'docker.io/library/x:latest');
});

test('tags are checked', t => {
  t.is(formatReference(withTag(parseReference('x:1'), '2')), 'docker.io/library/x:2');
  t.is(t.throws(() => withTag(parseReference('x'), 'bad tag'))?.message, 'invalid tag format');
});

test('a full reference must be full', t => {
  t.throws(() => parseFullReference('busybox:latest'), {message: 'repository name must be canonical'});
});

test('only Docker Hub names are shortened', t => {
  t.is(familiarName(parseReference('quay.io/library/x')), 'quay.io/library/x');
});
