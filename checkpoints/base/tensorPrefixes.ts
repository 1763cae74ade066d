/**
 * What precedes `layers.0` in the names of a checkpoint's tensors. It differs by the class that saved it: with a head,
 * bare, or the text half of a multimodal model.
 */
export const tensorPrefixes = ['model.', '', 'model.language_model.', 'language_model.model.', 'language_model.'];
