/** A waterfall as one HTML page that needs nothing else. */
import type {Bar} from './waterfall.ts';
import {shortName} from './waterfall-text.ts';

const colours: Record<string, string> = {
  docker: '#4e79a7',
  dockerd: '#59a14f',
  containerd: '#f28e2b',
  'containerd-shim-runc-v2': '#b07aa1',
};

const style = `body{font:13px system-ui,sans-serif;margin:2em;color:#222}h1{font-size:1.2em}
.row{display:grid;grid-template-columns:26em 6em 1fr;align-items:center;border-bottom:1px solid #eee}
.row:hover{background:#f4f6f8}.name{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.took{text-align:right;padding-right:1em;font-variant-numeric:tabular-nums}.lane{position:relative;height:1.5em}
.bar{position:absolute;top:.25em;height:1em;min-width:1px;border-radius:2px}.error{color:#c00}
.key span{display:inline-block;margin-right:1.5em}.key i{display:inline-block;width:1em;height:1em;margin-right:.4em;vertical-align:-2px}`;

export function waterfallPage(command: string, traceId: string, bars: readonly Bar[]): string {
  const end = Math.max(...bars.map(({start, duration}) => start + duration), 0.001);
  const services = [...new Set(bars.map(({service}) => service))];
  const key = services.map(
    service => `<span><i style="background:${colourOf(service)}"></i>${escapeHtml(service)}</span>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(command)}</title><style>${style}</style></head>
<body><h1>${escapeHtml(command)}</h1>
<p>${end.toFixed(1)} ms, ${bars.length} spans, trace ${escapeHtml(traceId)}</p>
<p class="key">${key.join('')}</p>
${bars.map(bar => row(bar, end)).join('\n')}
</body></html>
`;
}

function row(bar: Bar, end: number): string {
  const {name, service, depth, start, duration, own, error} = bar;
  const percent = (value: number) => `${((value / end) * 100).toFixed(3)}%`;
  const about = `${name}\n${service}\nbegins at ${start.toFixed(2)} ms, takes ${duration.toFixed(2)} ms, ${own.toFixed(2)} ms of it by itself`;
  const title = error === '' ? about : `${about}\n${error}`;
  const lane = `<div class="bar" style="left:${percent(start)};width:${percent(duration)};background:${colourOf(service)}"></div>`;
  const label = `<div class="name${error === '' ? '' : ' error'}" style="padding-left:${depth}em">${escapeHtml(shortName(name))}</div>`;
  return `<div class="row" title="${escapeHtml(title)}">${label}<div class="took">${duration.toFixed(2)} ms</div><div class="lane">${lane}</div></div>`;
}

function colourOf(service: string): string {
  return colours[service] ?? '#888';
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
