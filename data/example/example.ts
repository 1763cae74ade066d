/** One text that may be retrieved. The title may be empty. */
export interface Passage {
  id: string;
  title: string;
  text: string;
  /** What a teacher or retriever thought of it for the query, where that is known. */
  score?: number;
}

/** A passage of training data, which may have images. */
export interface ExamplePassage extends Passage {
  /** SHA-256 of the files of its images, in their order; absent where it has none. */
  images?: string[];
}

/** One row of training data: a query, the passages known to answer it, and passages known (or mined) not to. */
export interface Example {
  id: string;
  query: string;
  /** As the images of a passage. */
  queryImages?: string[];
  positives: ExamplePassage[];
  negatives: ExamplePassage[];
}
