/** One text that may be retrieved. The title may be empty. */
export interface Passage {
  id: string;
  title: string;
  text: string;
  /** What a teacher or retriever thought of it for the query, where that is known. */
  score?: number;
}

/** One row of training data: a query, the passages known to answer it, and passages known (or mined) not to. */
export interface Example {
  id: string;
  query: string;
  positives: Passage[];
  negatives: Passage[];
}
