/** Whether an engine says that memory has run out: TensorFlow's words on the processor and on a card. */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && /\bOOM\b|RESOURCE_EXHAUSTED|out of memory|failed to allocate/i.test(error.message);
