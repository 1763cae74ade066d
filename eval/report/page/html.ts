/** Markup that is safe to insert as it is. */
export class Html {
  constructor(readonly markup: string) {}
}

type Insert = string | number | Html | Html[] | null;

/** Template tag: everything inserted is escaped unless it is markup itself; null inserts nothing. */
export function html(parts: TemplateStringsArray, ...inserts: Insert[]): Html {
  return new Html(parts.map((part, index) => part + (index < inserts.length ? render(inserts[index]!) : '')).join(''));
}

function render(insert: Insert): string {
  if (insert === null) return '';
  if (insert instanceof Html) return insert.markup;
  if (Array.isArray(insert)) return insert.map(({ markup }) => markup).join('');
  return String(insert).replace(/[&<>"']/g, (character) => entities[character as keyof typeof entities]);
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
