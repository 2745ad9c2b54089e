/** The control files of a package: what dpkg is told about it, and what it runs. */
import {wrapDescription} from './documents.ts';
import {metapackage, type Package, packages} from './packages.ts';

/** Facts of a build. */
export interface Build {
  version: string;
  /** Debian's name: `amd64`, `arm64`. */
  architecture: string;
  /** Size of the installed files in KiB. */
  installedSize: number;
}

export const maintainer = 'Longshore maintainers <maintainers@longshore.invalid>';

/** The file `control`, deb-control(5). */
export function controlFile(each: Package, {version, architecture, installedSize}: Build): string {
  const own = (names: string[]) =>
    names.map(name => (name.startsWith('longshore-') ? `${name} (= ${version})` : name)).join(', ');
  const all = packages.filter(({name}) => name !== metapackage).map(({name}) => name);
  const fields: [string, string][] = [
    ['Package', each.name],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', maintainer],
    ['Installed-Size', String(installedSize)],
    ['Depends', own(each.name === metapackage ? all : each.depends)],
    ['Recommends', (each.recommends ?? []).join(', ')],
    ['Suggests', (each.suggests ?? []).join(', ')],
    ['Provides', (each.provides ?? []).join(', ')],
    ['Conflicts', each.replaces.join(', ')],
    ['Replaces', each.replaces.join(', ')],
    ['Section', 'admin'],
    ['Priority', 'optional'],
    ['Description', `${each.summary}\n${wrapDescription(each.description)}`],
  ];
  return `${fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')}\n`;
}

/** Maintainer scripts by their names, each a POSIX shell script; none where there is nothing to do. */
export function maintainerScripts(each: Package): Record<string, string> {
  const {units = [], group, data = []} = each;
  if (each.diverts) return diversion(each);
  if (units.length === 0) return {};
  return Object.fromEntries(
    Object.entries({
      postinst: postinst(units, group),
      prerm: prerm(units),
      postrm: postrm(units, data),
    }).map(([name, body]) => [name, `#!/bin/sh\nset -e\n\n${body}\nexit 0\n`]),
  );
}

const booted = '[ -d /run/systemd/system ]';

/** The other package's executable waits under the name `….distrib`. */
function diversion({name, executable}: Package): Record<string, string> {
  const file = `/usr/bin/${executable}`;
  const divert = (verb: string) =>
    `dpkg-divert --package ${name} ${verb} --rename --divert ${file}.distrib ${file} >/dev/null`;
  return {
    preinst: `#!/bin/sh\nset -e\n\n${divert('--add')}\nexit 0\n`,
    postrm: `#!/bin/sh\nset -e\n\nif [ "$1" = remove ]; then ${divert('--remove')}; fi\nexit 0\n`,
  };
}

/**
 * The socket is enabled and started, so that the first client starts the engine; a service that runs is restarted after an
 * upgrade. Containers of `--live-restore` stay the processes they are: the units end their main process only.
 */
function postinst(units: string[], group: string | undefined): string {
  // What an administrator disabled stays disabled over an upgrade.
  const enabled = units.map(
    unit => `  deb-systemd-helper unmask ${unit} >/dev/null || true
  if deb-systemd-helper --quiet was-enabled ${unit}; then
    deb-systemd-helper enable ${unit} >/dev/null || true
  else
    deb-systemd-helper update-state ${unit} >/dev/null || true
  fi`,
  );
  const sockets = units.filter(unit => unit.endsWith('.socket'));
  const services = units.filter(unit => unit.endsWith('.service'));
  // A service with a socket is started by its first client.
  const started = sockets.length > 0 ? sockets : services;
  return `if [ "$1" = configure ]; then
${group ? `  getent group ${group} >/dev/null || groupadd --system ${group}\n` : ''}${enabled.join('\n')}
  if ${booted}; then
    systemctl --system daemon-reload >/dev/null || true
    if [ -n "$2" ]; then
      # An upgrade. prerm has left what ran running.
${services.map(unit => `      deb-systemd-invoke try-restart ${unit} >/dev/null || true`).join('\n')}
    fi
${started.map(unit => `    deb-systemd-invoke start ${unit} >/dev/null || true`).join('\n')}
  fi
fi
`;
}

function prerm(units: string[]): string {
  const stops = [...units]
    .sort((a, b) => b.localeCompare(a))
    .map(unit => `  deb-systemd-invoke stop ${unit} >/dev/null || true`);
  return `if [ "$1" = remove ] && ${booted}; then
${stops.join('\n')}
fi
`;
}

function postrm(units: string[], data: string[]): string {
  const helper = (verb: string) =>
    units.map(unit => `    deb-systemd-helper ${verb} ${unit} >/dev/null || true`).join('\n');
  return `if ${booted}; then systemctl --system daemon-reload >/dev/null || true; fi
case "$1" in
  remove)
    if command -v deb-systemd-helper >/dev/null; then
${helper('mask').replace(/^/gm, '  ')}
    fi
    ;;
  purge)
    if command -v deb-systemd-helper >/dev/null; then
${helper('purge').replace(/^/gm, '  ')}
${helper('unmask').replace(/^/gm, '  ')}
    fi
    # Containers that outlived the engine (live restore) may still have these mounted: --one-file-system keeps to the data.
${data.map(path => `    rm -rf --one-file-system ${path} || true`).join('\n')}
    ;;
esac
`;
}
