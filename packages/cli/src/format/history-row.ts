/** Rows of `docker history`. */
import type {ImageHistoryItem} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {RowType} from './list.ts';
import {ago, ellipsis, shortId} from './text.ts';

export const historyTable = '{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}';
export const exactHistoryTable = '{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}';

const commandLength = 45;

export function historyRow(options: {truncate: boolean; isHuman: boolean}): RowType<ImageHistoryItem> {
  return {
    goType: '*image.historyContext',
    fields: {
      ID: {header: 'IMAGE', get: item => (options.truncate ? shortId(item.Id) : item.Id)},
      CreatedAt: {header: 'CREATED AT', get: item => created(item)},
      CreatedSince: {header: 'CREATED', get: item => (options.isHuman ? ago(item.Created) : created(item))},
      CreatedBy: {header: 'CREATED BY', get: item => command(item, options.truncate)},
      Size: {header: 'SIZE', get: item => (options.isHuman ? humanSize(item.Size, 3) : String(item.Size))},
      Comment: {header: 'COMMENT', get: item => item.Comment},
    },
  };
}

function created(item: ImageHistoryItem): string {
  return new Date(item.Created * 1000).toISOString().replace('.000Z', 'Z');
}

function command(item: ImageHistoryItem, truncate: boolean): string {
  const text = item.CreatedBy.replaceAll('\t', ' ');
  return truncate ? ellipsis(text, commandLength) : text;
}
