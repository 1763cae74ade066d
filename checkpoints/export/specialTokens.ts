interface TokenizerJson {
  added_tokens?: { id: number; content: string }[];
  model: { vocab?: Record<string, number> };
  post_processor?: PostProcessor | null;
  [field: string]: unknown;
}

interface PostProcessor {
  type: string;
  processors?: PostProcessor[];
  [field: string]: unknown;
}

/**
 * A tokenizer.json that puts these tokens around every text, also around one that was cut.
 * Source: huggingface/tokenizers `TemplateProcessing`; a template of the tokenizer's own is replaced, other
 * post-processors stay.
 * @param bosId  put first; null for none
 * @param eosId  appended; null for none
 */
export function withSpecialTokens(
  tokenizer: Record<string, unknown>,
  bosId: number | null,
  eosId: number | null,
): Record<string, unknown> {
  const json = tokenizer as unknown as TokenizerJson;
  const kept = processorsOf(json.post_processor).filter(({ type }) => type !== 'TemplateProcessing');
  if (bosId === null && eosId === null) return { ...json, post_processor: join(kept) };
  return { ...json, post_processor: join([...kept, template(json, bosId, eosId)]) };
}

function processorsOf(processor: PostProcessor | null | undefined): PostProcessor[] {
  if (!processor) return [];
  return processor.type === 'Sequence' ? (processor.processors ?? []).flatMap(processorsOf) : [processor];
}

const join = (processors: PostProcessor[]): PostProcessor | null =>
  processors.length > 1 ? { type: 'Sequence', processors } : (processors[0] ?? null);

function template(json: TokenizerJson, bosId: number | null, eosId: number | null): PostProcessor {
  const special = (id: number | null, type_id: number) =>
    id === null ? [] : [{ SpecialToken: { id: contentOf(json, id), type_id } }];
  const around = (id: 'A' | 'B', type_id: number) => [
    ...special(bosId, type_id),
    { Sequence: { id, type_id } },
    ...special(eosId, type_id),
  ];
  const used = [bosId, eosId].filter((id) => id !== null);
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(
      used.map((id) => [contentOf(json, id), { id: contentOf(json, id), ids: [id], tokens: [contentOf(json, id)] }]),
    ),
  };
}

function contentOf(json: TokenizerJson, id: number): string {
  const added = json.added_tokens?.find((token) => token.id === id)?.content;
  const content = added ?? Object.entries(json.model.vocab ?? {}).find(([, value]) => value === id)?.[0];
  if (content === undefined) throw new Error(`tokenizer.json has no token with id ${id}`);
  return content;
}
