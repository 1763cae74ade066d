/** One text that may be retrieved. The title may be empty. */
export interface Passage {
  id: string;
  title: string;
  text: string;
}

/** One row of training data: a query, the passages known to answer it, and passages known (or mined) not to. */
export interface Example {
  id: string;
  query: string;
  positives: Passage[];
  negatives: Passage[];
}
