import type {Plugin} from '@longshore/api/gen/containerd/services/introspection/v1/introspection';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {narrow, table, wide} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [
    bool('quiet', 'Print only the plugin ids', 'q'),
    bool('detailed', 'Print detailed information about each plugin', 'd'),
  ],
  async run({ctx, client, flags, args, print}) {
    const {plugins} = await client.introspection.plugins(ctx, {filters: args});
    if (flags.bool('quiet')) return print(plugins.map(p => `${p.id}\n`).join(''));
    if (flags.bool('detailed')) return print(plugins.map(detail).join('\n'));
    const rows = plugins.map(p => [p.type, p.id, platforms(p), status(p)]);
    print(table([['TYPE', 'ID', 'PLATFORMS', 'STATUS'], ...rows], {...wide, minWidth: 8}));
  },
};
export default leaf;

function platforms(plugin: Plugin): string {
  const texts = plugin.platforms.map(p => [p.os, p.architecture, p.variant].filter(part => part !== '').join('/'));
  return texts.length > 0 ? texts.join(',') : '-';
}

/** A plugin that was left out on purpose reports code 12 or a message that says "skip". */
function status(plugin: Plugin): string {
  if (!plugin.initErr) return 'ok';
  return plugin.initErr.message.includes('skip plugin') ? 'skip' : 'error';
}

function detail(plugin: Plugin): string {
  const rows = [
    ['Type:', plugin.type],
    ['ID:', plugin.id],
    ['Platforms:', platforms(plugin)],
  ];
  for (const [key, value] of Object.entries(plugin.exports)) rows.push(['Exports:', `${key} ${value}`]);
  for (const capability of plugin.capabilities) rows.push(['Capabilities:', capability]);
  if (plugin.initErr) rows.push(['Error:', plugin.initErr.message]);
  return table(rows, narrow);
}
